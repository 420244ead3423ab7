//! What is true of a hub's ledger: whether it is older than the hub, and who can show it.

use std::collections::{BTreeMap, BTreeSet};

use bowline_core::facts::{Restored, Sign};
use bowline_core::id::{PeerId, PublicKey};

use crate::sim::model::{Checked, violated};

/// The line of starts that a ledger counts, and what it has forgotten of it.
#[derive(Debug, Default)]
pub struct Line {
    /// The highest generation and issue that there were, where the ledger was put back and nobody
    /// has accepted that.
    forgotten: Option<(u64, u32)>,
    /// It was put back at some time.
    pub was_put_back: bool,
    /// The start that each key shows, where its Hello tells an earlier one.
    shows: BTreeMap<PublicKey, u64>,
    /// Who shows what no hub of this identity said.
    liars: BTreeSet<PeerId>,
    shown: [usize; 2],
    accepted: usize,
}

impl Line {
    /// A peer lies.
    pub fn lies(&mut self, peer: PeerId) {
        self.liars.insert(peer);
    }

    /// A key dials, and shows the Hello of this start.
    pub fn shows(&mut self, key: PublicKey, generation: Option<u64>) {
        match generation {
            Some(generation) => self.shows.insert(key, generation),
            None => self.shows.remove(&key),
        };
    }

    /// The ledger of a hub that had come so far was put back.
    pub fn put_back(&mut self, generation: u64, issue: u32) {
        let (before, minted) = self.forgotten.unwrap_or_default();
        self.forgotten = Some((generation.max(before), issue.max(minted)));
        self.was_put_back = true;
    }

    /// That was accepted, and the hub goes on behind this generation: what was shown before counts
    /// never again. A copy that knew of an earlier time when it was put back, and was accepted for
    /// that one alone, may still be behind what the hub said since.
    pub fn accepted(&mut self, generation: u64) {
        self.forgotten = self.forgotten.filter(|&(last, _)| generation <= last);
        self.accepted += 1;
    }

    /// The hub believes that its ledger was put back.
    ///
    /// # Errors
    /// It was not, or what it believes was never so.
    pub fn believed(&mut self, restored: Restored, own: u64) -> Checked {
        let Restored { generation, issue, sign, by, .. } = restored;
        if by.is_some_and(|by| self.liars.contains(&by)) && sign == Sign::Hello {
            return violated("a lie of a later start was believed", restored);
        }
        let Some((last, issues)) = self.forgotten else {
            return violated("a ledger that was never put back seems older", (restored, own));
        };
        if generation > last.max(own) || issue > issues {
            return violated("what was never so was believed", (restored, last, issues));
        }
        self.shown[usize::from(sign == Sign::Certificate)] += 1;
        Ok(())
    }

    /// A session begins, or gets new credentials, at a start of the hub, which believes that its
    /// ledger was put back, or does not; by what a token brings, or not.
    ///
    /// # Errors
    /// A hub whose ledger was put back grants what it has forgotten about, or was shown it in vain.
    pub fn admitted(&self, key: PublicKey, by_token: bool, own: u64, believes: bool) -> Checked {
        if believes && by_token {
            return violated("a hub whose ledger was put back takes a token", key);
        }
        match self.shows.get(&key) {
            Some(&generation) if generation > own && !believes => {
                violated("a later start was shown in vain", (key, generation, own))
            }
            _ => Ok(()),
        }
    }

    /// How often a Hello, or a certificate, showed a ledger that was put back, and how often that
    /// was accepted.
    #[must_use]
    pub fn counts(&self) -> ([usize; 2], usize) {
        (self.shown, self.accepted)
    }
}
