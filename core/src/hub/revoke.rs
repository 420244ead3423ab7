//! Revocations, and a storage that is older than the hub: what ends sessions at once.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::hub::{Hub, HubEvent};
use crate::id::PeerId;
use crate::ledger::{Change, Claim, Question, Revocation};

/// A peer that has seen this hub start so many times more than it has has not: nobody restores a
/// backup that old, and whoever says so only wants the hub to stop.
const STARTS: u64 = 1 << 20;

impl Hub {
    /// Revokes peers here and now; what the disk says of them follows. How many sessions ended.
    pub(super) fn revoke_at_once(&mut self, peers: Vec<PeerId>, revocation: Revocation) -> u64 {
        let ended = self.revoke_here(&peers, &revocation);
        self.ask_quietly(Question::Change(Change::Revoke(peers, revocation)));
        ended
    }

    /// Revokes peers here, and ends their sessions; how many sessions that were. What is being
    /// admitted is asked for again.
    pub(super) fn revoke_here(&mut self, peers: &[PeerId], revocation: &Revocation) -> u64 {
        let peers: BTreeSet<PeerId> = peers.iter().copied().collect();
        for &peer in &peers {
            if self.registry.revoke(peer, revocation) {
                let reason = revocation.reason.clone();
                self.events.push_back(HubEvent::Revoked { peer, reason });
            }
        }
        self.outdate();
        self.end_sessions(Code::Revoked, |live| {
            peers.contains(&live.peer) && !live.source.is_local()
        })
    }

    /// A peer that proved a key has seen this generation of the hub. One above the hub's own shows that
    /// the hub's storage was restored from a backup. `// spec: hub §7`
    pub(super) fn look_at_generation(&mut self, claim: &Claim) {
        let (Some(seen), Some((peer, _))) = (claim.generation, claim.identity) else { return };
        let own = self.config.generation;
        let highest = self.rolled_back.unwrap_or(own);
        if seen <= highest || seen > own.saturating_add(STARTS) {
            return;
        }
        if self.rolled_back.is_none() {
            // What is being granted by a token would come from a storage that has forgotten.
            self.outdate();
            self.events.push_back(HubEvent::RolledBack { peer, seen, own });
        }
        self.rolled_back = Some(seen);
        self.ask_quietly(Question::Change(Change::RolledBack(seen)));
    }
}
