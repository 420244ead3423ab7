//! What a hub's start does to its file: it counts itself, and may make the file another hub's.

use crate::ledger::LedgerError;
use crate::ledger::transaction::Transaction;

impl Transaction<'_> {
    pub(super) fn generation(&self) -> Result<i64, LedgerError> {
        Ok(self.one("SELECT generation FROM meta WHERE only = 0", ())?)
    }

    /// Raises the generation, and returns it.
    pub(super) fn raise_generation(&self) -> Result<i64, LedgerError> {
        self.write("UPDATE meta SET generation = generation + 1 WHERE only = 0", ())?;
        self.generation()
    }

    /// What was granted or shown in the name of another hub goes; whose an id is, and who was
    /// revoked, stays.
    pub(super) fn make_anew(&self) -> Result<(), LedgerError> {
        for table in
            ["families", "labels", "enrolments", "token_uses", "tokens", "keys", "restored"]
        {
            self.write(&format!("DELETE FROM {table}"), ())?;
        }
        self.write("UPDATE meta SET generation = 0 WHERE only = 0", ())
    }
}
