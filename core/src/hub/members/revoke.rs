//! Revocations: what ends sessions at once.

use std::collections::BTreeSet;

use crate::ask::Question;
use crate::code::Code;
use crate::facts::{Change, Revocation};
use crate::hub::{Hub, HubEvent};
use crate::id::PeerId;

impl Hub {
    /// Revokes peers here and now; what the disk says of them follows. How many sessions ended.
    pub(in crate::hub) fn revoke_at_once(
        &mut self,
        peers: Vec<PeerId>,
        revocation: Revocation,
    ) -> u64 {
        let ended = self.revoke_here(&peers, &revocation);
        self.ask_quietly(Question::Change(Change::Revoke(peers, revocation)));
        ended
    }

    /// Revokes peers here, and ends their sessions; how many sessions that were. What is being
    /// admitted is asked for again.
    pub(in crate::hub) fn revoke_here(&mut self, peers: &[PeerId], revocation: &Revocation) -> u64 {
        let peers: BTreeSet<PeerId> = peers.iter().copied().collect();
        for &peer in &peers {
            if self.members.registry.revoke(peer, revocation) {
                let reason = revocation.reason.clone();
                self.effects.event(HubEvent::Revoked { peer, reason });
            }
        }
        self.outdate();
        self.end_sessions(Code::Revoked, |live| {
            peers.contains(&live.peer) && !live.source.is_local()
        })
    }
}
