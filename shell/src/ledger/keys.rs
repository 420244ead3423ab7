//! The keys that sign tokens, as they stand in the table.

use bowline_core::facts::{Fact, KeyRecord, KeyRotation};
use rusqlite::Connection;

use crate::ledger::transaction::Transaction;
use crate::ledger::{LedgerError, values};

impl Transaction<'_> {
    /// Has another key sign; every key that is kept.
    pub(super) fn rotate_key(&self, rotation: &KeyRotation) -> Result<Vec<KeyRecord>, LedgerError> {
        self.apply(Fact::RotateKey(rotation))?;
        read(self.connection)
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
