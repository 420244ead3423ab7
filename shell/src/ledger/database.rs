//! The database itself: opening it, and each question and fact.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use bowline_core::id::{PeerId, PublicKey};
use bowline_core::ledger::Binding;
use bowline_core::wire::frame::Method;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::ledger::{LedgerError, schema};

/// A hub's ledger, open.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
}

/// What recording a peer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The id was free and is bound to the key.
    Bound,
    /// It was bound to the key already.
    Known,
}

impl Ledger {
    /// Opens the file at `path`, which is created with mode 0600 if it is not there.
    ///
    /// # Errors
    /// [`LedgerError::Open`], [`LedgerError::Damaged`], [`LedgerError::Newer`], or
    /// [`LedgerError::Storage`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        // SQLite gives the log and the shared memory beside it the same mode.
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| open_error(path, &error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| open_error(path, &error))?;
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
        // On macOS a plain flush leaves data in the drive's cache. Elsewhere these do nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        // A registry is small: this takes milliseconds, and finds damage before anyone relies on it.
        let health: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if health != "ok" {
            return Err(Prepare::Ledger(damaged(path, health)));
        }
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection })
    }

    /// Raises the generation, durably, and returns it: 1 at the first start.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]; then the hub must not start.
    pub fn raise_generation(&mut self) -> Result<u64, LedgerError> {
        let raised: i64 = self.connection.query_row(
            "UPDATE meta SET generation = generation + 1 WHERE only = 0 RETURNING generation",
            [],
            |row| row.get(0),
        )?;
        u64::try_from(raised).map_err(|_| LedgerError::Storage("a negative generation".to_owned()))
    }

    /// Every peer, ascending by id.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], a row that cannot be a peer among it.
    pub fn peers(&self) -> Result<Vec<Binding>, LedgerError> {
        let mut statement = self
            .connection
            .prepare("SELECT id, key, method, first_seen, serves FROM peers ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        rows.map(|row| parse_row(row?)).collect()
    }

    /// Binds an id to its key, or notes that a known one serves.
    ///
    /// Of a known peer the method and the date of the first admission stay, and whoever served once
    /// serves.
    ///
    /// # Errors
    /// [`LedgerError::IdTaken`], and [`LedgerError::Storage`]; nothing was recorded then.
    pub fn record_peer(&mut self, binding: &Binding) -> Result<Recorded, LedgerError> {
        self.in_transaction(|facts| facts.record_peer(binding))
    }

    /// Frees an id for another key; false where it was not bound.
    ///
    /// # Errors
    /// [`LedgerError::Storage`]
    pub fn forget_peer(&mut self, id: PeerId) -> Result<bool, LedgerError> {
        self.in_transaction(|facts| facts.forget_peer(id))
    }

    /// Runs `work` as one transaction: all of it is durable when this returns `Ok`, and none of it
    /// otherwise.
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&Facts<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&Facts { connection: &transaction })?;
        transaction.commit()?;
        Ok(result)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// An open transaction: what is done here lasts only if the transaction does.
pub(super) struct Facts<'a> {
    connection: &'a Connection,
}

impl Facts<'_> {
    pub(super) fn record_peer(&self, binding: &Binding) -> Result<Recorded, LedgerError> {
        let id = binding.peer.as_str();
        let bound: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT key FROM peers WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        match bound {
            Some(key) if key != binding.key.0 => Err(LedgerError::IdTaken(binding.peer)),
            Some(_) => {
                self.connection
                    .prepare_cached("UPDATE peers SET serves = max(serves, ?2) WHERE id = ?1")?
                    .execute((id, binding.serves))?;
                Ok(Recorded::Known)
            }
            None => {
                let first = seconds(binding.first_seen);
                self.connection
                    .prepare_cached("INSERT INTO peers VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute((id, binding.key.0, binding.method as u8, first, binding.serves))?;
                Ok(Recorded::Bound)
            }
        }
    }

    pub(super) fn forget_peer(&self, id: PeerId) -> Result<bool, LedgerError> {
        let gone = self
            .connection
            .prepare_cached("DELETE FROM peers WHERE id = ?1")?
            .execute([id.as_str()])?;
        Ok(gone > 0)
    }
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

type RawRow = (String, Vec<u8>, u8, i64, bool);

fn parse_row((id, key, method, first, serves): RawRow) -> Result<Binding, LedgerError> {
    let odd = |what: &str| LedgerError::Storage(format!("peer '{id}' has {what}"));
    Ok(Binding {
        peer: id.parse().map_err(|_| odd("an id that is none"))?,
        key: PublicKey(key.try_into().map_err(|_| odd("a key that is none"))?),
        method: Method::from_number(method.into()).ok_or_else(|| odd("a method that is none"))?,
        first_seen: u64::try_from(first).map_err(|_| odd("a negative date"))?,
        serves,
    })
}

/// SQLite's integers are signed; a date beyond them is as good as the last one.
fn seconds(unix: u64) -> i64 {
    i64::try_from(unix).unwrap_or(i64::MAX)
}

/// A backup or a person with `sqlite3` may hold the file for a moment.
const BUSY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
