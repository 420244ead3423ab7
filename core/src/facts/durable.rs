//! Everything that a hub's storage holds, in memory.

use std::collections::BTreeMap;

use crate::facts::{
    Binding, Conflict, Fact, FactRow, FactSummary, Invited, KeyRecord, NotTaken, PeerRecord,
    Restored, Spent, TokenRecord, Write, apply,
};
use crate::id::{Jti, PeerId, PublicKey};
use crate::token::KeyState;

/// Everything that a hub's durable storage holds, as the hub is told it at its start; or those of
/// its rows that a fact concerns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durable {
    /// Every bound id.
    pub peers: BTreeMap<PeerId, PeerRecord>,
    /// Every join token whose record is kept.
    pub tokens: BTreeMap<Jti, TokenRecord>,
    /// The token-signing keys in the order in which they signed, the active one last.
    pub keys: Vec<KeyRecord>,
    /// A token that ends at or before this is refused for ever, seconds since 1970.
    pub floor: u64,
    /// The last issue of a certificate that was drawn, of whichever peer. It never falls.
    pub issues: u32,
    /// That this storage is older than the hub, where something showed it.
    pub restored: Option<Restored>,
}

impl Durable {
    /// These bindings, and nothing else.
    #[must_use]
    pub fn bound(bindings: impl IntoIterator<Item = Binding>) -> Self {
        let peers = bindings.into_iter().map(|binding| (binding.peer, PeerRecord::bound(binding)));
        Self { peers: peers.collect(), ..Self::default() }
    }

    /// Takes a fact in; whether there was anything to change.
    ///
    /// # Errors
    /// [`Conflict`]: nothing was changed.
    pub fn apply(&mut self, fact: Fact<'_>) -> Result<bool, Conflict> {
        let outcome = apply(fact, self, &self.summary(&fact.concerns()))?;
        outcome.writes.into_iter().for_each(|write| self.write(write));
        Ok(outcome.changed)
    }

    /// Has these rows stand so. [`Write::Generation`] is not of what is held here.
    pub fn write(&mut self, write: Write) {
        match write {
            Write::Peer(peer) => drop(self.peers.insert(peer.binding.peer, *peer)),
            Write::NoPeer(peer) => drop(self.peers.remove(&peer)),
            Write::Token(token) => drop(self.tokens.insert(token.jti, *token)),
            Write::Use { jti, key, peer } => {
                if let Some(token) = self.tokens.get_mut(&jti) {
                    token.used.entry(key).or_insert(peer);
                }
            }
            Write::RevokeToken(jti, at) => {
                if let Some(token) = self.tokens.get_mut(&jti) {
                    token.revoked = Some(at);
                }
            }
            Write::RevokeTokens(at) => {
                for token in self.tokens.values_mut() {
                    token.revoked.get_or_insert(at);
                }
            }
            Write::VoidFamilies => {
                for enrolled in self.peers.values_mut().filter_map(|peer| peer.enrolled.as_mut()) {
                    enrolled.family = None;
                }
            }
            Write::Keys(keys) => self.keys = keys,
            Write::Floor(floor) => {
                self.floor = floor;
                self.tokens.retain(|_, token| token.ends > floor);
            }
            Write::Issues(issues) => self.issues = issues,
            Write::Generation(_) => {}
            Write::Restored(restored) => self.restored = restored,
        }
    }

    fn summary(&self, rows: &[FactRow]) -> FactSummary {
        let mut summary = FactSummary::default();
        for row in rows {
            match *row {
                FactRow::Uses(jti, key) => summary.spent = self.spent(jti, &key),
                FactRow::Ended(until) => summary.has_ended = self.has_ended(until.max(self.floor)),
                FactRow::Keys => summary.last_end = self.last_end(),
                FactRow::Peer(_) | FactRow::Token(_) | FactRow::Counters | FactRow::Restored => {}
            }
        }
        summary
    }

    /// The uses of a token, as this key sees them.
    #[must_use]
    pub fn spent(&self, jti: Jti, key: &PublicKey) -> Spent {
        self.tokens.get(&jti).map(|token| token.spent(key)).unwrap_or_default()
    }

    /// Whether there are tokens that end at or before `unix`.
    #[must_use]
    pub fn has_ended(&self, unix: u64) -> bool {
        self.tokens.values().any(|token| token.ends <= unix)
    }

    fn last_end(&self) -> u64 {
        let active = self.keys.iter().find(|kept| kept.state == KeyState::Active);
        let signed = |token: &&TokenRecord| active.is_some_and(|of| of.key.id() == token.kid);
        self.tokens.values().filter(signed).map(|token| token.ends).max().unwrap_or_default()
    }

    /// The row of a join token that verifies and may be used by this key for this id, by the row of
    /// that and by the token's uses as the key sees them.
    ///
    /// # Errors
    /// [`Conflict`], of the first check that fails.
    // spec: admission §9, join
    pub fn joins(
        &self,
        invited: &Invited,
        (peer, key): (PeerId, PublicKey),
        spent: Spent,
    ) -> Result<&TokenRecord, Conflict> {
        if invited.ends <= self.floor {
            return Err(Conflict::Ended);
        }
        let token = self.tokens.get(&invited.jti).ok_or(Conflict::Token(NotTaken::UNKNOWN))?;
        token.takes(invited, peer, spent).map_err(Conflict::Token)?;
        PeerRecord::admits(self.peers.get(&peer), &key)?;
        Ok(token)
    }
}
