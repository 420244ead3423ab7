//! The join tokens that a hub has made, and the keys that signed them.
//!
//! What a link checked of a token it checked against its snapshot, which may be older than this.
//! What counts is what is known here, under the lock: the record, and not what the token says of
//! itself. Where two links use one token at the same moment, the ledger decides.

use core::ops::Bound;

use crate::control::TokenState;
use crate::facts::{Conflict, Draft, Fact, Invited, KeyRecord, Mint, NotTaken, TokenRecord, Write};
use crate::hub::members::Members;
use crate::id::{Jti, KeyId, PeerId, PublicKey};
use crate::time::Now;
use crate::token::KeyState;

impl Members {
    /// How many tokens are kept.
    pub(in crate::hub) fn token_count(&self) -> usize {
        self.facts.tokens.len()
    }

    /// A token that ends at or before this is refused for ever, seconds since 1970.
    pub(in crate::hub) fn floor(&self) -> u64 {
        self.facts.floor
    }

    /// What is kept of a token.
    pub(in crate::hub) fn token(&self, jti: Jti) -> Option<&TokenRecord> {
        self.facts.tokens.get(&jti)
    }

    /// Every token in the order of the numbers, after `after`.
    pub(in crate::hub) fn tokens(&self, after: Option<Jti>) -> impl Iterator<Item = &TokenRecord> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.facts.tokens.range((from, Bound::Unbounded)).map(|(_, record)| record)
    }

    /// The keys that sign tokens, or did.
    pub(in crate::hub) fn keys(&self) -> &[KeyRecord] {
        &self.facts.keys
    }

    /// Storage has made these the keys: what was signed by one that is revoked is void.
    pub(in crate::hub) fn keys_rotated(&mut self, keys: Vec<KeyRecord>) {
        self.facts.write(Write::Keys(keys));
        // What is being admitted by a token is asked for again.
        self.outdate();
    }

    /// A join token is to be made: its number is drawn, and this is its date.
    pub(in crate::hub) fn mint(&mut self, draft: Draft, now: Now) -> Mint {
        Mint { jti: Jti(self.random.bytes()), issued: now.unix, draft }
    }

    /// Storage keeps the record of a token that was made.
    pub(in crate::hub) fn token_issued(&mut self, record: &TokenRecord) {
        // The record of a token is never refused.
        let _ = self.facts.apply(Fact::Issue(record));
    }

    /// The record of a token that may be used by this key for this id, as far as is known here.
    ///
    /// # Errors
    /// Why not.
    // spec: admission §9, join
    pub(super) fn joins(
        &self,
        invited: &Invited,
        (peer, key): (PeerId, PublicKey),
    ) -> Result<&TokenRecord, Conflict> {
        if !self.holds(invited.kid) {
            return Err(Conflict::Token(NotTaken::Revoked));
        }
        let spent = self.facts.spent(invited.jti, &key);
        self.facts.joins(invited, (peer, key), spent)
    }

    fn holds(&self, kid: KeyId) -> bool {
        let record = self.facts.keys.iter().find(|record| record.key.id() == kid);
        record.is_some_and(|record| record.state != KeyState::Revoked)
    }

    /// What has become of a token.
    pub(in crate::hub) fn token_state(&self, record: &TokenRecord, unix: u64) -> TokenState {
        if record.revoked.is_some() || !self.holds(record.kid) {
            TokenState::Revoked
        } else if record.ends <= unix.max(self.facts.floor) {
            TokenState::Ended
        } else if record.used.len() as u64 >= u64::from(record.uses) {
            TokenState::Used
        } else {
            TokenState::Open
        }
    }

    /// How many tokens admit somebody new.
    pub(in crate::hub) fn open_tokens(&self, unix: u64) -> usize {
        let open = |record: &&TokenRecord| self.token_state(record, unix) == TokenState::Open;
        self.facts.tokens.values().filter(open).count()
    }
}
