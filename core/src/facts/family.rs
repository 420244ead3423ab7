//! The refresh tokens of one peer: which of them are good, and what a use makes of them.

use crate::id::RefreshHash;

/// The refresh tokens of one peer.
///
/// A use of the current token that comes late, on a connection that the peer has given up, must not
/// take from the peer what it got meanwhile on another: so the successors that were made before
/// stay good, too, until one of them is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The one used last, or the first: good until a successor is used.
    pub current: RefreshHash,
    /// When that ends, seconds since 1970.
    pub current_ends: u64,
    /// Its successors, none of them used, and when each ends: the [`SUCCESSORS`] made last, the
    /// oldest first.
    pub successors: Vec<(RefreshHash, u64)>,
}

/// How many successors of one refresh token are good at one time.
pub const SUCCESSORS: usize = 4;

impl Family {
    /// A family of one token.
    #[must_use]
    pub fn of(first: RefreshHash, ends: u64) -> Self {
        Self { current: first, current_ends: ends, successors: Vec::new() }
    }

    /// When the token of this hash ends, seconds since 1970; none where it is neither the current
    /// one nor a successor.
    #[must_use]
    pub fn ends(&self, presented: RefreshHash) -> Option<u64> {
        if presented == self.current {
            return Some(self.current_ends);
        }
        self.successors.iter().find(|(hash, _)| *hash == presented).map(|(_, ends)| *ends)
    }

    /// The family after a use of one of its tokens; none where `presented` is not of it.
    ///
    /// The current token stays good and has one more successor; a successor that is used becomes
    /// the current one, and the others are void.
    #[must_use]
    pub fn used(&self, presented: RefreshHash, fresh: RefreshHash, ends: u64) -> Option<Self> {
        let current_ends = self.ends(presented)?;
        let mut successors = match presented == self.current {
            true => self.successors.clone(),
            false => Vec::new(),
        };
        successors.retain(|(hash, _)| *hash != fresh);
        if successors.len() >= SUCCESSORS {
            successors.remove(0);
        }
        successors.push((fresh, ends));
        Some(Self { current: presented, current_ends, successors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: RefreshHash = RefreshHash([1; 32]);
    const B: RefreshHash = RefreshHash([2; 32]);
    const C: RefreshHash = RefreshHash([3; 32]);
    const D: RefreshHash = RefreshHash([4; 32]);
    const E: RefreshHash = RefreshHash([5; 32]);

    #[test]
    fn a_refresh_token_stays_good_until_a_successor_is_used() {
        let first = Family::of(A, 100);
        let second = first.used(A, B, 200).unwrap();
        assert_eq!((second.ends(A), second.ends(B)), (Some(100), Some(200)));
        // The reply was lost, or the same came late on another connection: each got a good one.
        let again = second.used(A, C, 300).unwrap();
        assert_eq!([A, B, C].map(|hash| again.ends(hash)), [Some(100), Some(200), Some(300)]);
        for (used, others) in [(B, [A, C]), (C, [A, B])] {
            let third = again.used(used, D, 400).unwrap();
            assert_eq!(third.current, used);
            assert_eq!(third.ends(D), Some(400));
            assert_eq!(others.map(|hash| third.ends(hash)), [None, None]);
            assert_eq!(third.used(A, E, 500), None);
        }
    }

    #[test]
    fn so_many_successors_are_good_and_the_oldest_goes() {
        let hash = |n| RefreshHash([n; 32]);
        let mut family = Family::of(A, 100);
        for n in 10..10 + SUCCESSORS as u8 {
            family = family.used(A, hash(n), 200).unwrap();
        }
        assert_eq!((family.ends(hash(10)), family.successors.len()), (Some(200), SUCCESSORS));
        family = family.used(A, hash(99), 200).unwrap();
        assert_eq!((family.ends(hash(10)), family.ends(hash(11))), (None, Some(200)));
        assert_eq!((family.ends(hash(99)), family.successors.len()), (Some(200), SUCCESSORS));
        // The same again, where the answer of the ledger was not heard of.
        assert_eq!(family.used(A, hash(99), 200), Some(family));
    }
}
