//! A join token to be made.

use std::collections::BTreeMap;

use crate::capability::{Capabilities, Role};
use crate::id::PeerId;

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
