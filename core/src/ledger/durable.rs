//! What a hub knows from before, and the changes of it: tokens, keys, revocations.

use std::collections::BTreeMap;

use crate::capability::{Capabilities, Role};
use crate::id::{Jti, KeyId, PeerId, PublicKey};
use crate::ledger::{Binding, Enrolled, Restored, Revocation};
use crate::token::{KeyState, TokenKey};

/// Everything that a hub's durable storage holds, as the hub is told it at its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durable {
    /// Every bound id, what a join token made of it, and whether it was revoked.
    pub peers: Vec<(Binding, Option<Enrolled>, Option<Revocation>)>,
    /// Every join token whose record is kept.
    pub tokens: Vec<TokenRecord>,
    /// The token-signing keys, the active one among them.
    pub keys: Vec<KeyRecord>,
    /// A token that ends at or before this is refused for ever, seconds since 1970.
    pub floor: u64,
    /// The last issue of a certificate that was drawn, of whichever peer. It never falls.
    pub issues: u32,
    /// That this storage is older than the hub, where something showed it.
    pub restored: Option<Restored>,
}

impl Durable {
    /// These bindings, and nothing else.
    #[must_use]
    pub fn bound(bindings: impl IntoIterator<Item = Binding>) -> Self {
        let peers = bindings.into_iter().map(|binding| (binding, None, None)).collect();
        Self { peers, ..Self::default() }
    }
}

/// What is kept of a join token: everything but the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its number.
    pub jti: Jti,
    /// Whom it was made for, for a person.
    pub sub: String,
    /// The key that signed it.
    pub kid: KeyId,
    /// When it was made, seconds since 1970.
    pub issued: u64,
    /// When it ends, seconds since 1970.
    pub ends: u64,
    /// How many keys may use it.
    pub uses: u32,
    /// The role.
    pub role: Role,
    /// What the role is narrowed to.
    pub caps: Option<Capabilities>,
    /// The rooms that it names.
    pub rooms: Vec<String>,
    /// Labels that override the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The only id that it is for.
    pub id: Option<PeerId>,
    /// Who had it made.
    pub issuer: PeerId,
    /// Whether it was revoked, and when, seconds since 1970.
    pub revoked: Option<u64>,
    /// Who used it.
    pub used: Uses,
}

/// The keys that used a token, and for which id each did first.
pub type Uses = BTreeMap<PublicKey, PeerId>;

/// One token-signing key: its public half. The secret half is the shell's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: TokenKey,
    /// When it was made, seconds since 1970.
    pub created: u64,
    /// What it is good for.
    pub state: KeyState,
}

/// A join token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whom it is for, for a person; at most 64 bytes.
    pub sub: String,
    /// How long it lives, in seconds.
    pub ttl: u64,
    /// How many keys may use it.
    pub uses: u32,
    /// The role.
    pub role: Role,
    /// What the role is narrowed to.
    pub caps: Option<Capabilities>,
    /// The rooms that it names.
    pub rooms: Vec<String>,
    /// Labels that override the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The only id that it is for.
    pub id: Option<PeerId>,
    /// Who has it made.
    pub issuer: PeerId,
    /// Whether it may name nothing but this machine.
    pub local: bool,
}

/// A change of what is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// This id is bound to no key any more, and nothing is known of it.
    Forget(PeerId),
    /// These peers are revoked: each one's next certificate is of another issue, and its refresh
    /// tokens are void.
    Revoke(Vec<PeerId>, Revocation),
    /// A revoked peer may join again.
    Allow(PeerId),
    /// This token admits nobody new; revoked at this moment, seconds since 1970. These peers, which
    /// it enrolled, are revoked with it.
    RevokeToken(Jti, u64, Vec<PeerId>),
    /// Raises the floor to this, and then forgets the tokens that end at or before it.
    Purge(u64),
    /// The storage is older than the hub.
    Restored(Restored),
}
