//! Looking at a ledger without changing anything of it, for `doctor`.

use std::path::Path;

use bowline_core::facts::Restored;
use rusqlite::{Connection, OpenFlags};

use crate::files::trusted::WritePlace;
use crate::ledger::database::{beside, check_beside, damaged, open_error, sort_error, unusable};
use crate::ledger::{LedgerError, read as ledger_read, schema};

/// What a ledger looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Look {
    /// Ids that are bound to a key.
    pub peers: u64,
    /// How often its hub has started.
    pub generation: u64,
    /// That the file was restored from a backup and nobody has accepted that yet, and what showed
    /// it.
    pub restored: Option<Restored>,
}

/// Looks at the ledger at `path`; `in_use` where a hub runs on it. `None` where the hub that used
/// it last did not close it: only its next start can tell, when it has read the log that was left.
///
/// # Errors
/// [`LedgerError::Open`], [`LedgerError::Damaged`], [`LedgerError::Newer`].
pub fn look(path: &Path, in_use: bool) -> Result<Option<Look>, LedgerError> {
    let place = WritePlace::of(path, "open").map_err(|error| unusable(path, error))?;
    place.look("open").map_err(|error| unusable(path, error))?;
    check_beside(path)?;
    if !in_use && std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_URI;
    // A database that nobody uses is read without the files beside it, which reading would make.
    let mode = if in_use { "mode=ro" } else { "immutable=1" };
    let uri = format!("file:{}?{mode}", escaped(&place.path()));
    let connection =
        Connection::open_with_flags(uri, flags).map_err(|error| open_error(path, &error))?;
    read(&connection, path).map(Some).map_err(|error| match error {
        Reading::Sqlite(error) => sort_error(path, &error),
        Reading::Ledger(error) => error,
    })
}

fn read(connection: &Connection, path: &Path) -> Result<Look, Reading> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = schema::version();
    if found > known {
        return Err(Reading::Ledger(LedgerError::Newer { path: path.to_owned(), found, known }));
    }
    let health: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if health != "ok" {
        return Err(Reading::Ledger(damaged(path, health)));
    }
    let number = |query: &str| -> Result<u64, Reading> {
        let number: i64 = connection.query_row(query, [], |row| row.get(0))?;
        u64::try_from(number).map_err(|_| Reading::Ledger(damaged(path, format!("{number}"))))
    };
    // The next start brings an older file to the latest version.
    let restored = match found >= schema::WITH_SIGNS {
        true => ledger_read::restored(connection).map_err(Reading::Ledger)?,
        false => None,
    };
    Ok(Look {
        peers: number("SELECT count(*) FROM peers")?,
        generation: number("SELECT generation FROM meta WHERE only = 0")?,
        restored,
    })
}

enum Reading {
    Sqlite(rusqlite::Error),
    Ledger(LedgerError),
}

impl From<rusqlite::Error> for Reading {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The path in a URI of SQLite's, which reads `%`, `?` and `#` its own way.
fn escaped(path: &Path) -> String {
    let path = path.display().to_string();
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ledger::Ledger;

    fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
        files.sort();
        files
    }

    #[test]
    fn a_ledger_at_rest_is_looked_at_and_nothing_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a ?#% ledger.db");
        let mut ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.raise_generation(), Ok(1));
        drop(ledger);
        let before = files(dir.path());
        assert_eq!(look(&path, false), Ok(Some(Look { peers: 0, generation: 1, restored: None })));
        assert_eq!(files(dir.path()), before);
    }

    #[test]
    fn a_ledger_in_use_is_looked_at_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        let mut ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.raise_generation(), Ok(1));
        assert_eq!(look(&path, true), Ok(Some(Look { peers: 0, generation: 1, restored: None })));
        // As its hub would leave it when it is killed.
        assert_eq!(look(&path, false), Ok(None));
        assert_eq!(ledger.raise_generation(), Ok(2));
    }

    #[test]
    fn what_is_no_ledger_is_told_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        assert!(matches!(look(&path, false), Err(LedgerError::Open { .. })));
        assert!(!path.exists());
        fs::write(&path, vec![b'x'; 8192]).unwrap();
        let before = files(dir.path());
        assert!(matches!(look(&path, false), Err(LedgerError::Damaged { .. })));
        assert_eq!(files(dir.path()), before);
    }

    #[test]
    fn a_ledger_of_a_later_version_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        let ledger = Ledger::open(&path).unwrap();
        let later = schema::version() + 1;
        ledger.connection().pragma_update(None, "user_version", later).unwrap();
        drop(ledger);
        let newer = look(&path, false).unwrap_err();
        assert!(matches!(newer, LedgerError::Newer { found, .. } if found == later), "{newer}");
    }
}
