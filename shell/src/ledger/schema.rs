//! The tables, and the steps that bring an older file to them.
//!
//! A file's version is SQLite's `user_version`: how many of [`STEPS`] it has taken. A step that was
//! released is never changed; a change is another step.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::ledger::LedgerError;

/// Each takes a file from the version of its index to the next.
const STEPS: &[&str] = &["
    CREATE TABLE peers (
        id          TEXT    PRIMARY KEY NOT NULL,
        key         BLOB    NOT NULL CHECK (length(key) = 32),
        method      INTEGER NOT NULL,
        first_seen  INTEGER NOT NULL,
        serves      INTEGER NOT NULL CHECK (serves IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE meta (
        only        INTEGER PRIMARY KEY NOT NULL CHECK (only = 0),
        generation  INTEGER NOT NULL
    ) STRICT;
    INSERT INTO meta (only, generation) VALUES (0, 0);
"];

/// The latest version.
pub(super) fn version() -> i64 {
    STEPS.len() as i64
}

/// Brings the file to the latest version, all steps in one transaction.
///
/// # Errors
/// [`LedgerError::Newer`], and what SQLite meets.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = version();
    if found > known {
        return Err(LedgerError::Newer { path: path.to_owned(), found, known });
    }
    let Some(steps) = usize::try_from(found).ok().and_then(|taken| STEPS.get(taken..)) else {
        let reason = format!("version {found}");
        return Err(LedgerError::Damaged { path: path.to_owned(), reason });
    };
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    Ok(transaction.commit()?)
}
