//! The database itself: opening it, and each of what is asked of it as one transaction.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bowline_core::facts::{
    Acceptance, Change, Durable, Fact, FactRecord, KeyRecord, KeyRotation, TokenRecord, Tokens,
};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::crash;
use crate::files::FileError;
use crate::files::trusted::WritePlace;
use crate::ledger::transaction::Transaction;
use crate::ledger::{LedgerError, read, schema};

/// A hub's ledger, open.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    /// The start that this was opened for, once it was counted: nothing is done with a file that
    /// has counted another since.
    own: Option<u64>,
}

impl Ledger {
    /// Opens the file at `path`, which is created with mode 0600 if it is not there.
    ///
    /// # Errors
    /// [`LedgerError::Open`], [`LedgerError::Damaged`], [`LedgerError::Newer`], or
    /// [`LedgerError::Storage`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        // SQLite gives the log and the shared memory beside it the same mode.
        let place = WritePlace::of(path, "open").map_err(|error| unusable(path, error))?;
        place.open("open").map_err(|error| unusable(path, error))?;
        check_beside(path)?;
        // SQLite takes a path. Nobody else can put a link into the one that was walked.
        let real = place.path();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection =
            Connection::open_with_flags(real, flags).map_err(|error| open_error(path, &error))?;
        Self::prepare(connection, path).map_err(|error| match error {
            Prepare::Sqlite(error) => sort_error(path, &error),
            Prepare::Ledger(error) => error,
        })
    }

    fn prepare(mut connection: Connection, path: &Path) -> Result<Self, Prepare> {
        connection.busy_timeout(BUSY)?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            let reason = format!("the file system does not support a write-ahead log ({mode})");
            return Err(Prepare::Ledger(open_error(path, &reason)));
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // On macOS a plain flush leaves data in the drive's cache. Elsewhere these do nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        // A registry is small: this takes milliseconds, and finds damage before anyone relies on
        // it.
        let health: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if health != "ok" {
            return Err(Prepare::Ledger(damaged(path, health)));
        }
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection, own: None })
    }

    /// Raises the generation, durably, and returns it: 1 at the first start. From then on
    /// everything else fails with [`LedgerError::Overtaken`] once another has raised it.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; then the hub must not start.
    pub fn raise_generation(&mut self) -> Result<u64, LedgerError> {
        let raised = self.in_transaction(|facts| facts.raise_generation())?;
        let raised = generation(raised)?;
        self.own = Some(raised);
        Ok(raised)
    }

    /// Takes a file that was restored from a backup for good: the counters of starts and of issues
    /// go on far beyond all that was shown. Unless tokens are kept, every join token is revoked at
    /// `now` (seconds since 1970) and every refresh token is void. False, and nothing changed,
    /// where nothing has shown that it was.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; nothing was changed then.
    pub fn accept_restored(&mut self, now: u64, tokens: Tokens) -> Result<bool, LedgerError> {
        let accepted = self.in_transaction(|facts| {
            let generation = generation(facts.generation()?)?;
            facts.apply(Fact::Accept(Acceptance { generation, at: now, tokens }))
        })?;
        self.own = None;
        Ok(accepted)
    }

    /// How often the hub of this file has started.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub fn generation(&mut self) -> Result<u64, LedgerError> {
        let found = self.in_transaction(|facts| facts.generation())?;
        generation(found)
    }

    /// Makes this the file of another hub: no token, no enrolment and no token key is left, and
    /// starts are counted from the beginning. Ids stay with their keys, and the revoked stay
    /// revoked.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; nothing was changed then.
    pub fn make_anew(&mut self) -> Result<(), LedgerError> {
        self.in_transaction(|facts| facts.make_anew())?;
        self.own = None;
        Ok(())
    }

    /// A token, and a peer that it enrolled and that was revoked.
    #[cfg(test)]
    pub(crate) fn make_example(&mut self) {
        self.connection
            .execute_batch(
                "INSERT INTO tokens (jti, sub, kid, issued, ends, uses, role, issuer)
                 VALUES (zeroblob(16), 'x', zeroblob(32), 1, 9, 1, 'member', 'operator');
                 INSERT INTO token_uses VALUES (zeroblob(16), zeroblob(32), 'web-1');
                 INSERT INTO peers VALUES ('web-1', zeroblob(32), 2, 7, 1);
                 INSERT INTO enrolments VALUES ('web-1', zeroblob(16), 'member', '', 3);
                 INSERT INTO families VALUES ('web-1', zeroblob(32), 9, zeroblob(0));
                 INSERT INTO revocations VALUES ('web-1', 5, 'stolen')",
            )
            .expect("an example");
    }

    /// Everything that a hub has to be told at its start.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], a row that cannot be what it is to be among it.
    pub fn durable(&mut self) -> Result<Durable, LedgerError> {
        read::durable(&*self.connection.transaction()?)
    }

    /// Records all of it, or nothing.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] as [`FactRecord`] says, and [`LedgerError::Storage`]; nothing was
    /// recorded then.
    pub fn record(&mut self, record: &FactRecord) -> Result<(), LedgerError> {
        self.in_transaction(|facts| facts.apply(Fact::Record(record)).map(drop))
    }

    /// Changes what is recorded; whether there was anything to change.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; nothing was changed then.
    pub fn change(&mut self, change: &Change) -> Result<bool, LedgerError> {
        self.in_transaction(|facts| facts.apply(Fact::Change(change)))
    }

    /// Keeps the record of a token that was made. A token without one admits nobody.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; nothing was recorded then.
    pub fn issue(&mut self, token: &TokenRecord) -> Result<(), LedgerError> {
        self.in_transaction(|facts| facts.apply(Fact::Issue(token)).map(drop))
    }

    /// Has another key sign tokens from here on; every key that is kept, the new one last.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; the key before signs on then.
    pub fn rotate_key(&mut self, rotation: &KeyRotation) -> Result<Vec<KeyRecord>, LedgerError> {
        self.in_transaction(|facts| facts.rotate_key(rotation))
    }

    /// Runs `work` as one transaction: all of it is durable when this returns `Ok`, and none of it
    /// otherwise. Nothing runs where another hub has started on the file.
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let facts = Transaction { connection: &transaction };
        if let Some(own) = self.own {
            let found = generation(facts.generation()?)?;
            if found != own {
                return Err(LedgerError::Overtaken { own, found });
            }
        }
        let result = work(&facts)?;
        crash::point();
        transaction.commit()?;
        crash::point();
        Ok(result)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn generation(found: i64) -> Result<u64, LedgerError> {
    u64::try_from(found).map_err(|_| LedgerError::Storage("a negative generation".to_owned()))
}

