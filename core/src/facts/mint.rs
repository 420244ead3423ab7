//! Join tokens are made: what one says, and what is recorded of it, are settled here.
//!
//! ```text
//!   Draft ──the hub: number, date──► Mint ──who holds the key: signature──► token, and its record
//! ```
//!
//! spec: tokens §3 and §6.

use core::num::NonZeroU32;
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::capability::{Capabilities, Role};
use crate::facts::{TokenRecord, Uses};
use crate::id::{HubId, Jti, PeerId, Pin, Room};
use crate::token::{IssueError, JoinClaims, TokenSigner, issue_join};

/// What a join token is to say, as whoever wants it made says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whom it is for, for a person; at most 64 bytes.
    pub sub: String,
    /// How long it lives, in seconds.
    pub ttl: u64,
    /// How many keys may use it.
    pub uses: NonZeroU32,
    /// The role.
    pub role: Role,
    /// What the role is narrowed to.
    pub caps: Option<Capabilities>,
    /// The rooms that it names.
    pub rooms: Vec<Room>,
    /// Labels that override the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The only id that it is for.
    pub id: Option<PeerId>,
    /// Who has it made.
    pub issuer: PeerId,
    /// Whether it may name nothing but this machine.
    pub local: bool,
}

impl Draft {
    /// A token for one key, in the role that there is where none is named.
    #[must_use]
    pub fn new(sub: &str, ttl: u64, issuer: PeerId) -> Self {
        Self {
            sub: sub.to_owned(),
            ttl,
            uses: NonZeroU32::MIN,
            role: Role::default(),
            caps: None,
            rooms: Vec::new(),
            labels: BTreeMap::new(),
            id: None,
            issuer,
            local: false,
        }
    }
}

/// A join token that is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mint {
    /// Its number.
    pub jti: Jti,
    /// When it is made, seconds since 1970.
    pub issued: u64,
    /// What it is to say.
    pub draft: Draft,
}

/// What a join token says of its hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The hub.
    pub hub: HubId,
    /// Pins of its TLS keys.
    pub pins: Vec<Pin>,
    /// Where it is, the best first.
    pub urls: Vec<String>,
}

impl Mint {
    /// Signs the token: what is to be recorded of it before anybody sees it, and the token.
    ///
    /// # Errors
    /// [`IssueError`]: no verifier would take it, or it could not be signed.
    pub fn sign(
        &self,
        signer: &TokenSigner,
        issuer: Issuer,
    ) -> Result<(TokenRecord, Zeroizing<String>), IssueError> {
        let Self { jti, issued, draft } = self.clone();
        let Issuer { hub, pins, urls } = issuer;
        let Draft { sub, ttl, uses, role, caps, rooms, labels, id, issuer, local: _ } = draft;
        let record = TokenRecord {
            jti,
            sub: sub.clone(),
            kid: signer.key().id(),
            issued,
            ends: issued.saturating_add(ttl),
            uses: uses.get(),
            role,
            caps: caps.clone(),
            rooms: rooms.iter().map(ToString::to_string).collect(),
            labels: labels.clone(),
            id,
            issuer,
            revoked: None,
            used: Uses::new(),
        };
        let (iat, exp) = (issued, record.ends);
        let claims =
            JoinClaims { hub, sub, iat, exp, jti, role, uses, pins, urls, caps, rooms, labels, id };
        Ok((record, issue_join(signer, &claims)?.into()))
    }
}
