//! How many links are not admitted yet, in total and from each source.

use core::net::IpAddr;
use std::collections::BTreeMap;

/// Counts; a source is there while it has any.
#[derive(Debug, Default)]
pub(super) struct Pending {
    total: usize,
    of: BTreeMap<IpAddr, usize>,
}

impl Pending {
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// How many are from this source.
    pub(super) fn of(&self, group: IpAddr) -> usize {
        self.of.get(&group).copied().unwrap_or(0)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0 && self.of.is_empty()
    }

    /// One more in total.
    pub(super) fn enter(&mut self) {
        self.total += 1;
    }

    /// One less in total.
    pub(super) fn leave(&mut self) {
        self.total = self.total.saturating_sub(1);
    }

    /// One more from this source.
    pub(super) fn count(&mut self, group: Option<IpAddr>) {
        if let Some(group) = group {
            *self.of.entry(group).or_default() += 1;
        }
    }

    /// One less from this source.
    pub(super) fn uncount(&mut self, group: Option<IpAddr>) {
        let Some(group) = group else { return };
        if let Some(count) = self.of.get_mut(&group) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&group);
            }
        }
    }
}
