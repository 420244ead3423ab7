//! Under which state of things something was granted.
//!
//! Between what is granted and what begins the lock is open: the ledger writes. Whatever changes
//! meanwhile what would be granted moves the epoch, and the link asks again. Changes of one peer's
//! enrolment move the epoch for that peer alone, so that links of one peer take effect in the order
//! in which the ledger has recorded them, and nobody else waits for them.

use crate::hub::members::Members;
use crate::id::PeerId;

/// Counts changes; a later one has a higher number.
#[derive(Debug, Default)]
pub(super) struct Epochs {
    changes: u64,
    /// The last change that holds for everybody.
    all: u64,
}

impl Members {
    /// The number of the last change of what this peer would be granted.
    pub(in crate::hub) fn epoch_of(&self, peer: PeerId) -> u64 {
        self.epochs.all.max(self.registry.seen(peer).map_or(0, |seen| seen.changed))
    }

    /// What anybody is being granted has to be asked for again.
    pub(in crate::hub) fn outdate(&mut self) {
        self.epochs.changes += 1;
        self.epochs.all = self.epochs.changes;
    }

    /// What this peer is being granted has to be asked for again.
    pub(super) fn outdate_peer(&mut self, peer: PeerId) {
        self.epochs.changes += 1;
        self.registry.see(peer).changed = self.epochs.changes;
    }
}
