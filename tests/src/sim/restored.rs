//! A ledger that is copied, put back and accepted, and how everybody comes in again after that.

use std::time::Duration;

use bowline_core::facts::Change;

use crate::sim::durable::Copy;
use crate::sim::model::{Checked, Facts, violated};
use crate::sim::peer::PeerNode;
use crate::sim::script::Step;
use crate::sim::world::World;

/// After this, whoever was refused for a while has tried again.
const TRIED: Duration = Duration::from_secs(400);

/// A copy of the hub's ledger, and what was so when it was made.
#[derive(Debug)]
pub(super) struct Backup {
    copy: Copy,
    facts: Facts,
}

impl World {
    pub(super) fn back_up(&mut self) {
        self.backup = Some(Backup { copy: self.durable.copy(), facts: self.model.facts() });
    }

    pub(super) fn put_back(&mut self, ms: u16) {
        let Some(backup) = self.backup.take() else { return };
        self.crash_hub(ms);
        let (generation, issue) = self.durable.put_back(&backup.copy);
        self.model.put_back(&backup.facts);
        self.model.line.put_back(generation, issue);
        self.backup = Some(backup);
    }

    pub(super) fn accept(&mut self, keeps: bool) {
        if self.durable.full {
            return;
        }
        self.crash_hub(500);
        if self.durable.accept(self.now.unix, keeps) {
            self.model.line.accepted(self.durable.generation);
        }
    }

    /// The operator accepts what was shown, and gives whoever does not come back by itself another
    /// token; then everybody is in.
    ///
    /// # Errors
    /// Something happened that must not, or somebody is kept out.
    pub(super) fn recover(&mut self) -> Checked {
        for _ in 0..3 {
            self.wait(TRIED)?;
            if self.durable.is_restored() {
                self.step(Step::Accept(false))?;
                self.wait(TRIED)?;
            }
            let out = self.invited_and_out();
            if out.is_empty() && !self.durable.is_restored() {
                return Ok(());
            }
            self.invite_again(&out)?;
        }
        violated("a machine that was invited again is kept out", self.invited_and_out())
    }

    fn invited_and_out(&self) -> Vec<usize> {
        let out = |peer: &PeerNode| peer.token.is_some() && !peer.is_up();
        (0..self.peers.len()).filter(|&nth| out(&self.peers[nth])).collect()
    }

    /// `peers allow` where it was revoked, a token of its own, and `join` once more.
    fn invite_again(&mut self, out: &[usize]) -> Checked {
        self.crash_hub(500);
        for &nth in out {
            let id = self.peers[nth].id;
            self.durable.change(Change::Allow(id));
            self.invited += 1;
            let token = self.durable.issue(10 + self.invited, 1);
            self.peers[nth].join_anew(token.map(|token| (token, self.durable.id())));
            self.step(Step::CrashPeer(nth as u8, 500))?;
        }
        Ok(())
    }
}
