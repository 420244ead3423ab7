//! Who is enrolled, by what, and what each may have: ids and their keys, join tokens, secrets,
//! revocations.

pub(super) mod enrol;
pub(super) mod epoch;
pub(super) mod grant;
pub(super) mod labels;
pub(super) mod purge;
pub(super) mod registry;
pub(super) mod restored;
pub(super) mod revoke;
pub(super) mod secrets;
pub(super) mod tokens;

use crate::facts::{Durable, Restored};

use epoch::Epochs;
use registry::Registry;
use secrets::Held;
use tokens::Tokens;

/// Everyone that a hub knows.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) registry: Registry,
    pub(super) tokens: Tokens,
    pub(super) secrets: Held,
    pub(super) epochs: Epochs,
    /// The last issue of a certificate that was drawn.
    pub(super) issues: u32,
    /// That the storage is older than the hub.
    pub(super) restored: Option<Restored>,
    /// For ids of peers that have none.
    pub(super) next_guest: u64,
}

impl Members {
    /// What was known before.
    pub(super) fn new(known: Durable) -> Self {
        Self {
            registry: Registry::new(known.peers.into_values()),
            tokens: Tokens::new(known.tokens.into_values(), known.keys, known.floor),
            secrets: Held::default(),
            epochs: Epochs::default(),
            issues: known.issues,
            restored: known.restored,
            next_guest: 1,
        }
    }
}
