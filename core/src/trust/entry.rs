//! What a peer knows of a hub: what it kept, and what it was given.

use super::check_by::PinSpec;
use super::roots::Roots;
use super::seen::SeenStart;
use crate::id::{HubId, Pin};

/// What a peer keeps of one configured hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The hub's identity.
    pub identity: HubId,
    /// The TLS key served last; none where the hub was only reached without TLS, or only pinned.
    pub pin: Option<Pin>,
    /// The highest generation that its Hello told on a link that was admitted.
    pub generation: u64,
    /// When the entry was made, seconds since 1970.
    pub first_seen: u64,
}

/// Everything that a peer knows of one configured hub.
#[derive(Clone, Debug, Default)]
pub struct KnownHub {
    /// The configured hub, a name or URL: what the entry is kept under, and `trust` commands take.
    pub hub: String,
    /// What was kept.
    pub entry: Option<Entry>,
    /// The Hello of the highest generation that came on a link that was admitted.
    pub seen: Option<SeenStart>,
    /// The configured `hub-id`.
    pub hub_id: Option<HubId>,
    /// The `iss` of the token in use.
    pub token_issuer: Option<HubId>,
    /// The configured `pins`, and those that `trust pin` and the token in use gave.
    pub pins: Vec<PinSpec>,
    /// The configured `roots`.
    pub roots: Option<Roots>,
}

impl KnownHub {
    /// Where an identity is known from, and which.
    #[must_use]
    pub fn identities(&self) -> Identities {
        Identities {
            stored: self.entry.map(|entry| entry.identity),
            configured: self.hub_id,
            token: self.token_issuer,
        }
    }
}

/// The identities that are known for one hub. Every one that is there must be the hub's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identities {
    /// The one in the kept entry.
    pub stored: Option<HubId>,
    /// The configured `hub-id`.
    pub configured: Option<HubId>,
    /// The `iss` of the token in use.
    pub token: Option<HubId>,
}

impl Identities {
    /// Those that are known.
    pub fn iter(&self) -> impl Iterator<Item = HubId> {
        [self.stored, self.configured, self.token].into_iter().flatten()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
