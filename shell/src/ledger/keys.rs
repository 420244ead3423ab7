//! The keys that sign tokens: public halves with their states. One signs; those before it verify until
//! the last token that they signed has ended, or not at all.

use bowline_core::ledger::KeyRecord;
use bowline_core::token::{KeyState, TokenKey};
use rusqlite::Connection;

use crate::ledger::LedgerError;
use crate::ledger::facts::Facts;
use crate::ledger::values::{self, seconds, state};

/// The most keys that are kept: as many as a set of keys that others read may have.
const MOST: usize = bowline_core::token::MOST_KEYS;

/// Another key takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRotation {
    /// The one that signs from here on.
    pub key: TokenKey,
    /// When that is, seconds since 1970.
    pub at: u64,
    /// Whether those before end at once, and with them what they signed.
    pub now: bool,
}

impl Facts<'_> {
    pub(super) fn rotate_key(&self, rotation: &KeyRotation) -> Result<Vec<KeyRecord>, LedgerError> {
        let KeyRotation { key, at, now } = rotation;
        let mut keys = read(self.connection)?;
        keys.retain(|kept| kept.key.id() != key.id());
        for kept in &mut keys {
            kept.state = match kept.state {
                KeyState::Active if !now => {
                    KeyState::VerifyOnly { until: self.last_end(&kept.key)?.max(*at) }
                }
                KeyState::Active | KeyState::VerifyOnly { .. } if *now => KeyState::Revoked,
                state => state,
            };
        }
        keys.push(KeyRecord { key: key.clone(), created: *at, state: KeyState::Active });
        let too_many = keys.len().saturating_sub(MOST);
        keys.drain(..too_many);
        self.keep_keys(&keys)?;
        Ok(keys)
    }

    /// When the last of the tokens ends that this key signed, seconds since 1970.
    fn last_end(&self, key: &TokenKey) -> Result<u64, LedgerError> {
        let sql = "SELECT coalesce(max(ends), 0) FROM tokens WHERE kid = ?1";
        let end: i64 = self.one(sql, [key.id().0])?;
        Ok(u64::try_from(end).unwrap_or_default())
    }

    fn keep_keys(&self, keys: &[KeyRecord]) -> Result<(), LedgerError> {
        self.write("DELETE FROM keys", ())?;
        for (position, key) in (1_i64..).zip(keys) {
            let (name, until) = state(key);
            self.write(
                "INSERT INTO keys (position, jwk, created, state, until)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (position, key.key.to_jwk().to_string(), seconds(key.created), name, until),
            )?;
        }
        Ok(())
    }
}

/// The keys, in the order in which they signed.
pub(super) fn read(connection: &Connection) -> Result<Vec<KeyRecord>, LedgerError> {
    let mut statement = connection
        .prepare("SELECT position, jwk, created, state, until FROM keys ORDER BY position")?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let (jwk, state): (String, String) = (row.get(1)?, row.get(3)?);
        keys.push(values::key(row.get(0)?, &jwk, row.get(2)?, (&state, row.get(4)?))?);
    }
    Ok(keys)
}
