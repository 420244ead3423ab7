//! The tables, and the steps that bring an older file to them.
//!
//! A file's version is SQLite's `user_version`: how many of [`STEPS`] it has taken. A step that was
//! released is never changed; a change is another step.
//!
//! ```text
//!  meta    peers ◄── enrolments ◄── families      tokens ◄── token_uses      keys
//!            ▲           ▲
//!            │           └── labels
//!            └── revocations                       restored
//! ```
//!
//! Of tokens and refresh tokens there are numbers and hashes: nothing here lets anybody in.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::ledger::LedgerError;

/// Each takes a file from the version of its index to the next.
const STEPS: &[&str] = &[PEERS, JOINS, LINE, TOKEN_ROWS];

const PEERS: &str = "
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
";

const JOINS: &str = "
    ALTER TABLE meta ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE meta ADD COLUMN rolled_back INTEGER;
    CREATE TABLE tokens (
        jti         BLOB    PRIMARY KEY NOT NULL CHECK (length(jti) = 16),
        sub         TEXT    NOT NULL,
        kid         BLOB    NOT NULL CHECK (length(kid) = 32),
        issued      INTEGER NOT NULL,
        ends        INTEGER NOT NULL,
        uses        INTEGER NOT NULL,
        role        TEXT    NOT NULL,
        caps        TEXT,
        id          TEXT,
        issuer      TEXT    NOT NULL,
        revoked     INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE token_uses (
        jti         BLOB    NOT NULL REFERENCES tokens (jti) ON DELETE CASCADE,
        key         BLOB    NOT NULL CHECK (length(key) = 32),
        peer        TEXT    NOT NULL,
        PRIMARY KEY (jti, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE enrolments (
        peer        TEXT    PRIMARY KEY NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
        jti         BLOB    NOT NULL CHECK (length(jti) = 16),
        role        TEXT    NOT NULL,
        caps        TEXT    NOT NULL,
        issue       INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE labels (
        peer        TEXT    NOT NULL REFERENCES enrolments (peer) ON DELETE CASCADE,
        name        TEXT    NOT NULL,
        value       TEXT    NOT NULL,
        PRIMARY KEY (peer, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE families (
        peer         TEXT    PRIMARY KEY NOT NULL REFERENCES enrolments (peer) ON DELETE CASCADE,
        current      BLOB    NOT NULL CHECK (length(current) = 32),
        current_ends INTEGER NOT NULL,
        successors   BLOB    NOT NULL CHECK (length(successors) % 40 = 0)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE revocations (
        peer        TEXT    PRIMARY KEY NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
        at          INTEGER NOT NULL,
        reason      TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE keys (
        position    INTEGER PRIMARY KEY NOT NULL,
        jwk         TEXT    NOT NULL UNIQUE,
        created     INTEGER NOT NULL,
        state       TEXT    NOT NULL CHECK (state IN ('active', 'verify-only', 'revoked')),
        until       INTEGER,
        CHECK ((state = 'verify-only') = (until IS NOT NULL))
    ) STRICT;
";

/// The counter of issues begins beyond those of peers that were forgotten, of which there is no
/// record.
const LINE: &str = "
    ALTER TABLE meta ADD COLUMN issues INTEGER NOT NULL DEFAULT 0;
    UPDATE meta SET issues = min(2147483647, 65536
        + (SELECT coalesce(max(issue), 0) FROM enrolments)) WHERE generation > 0;
    CREATE TABLE restored (
        only        INTEGER PRIMARY KEY NOT NULL CHECK (only = 0),
        generation  INTEGER NOT NULL,
        issue       INTEGER NOT NULL,
        sign        TEXT    NOT NULL,
        peer        TEXT,
        at          INTEGER NOT NULL
    ) STRICT;
    INSERT INTO restored SELECT 0, rolled_back, 0, 'claim', NULL, 0 FROM meta
        WHERE rolled_back IS NOT NULL;
    ALTER TABLE meta DROP COLUMN rolled_back;
";

/// A token is held against its whole row. What rows from before do not tell cannot be compared:
/// their tokens admit nobody.
const TOKEN_ROWS: &str = "
    ALTER TABLE tokens ADD COLUMN rooms  TEXT NOT NULL DEFAULT '';
    ALTER TABLE tokens ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
    UPDATE tokens SET revoked = coalesce(revoked, unixepoch());
";

/// The latest version.
pub(super) fn version() -> i64 {
    STEPS.len() as i64
}

/// The version from which on it is known what showed that a file was restored.
pub(super) const WITH_SIGNS: i64 = 3;

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
        crate::crash::point();
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    crate::crash::point();
    Ok(transaction.commit()?)
}

/// Makes an empty file what the version of this number would have made of it.
#[cfg(test)]
pub(super) fn make(connection: &Connection, version: usize) {
    for step in &STEPS[..version] {
        connection.execute_batch(step).unwrap();
    }
    connection.pragma_update(None, "user_version", version as i64).unwrap();
}