/// What goes wrong while opening: SQLite's own errors are sorted by their code.
enum Prepare {
    Sqlite(rusqlite::Error),
    Ledger(LedgerError),
}

impl From<rusqlite::Error> for Prepare {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<LedgerError> for Prepare {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

pub(super) fn open_error(path: &Path, reason: &impl ToString) -> LedgerError {
    LedgerError::Open { path: path.to_owned(), reason: reason.to_string() }
}

/// Looks at the files that SQLite opens beside the ledger, where they are.
pub(super) fn check_beside(path: &Path) -> Result<(), LedgerError> {
    for suffix in ["-wal", "-shm", "-journal"] {
        let beside = beside(path, suffix);
        let looked = WritePlace::of(&beside, "open").and_then(|place| place.look("open"));
        looked.map_err(|error| unusable(path, error))?;
    }
    Ok(())
}

/// The file that SQLite keeps beside `path`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn unusable(path: &Path, error: FileError) -> LedgerError {
    match error {
        FileError::System { reason, .. } => open_error(path, &reason),
        error => LedgerError::File(error),
    }
}

pub(super) fn damaged(path: &Path, reason: String) -> LedgerError {
    LedgerError::Damaged { path: path.to_owned(), reason }
}

pub(super) fn sort_error(path: &Path, error: &rusqlite::Error) -> LedgerError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            damaged(path, error.to_string())
        }
        _ => open_error(path, error),
    }
}

/// A backup or a person with `sqlite3` may hold the file for a moment.
const BUSY: Duration = Duration::from_secs(5);

/// Statements that are kept ready; there are fewer.
const STATEMENTS: usize = 64;

#[cfg(test)]
mod tests;
