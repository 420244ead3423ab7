//! The join tokens that a hub has made, and the keys that signed them.
//!
//! What a link checked of a token it checked against its snapshot, which may be older than this.
//! What counts is what is known here, under the lock: the record, and not what the token says of
//! itself. Where two links use one token at the same moment, the ledger decides.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::code::Code;
use crate::control::TokenState;
use crate::id::{Jti, KeyId, PeerId, PublicKey};
use crate::facts::{Invited, KeyRecord, NotTaken, TokenRecord};
use crate::time::Mono;
use crate::token::KeyState;

/// Join tokens, by their numbers.
#[derive(Debug, Default)]
pub(in crate::hub) struct Tokens {
    records: BTreeMap<Jti, TokenRecord>,
    keys: Vec<KeyRecord>,
    /// A token that ends at or before this is refused for ever, seconds since 1970.
    floor: u64,
    /// When it is looked for tokens that have ended; at once after the hub's start.
    look: Mono,
}

/// Why a token cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Unusable {
    /// Its time is over, by what the hub has forgotten.
    Ended,
    /// Its row does not take it.
    Row(NotTaken),
}

impl Unusable {
    pub(in crate::hub) fn code(self) -> Code {
        match self {
            Self::Ended => Code::Expired,
            Self::Row(why) => why.code(),
        }
    }
}

impl Tokens {
    pub(in crate::hub) fn new(
        records: impl IntoIterator<Item = TokenRecord>,
        keys: Vec<KeyRecord>,
        floor: u64,
    ) -> Self {
        let records = records.into_iter().map(|record| (record.jti, record));
        Self { records: records.collect(), keys, floor, look: Mono::default() }
    }

    pub(in crate::hub) fn len(&self) -> usize {
        self.records.len()
    }

    pub(in crate::hub) fn floor(&self) -> u64 {
        self.floor
    }

    pub(in crate::hub) fn get(&self, jti: Jti) -> Option<&TokenRecord> {
        self.records.get(&jti)
    }

    /// Every token in the order of the numbers, after `after`.
    pub(in crate::hub) fn iter(&self, after: Option<Jti>) -> impl Iterator<Item = &TokenRecord> {
        let from = after.map_or(core::ops::Bound::Unbounded, core::ops::Bound::Excluded);
        self.records.range((from, core::ops::Bound::Unbounded)).map(|(_, record)| record)
    }

    pub(in crate::hub) fn keys(&self) -> &[KeyRecord] {
        &self.keys
    }

    pub(in crate::hub) fn set_keys(&mut self, keys: Vec<KeyRecord>) {
        self.keys = keys;
    }

    /// The record of a token that may be used by this key for this id, as far as is known here.
    ///
    /// # Errors
    /// Why not.
    // spec: admission §9, join
    pub(in crate::hub) fn admit(
        &self,
        invited: &Invited,
        peer: PeerId,
        key: &PublicKey,
    ) -> Result<&TokenRecord, Unusable> {
        if invited.ends <= self.floor {
            return Err(Unusable::Ended);
        }
        if !self.holds(invited.kid) {
            return Err(Unusable::Row(NotTaken::Revoked));
        }
        let row = self.records.get(&invited.jti).ok_or(Unusable::Row(NotTaken::UNKNOWN))?;
        row.takes(invited, peer, row.spent(key)).map_err(Unusable::Row)?;
        Ok(row)
    }

    fn holds(&self, kid: KeyId) -> bool {
        let record = self.keys.iter().find(|record| record.key.id() == kid);
        record.is_some_and(|record| record.state != KeyState::Revoked)
    }

    /// What has become of a token.
    pub(in crate::hub) fn state(&self, record: &TokenRecord, unix: u64) -> TokenState {
        if record.revoked.is_some() || !self.holds(record.kid) {
            TokenState::Revoked
        } else if record.ends <= unix.max(self.floor) {
            TokenState::Ended
        } else if record.used.len() as u64 >= u64::from(record.uses) {
            TokenState::Used
        } else {
            TokenState::Open
        }
    }

    /// How many tokens admit somebody new.
    pub(in crate::hub) fn open(&self, unix: u64) -> usize {
        self.records.values().filter(|record| self.state(record, unix) == TokenState::Open).count()
    }

    /// A token was made.
    pub(in crate::hub) fn add(&mut self, record: TokenRecord) {
        self.records.insert(record.jti, record);
    }

    /// A key has used a token, for this id.
    pub(in crate::hub) fn used(&mut self, jti: Jti, key: PublicKey, peer: PeerId) {
        if let Some(record) = self.records.get_mut(&jti) {
            record.used.entry(key).or_insert(peer);
        }
    }

    /// A token admits nobody new.
    pub(in crate::hub) fn revoke(&mut self, jti: Jti, at: u64) {
        if let Some(record) = self.records.get_mut(&jti) {
            record.revoked.get_or_insert(at);
        }
    }

    /// When it is looked for tokens that have ended, where there are any tokens.
    pub(in crate::hub) fn due(&self) -> Option<Mono> {
        (!self.records.is_empty()).then_some(self.look)
    }

    /// Whether it is time to look; the next time is so much later.
    pub(in crate::hub) fn look(&mut self, now: Mono, every: Duration) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        if due {
            self.look = now.after(every);
        }
        due
    }

    /// Whether there are tokens that end at or before `unix`.
    pub(in crate::hub) fn has_ended(&self, unix: u64) -> bool {
        self.records.values().any(|record| record.ends <= unix)
    }

    /// Forgets what ends at or before the floor, which is durable.
    pub(in crate::hub) fn purge(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
        let floor = self.floor;
        self.records.retain(|_, record| record.ends > floor);
    }
}
