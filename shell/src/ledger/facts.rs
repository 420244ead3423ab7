//! An open transaction, and the few ways in which it is read and written.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

use crate::ledger::LedgerError;

/// An open transaction: what is done here lasts only if the transaction does.
pub(super) struct Facts<'a> {
    pub(super) connection: &'a Connection,
}

impl Facts<'_> {
    /// Carries out a statement that changes rows; how many it changed.
    pub(super) fn write(&self, sql: &str, values: impl Params) -> Result<usize, LedgerError> {
        crate::crash::point();
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
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
