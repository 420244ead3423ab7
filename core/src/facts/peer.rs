//! What is known of one peer: whose its id is, what a join token made of it, whether it was
//! revoked.

use std::collections::BTreeMap;

use crate::capability::{Capabilities, Role};
use crate::facts::{Conflict, Family};
use crate::id::{Jti, PeerId, PublicKey, RefreshHash};
use crate::wire::frame::Method;

/// What is known of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRecord {
    /// Its id, and the key that it is bound to.
    pub binding: Binding,
    /// What a join token made of it, where one did.
    pub enrolled: Option<Enrolled>,
    /// Whether it was revoked, and why.
    pub revoked: Option<Revocation>,
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

/// That a peer was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When, seconds since 1970.
    pub at: u64,
    /// Why, for a person.
    pub reason: String,
}

impl PeerRecord {
    /// An id that is bound, and nothing else of it.
    #[must_use]
    pub fn bound(binding: Binding) -> Self {
        Self { binding, enrolled: None, revoked: None }
    }

    /// Whether this key may be admitted under an id of which this is known, or nothing.
    ///
    /// # Errors
    /// [`Conflict::IdTaken`] where the id is another key's, [`Conflict::Revoked`].
    pub fn admits(known: Option<&Self>, key: &PublicKey) -> Result<(), Conflict> {
        match known {
            Some(known) if known.binding.key != *key => Err(Conflict::IdTaken),
            Some(known) if known.revoked.is_some() => Err(Conflict::Revoked),
            Some(_) | None => Ok(()),
        }
    }

    /// What a join token made of a peer that comes back. Its key is what makes an id its own: to
    /// whoever lacks that every id is the same, known or not.
    ///
    /// # Errors
    /// [`Conflict::NotEnrolled`], [`Conflict::Revoked`].
    // spec: admission §9
    pub fn enrolled<'a>(
        known: Option<&'a Self>,
        key: &PublicKey,
    ) -> Result<&'a Enrolled, Conflict> {
        let known = known.filter(|known| known.binding.key == *key);
        let known = known.ok_or(Conflict::NotEnrolled)?;
        if known.revoked.is_some() {
            return Err(Conflict::Revoked);
        }
        known.enrolled.as_ref().ok_or(Conflict::NotEnrolled)
    }

    /// The peer once it is revoked: its certificates and refresh tokens are void. None where it is
    /// already.
    pub(super) fn revoke(&self, revocation: &Revocation) -> Option<Self> {
        if self.revoked.is_some() {
            return None;
        }
        let void = |enrolled: &Enrolled| Enrolled {
            issue: enrolled.issue.saturating_add(1),
            family: None,
            ..enrolled.clone()
        };
        let (enrolled, revoked) = (self.enrolled.as_ref().map(void), Some(revocation.clone()));
        Some(Self { binding: self.binding, enrolled, revoked })
    }
}

impl Enrolled {
    /// When a refresh token of the peer's ends, seconds since 1970.
    ///
    /// # Errors
    /// [`Conflict::Voided`], or [`Conflict::Superseded`]: somebody has a copy.
    pub fn refresh_ends(&self, presented: RefreshHash) -> Result<u64, Conflict> {
        let family = self.family.as_ref().ok_or(Conflict::Voided)?;
        family.ends(presented).ok_or(Conflict::Superseded)
    }
}

impl Revocation {
    /// A peer is revoked with the token that enrolled it.
    #[must_use]
    pub fn with_token(jti: Jti, at: u64) -> Self {
        Self { at, reason: format!("token {jti} was revoked") }
    }
}
