//! What a hub of a simulated world keeps, and what a backup takes of it.

use bowline_core::ask::Memory;
use bowline_core::auth::{JoinToken, SharedSecret};
use bowline_core::facts::{Change, Fact, Tokens};
use bowline_core::id::HubId;
use bowline_core::identity::{HubIdentity, SigningKey};
use bowline_core::random::{Random, Seed};

use crate::sim::joins::JoinKeys;

/// What survives the hub: its keys, and what its ledger has recorded.
#[derive(Debug)]
pub struct Durable {
    identity: [u8; 32],
    pub(super) secret: SharedSecret,
    pub(super) memory: Memory,
    pub(super) generation: u64,
    /// The keys of a hub that takes join tokens.
    pub joins: Option<JoinKeys>,
    /// The disk takes no more.
    pub full: bool,
}

impl Durable {
    /// A hub that was never started.
    #[must_use]
    pub fn new(identity: [u8; 32], secret: SharedSecret) -> Self {
        let memory = Memory::default();
        Self { identity, secret, memory, generation: 0, joins: None, full: false }
    }

    /// Makes a join token for so many keys; none where the hub takes none.
    pub fn issue(&mut self, number: u8, uses: u32) -> Option<JoinToken> {
        let (hub, memory) = (self.id(), &mut self.memory);
        self.joins.map(|joins| joins.issue(hub, number, uses, memory))
    }

    /// The hub's identity.
    #[must_use]
    pub fn id(&self) -> HubId {
        self.key().id()
    }

    /// What a backup takes of it.
    #[must_use]
    pub fn copy(&self) -> Copy {
        Copy { memory: self.memory.clone(), generation: self.generation }
    }

    /// A copy takes the place of what there is: the generation and the last issue that there were.
    pub fn put_back(&mut self, copy: &Copy) -> (u64, u32) {
        let were = (self.generation, self.memory.durable().issues);
        (self.memory, self.generation) = (copy.memory.clone(), copy.generation);
        were
    }

    /// Whether something showed that it was put back.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.memory.durable().restored.is_some()
    }

    /// Goes on from what was put back, where that was shown; whether it was.
    pub fn accept(&mut self, unix: u64, keeps: bool) -> bool {
        let tokens = if keeps { Tokens::Keep } else { Tokens::Void };
        let beyond = self.memory.accept_restored(self.generation, unix, tokens);
        self.generation = beyond.unwrap_or(self.generation);
        beyond.is_some()
    }

    /// A change by the operator, while the hub is stopped.
    pub fn change(&mut self, change: Change) {
        // Where nothing was to be changed, it stands so already.
        let _ = self.memory.apply(Fact::Change(&change));
    }

    pub(super) fn key(&self) -> HubIdentity {
        HubIdentity(SigningKey::generate(&mut Random::new(&Seed(self.identity))))
    }
}

/// A copy of a hub's ledger.
#[derive(Clone, Debug)]
pub struct Copy {
    memory: Memory,
    generation: u64,
}
