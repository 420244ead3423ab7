//! A ledger in memory that has token-signing keys from a seed: what a hub's storage does, for tests.

use core::num::NonZeroU32;
use core::ops::Deref;

use crate::ask::{Answer, Question, Secret};
use crate::facts::{Draft, Durable, KeyRecord, Memory, TokenRecord};
use crate::id::{HubId, Jti};
use crate::random::{Random, Seed};
use crate::time::Now;
use crate::token::{JoinClaims, KeyState, Signer, TokenKeys, issue_join};

/// [`Memory`], and Issue and RotateKeys beside it.
pub(crate) struct Issuing {
    pub(crate) memory: Memory,
    hub: HubId,
    random: Random,
    signer: Signer,
    keys: Vec<KeyRecord>,
}

impl Issuing {
    /// One active key of this seed.
    pub(crate) fn new(hub: HubId, seed: u8, now: Now) -> Self {
        let mut random = Random::new(&Seed([seed; 32]));
        let signer = Signer::generate(&mut random).unwrap();
        let (key, created) = (signer.key().clone(), now.unix);
        let keys = vec![KeyRecord { key, created, state: KeyState::Active }];
        let mut memory = Memory::default();
        memory.keep_keys(keys.clone());
        Self { memory, hub, random, signer, keys }
    }

    /// The keys as links have them.
    pub(crate) fn keys(&self) -> TokenKeys {
        let mut keys = TokenKeys::new();
        for record in &self.keys {
            keys.insert(record.key.clone(), record.state);
        }
        keys
    }

    /// Another [`Signer`] of the active key.
    pub(crate) fn signer(&self) -> Signer {
        Signer::from_pkcs8(&self.signer.to_pkcs8()).unwrap()
    }

    pub(crate) fn answer(&mut self, question: &Question, now: Now) -> Option<Answer> {
        match question {
            Question::Issue(draft) => {
                let (record, token) = self.issue(draft, now);
                Some(Answer::Issued(Box::new(record), Secret(token.into())))
            }
            Question::RotateKeys { now: at_once } => {
                self.rotate(*at_once, now);
                Some(Answer::KeysRotated(self.keys.clone()))
            }
            other => self.memory.answer(other),
        }
    }

    /// A token, whose record is kept.
    pub(crate) fn issue(&mut self, draft: &Draft, now: Now) -> (TokenRecord, String) {
        let (iat, jti) = (now.unix, Jti(self.random.bytes()));
        let claims = JoinClaims {
            hub: self.hub,
            sub: draft.sub.clone(),
            iat,
            exp: iat + draft.ttl,
            jti,
            role: draft.role,
            uses: NonZeroU32::new(draft.uses).unwrap(),
            pins: Vec::new(),
            urls: vec!["wss://hub.example:7777/link".to_owned()],
            caps: draft.caps.clone(),
            rooms: draft.rooms.iter().map(|room| room.parse().unwrap()).collect(),
            labels: draft.labels.clone(),
            id: draft.id,
        };
        let token = issue_join(&self.signer, &claims).unwrap();
        let record = TokenRecord {
            jti,
            sub: draft.sub.clone(),
            kid: self.signer.key().id(),
            issued: iat,
            ends: claims.exp,
            uses: draft.uses,
            role: draft.role,
            caps: draft.caps.clone(),
            rooms: draft.rooms.clone(),
            labels: draft.labels.clone(),
            id: draft.id,
            issuer: draft.issuer,
            revoked: None,
            used: Default::default(),
        };
        self.memory.issue(record.clone());
        (record, token)
    }

    /// The disk holds this, whatever it held.
    pub(crate) fn change_all(&mut self, durable: Durable) {
        self.memory = Memory::holding(durable);
    }

    fn rotate(&mut self, at_once: bool, now: Now) {
        let until = self.memory.durable().tokens.values().map(|token| token.ends).max();
        for record in &mut self.keys {
            record.state = match (record.state, at_once) {
                (KeyState::Revoked, _) | (_, true) => KeyState::Revoked,
                (KeyState::Active, false) => {
                    KeyState::VerifyOnly { until: until.unwrap_or(now.unix) }
                }
                (older @ KeyState::VerifyOnly { .. }, false) => older,
            };
        }
        self.signer = Signer::generate(&mut self.random).unwrap();
        let (key, created) = (self.signer.key().clone(), now.unix);
        self.keys.push(KeyRecord { key, created, state: KeyState::Active });
        self.memory.keep_keys(self.keys.clone());
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
