//! What is on the disk before a session begins, or goes on: ids and their keys, enrolments, refresh
//! tokens.

use std::collections::BTreeMap;

use crate::capability::{Capabilities, Role};
use crate::id::{Jti, PeerId, PublicKey, RefreshHash};
use crate::ledger::Invited;
use crate::wire::frame::Method;

/// What has to be recorded: all of it, or nothing and the answer is no.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Bind this id to this key, or note that it serves. No where another key has it (`id-taken`).
    Bind(Binding),
    /// A join token was used. No where it ends at or before the floor (`expired`), where its row
    /// does not take it ([`TokenRecord::takes`]), where the id is another key's (`id-taken`) or the
    /// peer was revoked (`revoked`).
    ///
    /// [`TokenRecord::takes`]: crate::ledger::TokenRecord::takes
    Enrol(Box<Enrolment>),
    /// A refresh token was used, or a family of them begins. No where the id is not this key's
    /// (`refused`), the peer was revoked (`revoked`), or the family is not as
    /// [`Refreshing::presented`] has it (`expired`).
    Refresh(Refreshing),
}

/// A peer's id, bound to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The id.
    pub peer: PeerId,
    /// The only key that may use it.
    pub key: PublicKey,
    /// How it was admitted first or, where `join` enrolled it, `join`.
    pub method: Method,
    /// When, seconds since 1970.
    pub first_seen: u64,
    /// Whether it has ever served, and so is listed while it is away.
    pub serves: bool,
}

/// One use of a join token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Whom it enrols.
    pub binding: Binding,
    /// What the token says.
    pub invited: Invited,
    /// What is kept of it, in place of what was kept before.
    pub enrolled: Enrolled,
}

/// What a peer that a join token enrolled may do, and how it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The token.
    pub jti: Jti,
    /// The role.
    pub role: Role,
    /// What it may do: the role's capabilities, or those of them that the token names.
    pub capabilities: Capabilities,
    /// Labels that override the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The issue of its certificates: those of an earlier issue are void. Each new one is drawn
    /// from one counter of the hub, from 1, which knows no peer and never starts again.
    pub issue: u32,
    /// Its refresh tokens; none where they were voided.
    pub family: Option<Family>,
}

/// The refresh tokens of one peer.
///
/// A use of the current token that comes late, on a connection that the peer has given up, must not
/// take from the peer what it got meanwhile on another: so the successors that were made before stay
/// good, too, until one of them is used.
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

/// One use of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshing {
    /// Whose it is.
    pub peer: PeerId,
    /// The peer's key.
    pub key: PublicKey,
    /// The hash of the one presented: the family's current one or a successor. None where there
    /// is no family and this begins one.
    pub presented: Option<RefreshHash>,
    /// The hash of the successor.
    pub fresh: RefreshHash,
    /// When the successor ends, seconds since 1970.
    pub fresh_ends: u64,
    /// The issue of the certificate that goes with it: the one before, or another where that was
    /// seen after its end.
    pub issue: u32,
    /// Whether it serves from here on, and so is listed while it is away.
    pub serves: bool,
}

/// That a peer was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When, seconds since 1970.
    pub at: u64,
    /// Why, for a person.
    pub reason: String,
}

impl Family {
    /// A family of one token.
    #[must_use]
    pub fn of(first: RefreshHash, ends: u64) -> Self {
        Self { current: first, current_ends: ends, successors: Vec::new() }
    }

    /// When the token of this hash ends, seconds since 1970; none where it is neither the current
    /// one nor a successor of it.
    #[must_use]
    pub fn ends(&self, presented: RefreshHash) -> Option<u64> {
        if presented == self.current {
            return Some(self.current_ends);
        }
        self.successors.iter().find(|(hash, _)| *hash == presented).map(|(_, ends)| *ends)
    }

    /// The family after a use of one of its tokens; none where `presented` is not of it.
    ///
    /// The current token stays good and has one more successor; a successor that is used becomes the
    /// current one, and the others are void.
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

impl Enrolled {
    /// Its certificates and refresh tokens are void.
    pub fn void(&mut self) {
        self.issue = self.issue.saturating_add(1);
        self.family = None;
    }
}

impl Refreshing {
    /// What becomes of a family by this use; none where it does not fit it.
    #[must_use]
    pub fn apply(&self, family: Option<&Family>) -> Option<Family> {
        match (self.presented, family) {
            (Some(presented), Some(family)) => family.used(presented, self.fresh, self.fresh_ends),
            (None, None) => Some(Family::of(self.fresh, self.fresh_ends)),
            (Some(_), None) | (None, Some(_)) => None,
        }
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

    #[test]
    fn a_family_begins_only_where_there_is_none() {
        let (peer, key) = ("web-1".parse().unwrap(), PublicKey([1; 32]));
        let (presented, serves) = (None, false);
        let begins = Refreshing { peer, key, presented, fresh: A, fresh_ends: 9, issue: 1, serves };
        assert_eq!(begins.apply(None), Some(Family::of(A, 9)));
        assert_eq!(begins.apply(Some(&Family::of(B, 9))), None);
        assert_eq!(Refreshing { presented: Some(A), ..begins }.apply(None), None);
    }
}
