//! Whose the entries of the calls' tables are, and what they cost.
//!
//! Each row of a table carries its [`Owner`], the peer that made the call; it is counted when it
//! comes and when it goes, by an index and never by a search. Nothing is bounded by it here but the
//! legs of one caller's fan-outs.

use core::ops::{Add, Sub};
use std::collections::BTreeMap;

use crate::id::PeerId;

/// A peer that owns rows. It holds as long as one of its rows is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(u32);

/// What rows hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::hub) struct RowUsage {
    /// Rows: links, routes, fan-outs, legs, records.
    pub(in crate::hub) entries: usize,
    /// Bytes of the rows, and of the heap behind them.
    pub(in crate::hub) bytes: usize,
    /// Legs of fan-outs that run.
    pub(in crate::hub) legs: usize,
}

/// What each owner holds.
#[derive(Debug, Default)]
pub(super) struct Usage {
    rows: Vec<(PeerId, RowUsage)>,
    /// Places of `rows` that nobody has.
    free: Vec<Owner>,
    owners: BTreeMap<PeerId, Owner>,
}

impl RowUsage {
    /// One row of a table, beside what it has on the heap.
    pub(super) const fn row<T>() -> Self {
        Self { entries: 1, bytes: size_of::<T>(), legs: 0 }
    }
}

impl Add for RowUsage {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
            legs: self.legs + other.legs,
        }
    }
}

impl Sub for RowUsage {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            entries: self.entries - other.entries,
            bytes: self.bytes - other.bytes,
            legs: self.legs - other.legs,
        }
    }
}

impl Usage {
    /// A first row of a peer, or another one.
    pub(super) fn begin(&mut self, peer: PeerId, held: RowUsage) -> Owner {
        let owner = self.owners.get(&peer).copied().unwrap_or_else(|| self.place(peer));
        self.owners.insert(peer, owner);
        self.add(owner, held);
        owner
    }

    /// A row has come.
    pub(super) fn add(&mut self, owner: Owner, held: RowUsage) {
        self.replace(owner, RowUsage::default(), held);
    }

    /// A row has gone. With its last one the owner is none any more.
    pub(super) fn remove(&mut self, owner: Owner, held: RowUsage) {
        self.replace(owner, held, RowUsage::default());
    }

    /// A row holds something else than before.
    pub(super) fn replace(&mut self, owner: Owner, before: RowUsage, after: RowUsage) {
        let Some((peer, held)) = self.rows.get_mut(owner.0 as usize) else { return };
        *held = *held + after - before;
        if held.entries == 0 {
            self.owners.remove(peer);
            self.free.push(owner);
        }
    }

    pub(super) fn of(&self, owner: Owner) -> RowUsage {
        self.rows.get(owner.0 as usize).map_or_else(RowUsage::default, |(_, held)| *held)
    }

    /// The peer behind an owner.
    #[cfg(test)]
    pub(super) fn peer(&self, owner: Owner) -> PeerId {
        self.rows[owner.0 as usize].0
    }

    /// What each peer holds that holds anything.
    #[cfg(test)]
    pub(super) fn all(&self) -> BTreeMap<PeerId, RowUsage> {
        self.owners.iter().map(|(&peer, &owner)| (peer, self.of(owner))).collect()
    }

    fn place(&mut self, peer: PeerId) -> Owner {
        let row = (peer, RowUsage::default());
        if let Some(owner) = self.free.pop() {
            self.rows[owner.0 as usize] = row;
            return owner;
        }
        self.rows.push(row);
        Owner((self.rows.len() - 1) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: RowUsage = RowUsage { entries: 1, bytes: 10, legs: 2 };

    #[test]
    fn a_place_is_given_again_once_its_owner_has_no_row() {
        let mut usage = Usage::default();
        let [a, b] = ["a", "b"].map(|peer| peer.parse().unwrap());
        let first = usage.begin(a, ROW);
        assert_eq!(usage.begin(a, ROW), first);
        usage.remove(first, ROW);
        assert_ne!(usage.begin(b, ROW), first, "a row is left");
        usage.replace(first, ROW, RowUsage { bytes: 7, ..ROW });
        assert_eq!(usage.all(), BTreeMap::from([(a, RowUsage { bytes: 7, ..ROW }), (b, ROW)]));
        usage.remove(first, RowUsage { bytes: 7, ..ROW });
        assert_eq!(usage.begin("c".parse().unwrap(), ROW), first);
        assert_eq!(usage.of(first), ROW);
        assert_eq!(usage.rows.len(), 2);
    }
}
