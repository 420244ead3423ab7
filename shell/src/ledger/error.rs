//! Why a fact was not recorded.

use std::path::PathBuf;

use bowline_core::code::Code;
use bowline_core::facts::Conflict;

use crate::files::FileError;

/// Why the ledger cannot be opened, read or written.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// What was to be recorded does not go with what is: the code says why, and nothing has
    /// changed.
    #[error("not recorded ({code}): {}", .0.row().meaning, code = .0)]
    Refused(Code),
    /// The file cannot be opened or created.
    #[error(
        "cannot open the ledger {}: {reason}. Check that this user may write there, and that the \
         disk has room", .path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        reason: String,
    },
    /// The file, or one on the way to it, cannot be trusted.
    #[error(transparent)]
    File(FileError),
    /// The file is not a ledger, or damaged.
    #[error(
        "the ledger {} is damaged: {reason}; restore it from a backup, or move it away, and every \
         peer is enrolled anew", .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file was written by a later version.
    #[error(
        "the ledger {} has version {found}, and this program knows up to {known}: use the later \
         program that wrote it", .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest that is understood.
        known: i64,
    },
    /// SQLite could not do it: no room, a read-only file, an error of the disk.
    #[error(
        "the ledger could not record or read: {0}. Look at the disk of the data directory: it may \
         be full, read-only or failing"
    )]
    Storage(String),
    /// More requests wait than may; try again later.
    #[error("the ledger is busy: {0} requests wait already")]
    Busy(usize),
    /// The ledger is closed.
    #[error("the ledger is closed")]
    Closed,
    /// Another hub has started on this file since it was opened here: nothing is read into memory
    /// or written by two.
    #[error(
        "another hub has used the ledger since this one started (start {found} of it, and this one \
         is start {own})"
    )]
    Overtaken {
        /// The start that this ledger was opened for.
        own: u64,
        /// The one that the file tells.
        found: u64,
    },
}

bowline_core::debug_as_display!(LedgerError);

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

impl From<Conflict> for LedgerError {
    fn from(conflict: Conflict) -> Self {
        Self::Refused(conflict.code())
    }
}

impl LedgerError {
    /// What the remote is told.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(code) => *code,
            Self::Open { .. }
            | Self::File(_)
            | Self::Damaged { .. }
            | Self::Newer { .. }
            | Self::Storage(_)
            | Self::Busy(_)
            | Self::Closed
            | Self::Overtaken { .. } => Code::Unavailable,
        }
    }
}
