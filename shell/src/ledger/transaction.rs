//! An open transaction: the rows that a fact concerns are loaded, the core says what becomes of
//! them, and that is written.
//!
//! A refusal comes before anything is written, so that others in the same transaction stand.

use bowline_core::facts::{Fact, apply};
use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

use crate::ledger::LedgerError;

/// An open transaction: what is done here lasts only if the transaction does.
pub(super) struct Transaction<'a> {
    pub(super) connection: &'a Connection,
}

impl Transaction<'_> {
    /// Takes a fact in; whether there was anything to change.
    pub(super) fn apply(&self, fact: Fact<'_>) -> Result<bool, LedgerError> {
        let (rows, summary) = self.load(&fact)?;
        let outcome = apply(fact, &rows, &summary)?;
        for write in &outcome.writes {
            self.put(write, &rows)?;
        }
        Ok(outcome.changed)
    }

    /// Carries out a statement that changes rows.
    pub(super) fn write(&self, sql: &str, values: impl Params) -> Result<(), LedgerError> {
        crate::crash::point();
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// The one value that a query gives.
    pub(super) fn one<T: FromSql>(&self, sql: &str, values: impl Params) -> rusqlite::Result<T> {
        self.row(sql, values, |row| row.get(0))
    }

    /// The one row that a query gives.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.connection.prepare_cached(sql)?.query_row(values, read)
    }
}
