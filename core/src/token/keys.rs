//! The keys that a hub takes tokens by, each with its state.
//!
//! spec: tokens §4.

use std::collections::BTreeMap;

use super::json::{Json, JsonError, Object};
use super::key::{KeyError, TokenKey};
use crate::id::KeyId;

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs, and what it signed is taken.
    Active,
    /// It signs no more. What it signed is taken until a time, when the longest token has ended.
    VerifyOnly {
        /// Seconds since 1970; the allowed skew is added.
        until: u64,
    },
    /// Nothing that it signed is taken.
    Revoked,
}

/// Where a verifier finds the key of a `kid`.
pub trait KeySet {
    /// The key of exactly that name, and its state.
    fn find(&self, kid: &str) -> Option<(&TokenKey, KeyState)>;
}

/// A hub's keys, by their thumbprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenKeys(BTreeMap<KeyId, (TokenKey, KeyState)>);

/// Why bytes are not a set of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Not JSON that is read here.
    #[error("the key set is unreadable: {0}")]
    Json(#[from] JsonError),
    /// More than [`MOST_BYTES`].
    #[error("the key set has more than {MOST_BYTES} bytes")]
    TooLong,
    /// No `keys`, more than [`MOST_KEYS`] of them, or something else in the list than objects.
    #[error(
        "not a key set (RFC 7517 §5): a list 'keys' of at most {MOST_KEYS} objects was expected"
    )]
    NoList,
    /// One of the keys.
    #[error("key {at} of the set: {error}")]
    Key {
        /// Its place, from 1.
        at: usize,
        /// What is wrong with it.
        error: KeyError,
    },
}

impl TokenKeys {
    /// No keys.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a key, or gives a known one another state.
    pub fn insert(&mut self, key: TokenKey, state: KeyState) {
        self.0.insert(key.id(), (key, state));
    }

    /// Gives a key another state; says whether it is known.
    pub fn set(&mut self, id: KeyId, state: KeyState) -> bool {
        self.0.get_mut(&id).map(|held| held.1 = state).is_some()
    }

    /// Forgets a key.
    pub fn remove(&mut self, id: KeyId) {
        self.0.remove(&id);
    }

    /// A key and its state.
    #[must_use]
    pub fn get(&self, id: KeyId) -> Option<(&TokenKey, KeyState)> {
        self.0.get(&id).map(|(key, state)| (key, *state))
    }

    /// Every key and its state, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&TokenKey, KeyState)> {
        self.0.values().map(|(key, state)| (key, *state))
    }

    /// The keys as a JWK set (RFC 7517 §5) without those that are revoked: what others need to
    /// verify.
    #[must_use]
    pub fn to_jwks(&self) -> String {
        let held = self.iter().filter(|(_, state)| *state != KeyState::Revoked);
        let keys: Json = held.map(|(key, _)| key.to_jwk()).collect();
        Object::default().with("keys", keys).to_string()
    }

    /// Reads a JWK set, every key active.
    ///
    /// # Errors
    /// [`KeysError`]; one bad key refuses the set.
    pub fn from_jwks(jwks: &[u8]) -> Result<Self, KeysError> {
        if jwks.len() > MOST_BYTES {
            return Err(KeysError::TooLong);
        }
        let set = Object::read(jwks)?;
        let Some(Json::List(list)) = set.get("keys") else { return Err(KeysError::NoList) };
        if list.len() > MOST_KEYS {
            return Err(KeysError::NoList);
        }
        let mut keys = Self::new();
        for (at, jwk) in (1..).zip(list) {
            let Json::Object(jwk) = jwk else { return Err(KeysError::NoList) };
            let key = TokenKey::from_jwk(jwk).map_err(|error| KeysError::Key { at, error })?;
            keys.insert(key, KeyState::Active);
        }
        Ok(keys)
    }
}

impl KeySet for TokenKeys {
    fn find(&self, kid: &str) -> Option<(&TokenKey, KeyState)> {
        self.get(kid.parse().ok()?)
    }
}

/// The most keys in a set that is read.
pub const MOST_KEYS: usize = 64;

/// The most bytes of a set that is read.
pub const MOST_BYTES: usize = 128 << 10;
