//! The rows that a fact concerns, as they stand in a transaction.

use bowline_core::facts::{Durable, Fact, FactRow, FactSummary, Spent};
use bowline_core::id::{Jti, PublicKey};
use bowline_core::token::KeyState;
use rusqlite::OptionalExtension;

use crate::ledger::transaction::Transaction;
use crate::ledger::values::{Of, seconds};
use crate::ledger::{LedgerError, keys, read};

impl Transaction<'_> {
    /// Those rows, and nothing else.
    pub(super) fn load(&self, fact: &Fact<'_>) -> Result<(Durable, FactSummary), LedgerError> {
        let (mut rows, mut summary) = (Durable::default(), FactSummary::default());
        for row in fact.concerns() {
            match row {
                FactRow::Peer(id) => {
                    rows.peers.extend(read::peer_of(self.connection, id)?.map(|peer| (id, peer)));
                }
                FactRow::Token(jti) => {
                    let token = read::token_of(self.connection, jti)?;
                    rows.tokens.extend(token.map(|token| (jti, token)));
                }
                FactRow::Uses(jti, key) => summary.spent = self.spent(jti, &key)?,
                FactRow::Counters => {
                    (rows.floor, rows.issues) = read::counters(self.connection)?;
                }
                FactRow::Restored => rows.restored = read::restored(self.connection)?,
                FactRow::Keys => {
                    rows.keys = keys::read(self.connection)?;
                    summary.last_end = self.last_end(&rows)?;
                }
                FactRow::Ended(until) => {
                    let sql = "SELECT EXISTS (SELECT 1 FROM tokens
                               WHERE ends <= max(?1, (SELECT floor FROM meta WHERE only = 0)))";
                    summary.has_ended = self.one(sql, [seconds(until)])?;
                }
            }
        }
        Ok((rows, summary))
    }

    /// The uses of a token, as this key sees them.
    fn spent(&self, jti: Jti, key: &PublicKey) -> Result<Spent, LedgerError> {
        let own = "SELECT peer FROM token_uses WHERE jti = ?1 AND key = ?2";
        let own: Option<String> = self.one(own, (jti.0, key.0)).optional()?;
        let of = Of("token", &jti);
        let own = own.map(|id| of.text(&id, "a use by an id that is none")).transpose()?;
        let keys: i64 = self.one("SELECT count(*) FROM token_uses WHERE jti = ?1", [jti.0])?;
        Ok(Spent { own, keys: u64::from(of.count(keys)?) })
    }

    /// When the last of the tokens ends that the active key signed, seconds since 1970.
    fn last_end(&self, rows: &Durable) -> Result<u64, LedgerError> {
        let active = rows.keys.iter().find(|kept| kept.state == KeyState::Active);
        let Some(active) = active else { return Ok(0) };
        let sql = "SELECT coalesce(max(ends), 0) FROM tokens WHERE kid = ?1";
        let end: i64 = self.one(sql, [active.key.id().0])?;
        Ok(u64::try_from(end).unwrap_or_default())
    }
}
