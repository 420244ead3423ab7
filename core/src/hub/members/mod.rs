//! Who is enrolled, by what, and what each may have: ids and their keys, join tokens, secrets,
//! revocations.
//!
//! ```text
//!   claim ──► granted ──► Record ──the storage──► committed ──► the same rows here
//!   change ──the storage──► change ──► the same rows here
//! ```
//!
//! What is durable is held as storage holds it, and decided by [`crate::facts`]. What is known
//! beside it is of this start alone: who serves, and what was seen of each peer.

pub(super) mod enrol;
mod epoch;
pub(super) mod grant;
pub(super) mod labels;
pub(super) mod operator;
mod peers;
mod purge;
mod registry;
pub(super) mod restored;
mod secrets;
pub(super) mod tokens;

use crate::capability::Role;
use crate::facts::{Change, Durable, Fact, FactRecord, Restored, Revocation};
use crate::hub::effects::Effects;
use crate::hub::{HubConfig, HubEvent, Lives};
use crate::id::PeerId;
use crate::random::{Random, Seed};
use crate::time::Mono;

use epoch::Epochs;
use registry::Registry;
use secrets::ActiveSecrets;

pub(super) use registry::CONTEST;

/// Everyone that a hub knows.
#[derive(Debug)]
pub(super) struct Members {
    /// What storage has recorded; of the issues, those that were drawn and not recorded yet too.
    facts: Durable,
    registry: Registry,
    secrets: ActiveSecrets,
    epochs: Epochs,
    terms: Terms,
    /// For the numbers of join tokens.
    random: Random,
    /// For ids of peers that have none.
    next_guest: u64,
    /// When it is looked for tokens that have ended; at once after the hub's start.
    look: Mono,
}

/// The settings by which sessions are granted.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// The role of whom the shared secret admits, or nothing at all.
    secret_role: Role,
    /// Labels that peers give themselves count.
    self_labels: bool,
    /// How often the hub has started.
    generation: u64,
    lives: Lives,
}

impl Terms {
    fn of(config: &HubConfig) -> Self {
        let &HubConfig { secret_role, self_labels, generation, lives, .. } = config;
        Self { secret_role, self_labels, generation, lives }
    }
}

impl Members {
    /// What was known before.
    pub(super) fn new(config: &HubConfig, known: Durable, seed: &Seed) -> Self {
        Self {
            facts: known,
            registry: Registry::default(),
            secrets: ActiveSecrets::default(),
            epochs: Epochs::default(),
            terms: Terms::of(config),
            random: Random::new(seed),
            next_guest: 1,
            look: Mono::default(),
        }
    }

    /// Other settings hold from here on.
    pub(super) fn reconfigure(&mut self, config: &HubConfig) {
        self.terms = Terms::of(config);
    }

    /// Storage has made this change: here too. Whether there was anything to change.
    pub(super) fn change(&mut self, change: &Change) -> bool {
        if let Change::Forget(peer) = change {
            self.registry.forget(*peer);
        }
        // A change is never refused.
        self.facts.apply(Fact::Change(change)).is_ok_and(|changed| changed)
    }

    /// Revokes peers. What is being admitted is asked for again.
    pub(super) fn revoke(
        &mut self,
        peers: &[PeerId],
        revocation: &Revocation,
        effects: &mut Effects,
    ) {
        for &peer in peers {
            if self.change(&Change::Revoke(vec![peer], revocation.clone())) {
                let reason = revocation.reason.clone();
                effects.event(HubEvent::Revoked { peer, reason });
            }
        }
        self.outdate();
    }

    /// Storage has recorded this: it holds, whatever has become of the rows meanwhile.
    pub(super) fn recorded(&mut self, record: &FactRecord) {
        record.writes(&self.facts).into_iter().for_each(|write| self.facts.write(write));
        match record {
            // Nobody is granted anything else by it.
            FactRecord::Bind(_) => {}
            FactRecord::Enrol(enrolment) => self.outdate_peer(enrolment.binding.peer),
            FactRecord::Refresh(refreshing) => self.outdate_peer(refreshing.peer),
        }
    }

    /// That the storage is older than the hub.
    pub(super) fn restored(&self) -> Option<Restored> {
        self.facts.restored
    }
}
