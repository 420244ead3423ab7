//! A ledger in memory that has token-signing keys from a seed: what a hub's storage does, for
//! tests.

use core::ops::Deref;

use zeroize::Zeroizing;

use crate::ask::{Answer, Cannot, Memory, Question, StoreAsk, Stored, TokenText};
use crate::facts::{Draft, Durable, Fact, Issuer, KeyRecord, KeyRotation, Mint, TokenRecord};
use crate::id::{HubId, Jti};
use crate::random::{Random, Seed};
use crate::time::Now;
use crate::token::{KeyState, TokenKeys, TokenSigner};

/// [`Memory`], and Issue and RotateKeys beside it.
pub(crate) struct Issuing {
    pub(crate) memory: Memory,
    hub: HubId,
    random: Random,
    signer: TokenSigner,
}

impl Issuing {
    /// One active key of this seed.
    pub(crate) fn new(hub: HubId, seed: u8, now: Now) -> Self {
        let mut random = Random::new(&Seed([seed; 32]));
        let signer = TokenSigner::generate(&mut random).unwrap();
        let (key, created) = (signer.key().clone(), now.unix);
        let keys = vec![KeyRecord { key, created, state: KeyState::Active }];
        let mut memory = Memory::default();
        memory.keep_keys(keys);
        Self { memory, hub, random, signer }
    }

    /// The keys as links have them.
    pub(crate) fn keys(&self) -> TokenKeys {
        let mut keys = TokenKeys::new();
        for record in self.memory.durable().keys {
            keys.insert(record.key, record.state);
        }
        keys
    }

    /// Another [`TokenSigner`] of the active key.
    pub(crate) fn signer(&self) -> TokenSigner {
        TokenSigner::from_pkcs8(&self.signer.to_pkcs8()).unwrap()
    }

    pub(crate) fn answer(&mut self, question: &Question) -> Option<Answer> {
        self.memory.answer(question)
    }

    pub(crate) fn store(&mut self, ask: &StoreAsk, now: Now) -> Result<Stored, Cannot> {
        match ask {
            StoreAsk::Issue(mint) => {
                let (record, token) = self.sign(mint);
                Ok(Stored::Issued(Box::new(record), TokenText(token)))
            }
            StoreAsk::RotateKeys { now: at_once } => {
                self.rotate(*at_once, now);
                Ok(Stored::KeysRotated(self.memory.durable().keys))
            }
            StoreAsk::Change(_) | StoreAsk::Rotate { .. } => self.memory.store(ask),
        }
    }

    /// A token, whose record is kept.
    pub(crate) fn issue(&mut self, draft: &Draft, now: Now) -> (TokenRecord, String) {
        let jti = Jti(self.random.bytes());
        let mint = Mint { jti, issued: now.unix, draft: draft.clone() };
        let (record, token) = self.sign(&mint);
        (record, token.to_string())
    }

    fn sign(&mut self, mint: &Mint) -> (TokenRecord, Zeroizing<String>) {
        let urls = vec!["wss://hub.example:7777/link".to_owned()];
        let issuer = Issuer { hub: self.hub, pins: Vec::new(), urls };
        let (record, token) = mint.sign(&self.signer, issuer).unwrap();
        self.memory.issue(record.clone());
        (record, token)
    }

    /// The disk holds this, whatever it held.
    pub(crate) fn change_all(&mut self, durable: Durable) {
        self.memory = Memory::holding(durable);
    }

    fn rotate(&mut self, at_once: bool, now: Now) {
        self.signer = TokenSigner::generate(&mut self.random).unwrap();
        let key = self.signer.key().clone();
        let rotation = KeyRotation { key, at: now.unix, now: at_once };
        self.memory.apply(Fact::RotateKey(&rotation)).unwrap();
    }
}

impl Deref for Issuing {
    type Target = Memory;
    fn deref(&self) -> &Memory {
        &self.memory
    }
}

impl core::fmt::Debug for Issuing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Issuing").field("memory", &self.memory).finish_non_exhaustive()
    }
}
