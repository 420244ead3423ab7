//! What can go wrong with a file, and what to do about it.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bowline_core::text::Escaped;

use crate::files::{Remedy, trusted};

/// A file or directory that cannot be used.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Neither `XDG_DATA_HOME` nor `HOME` says where data lives.
    #[error("no home directory is known (HOME is not set): say where to keep data with --data DIR")]
    NoHome,
    /// The system refused.
    #[error("cannot {doing} {}: {reason}{}", shown(.path), remedy(*.kind))]
    System {
        /// "read", "create", "write", …
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why, as far as programs look at it.
        kind: io::ErrorKind,
        /// What the system said.
        reason: String,
    },
    /// A private file that others may use.
    #[error(
        "{} has mode {mode:04o}: other users may {what} it; {}", shown(.path), remedy.advice(path)
    )]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// "read" or "change".
        what: &'static str,
        /// What to do about it.
        remedy: Remedy,
    },
    /// A file, directory or link on the way that is somebody else's.
    #[error(
        "{} belongs to user {owner}, who decides what is there, and this runs as {}: run it as that \
         user ('sudo -u {}'), or keep its files elsewhere; if what is there is yours, run 'chown -h \
         {own} {}'", shown(.path), user(*.own), sudo(*.owner), word(path)
    )]
    Foreign {
        /// The file, directory or link.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user that this runs as.
        own: u32,
    },
    /// A group that cannot be trusted.
    #[error("--trusted-group (trusted-group in the configuration) '{group}': {reason}")]
    Group {
        /// As it was named.
        group: String,
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// Something in the place of a file.
    #[error(
        "{} is {what}, not a file: name a regular file ('-' is standard input, where a flag takes \
         it)", shown(.path)
    )]
    NotAFile {
        /// What was named.
        path: PathBuf,
        /// "a pipe", "a link", …
        what: &'static str,
    },
    /// A file far larger than a key can be.
    #[error("{} is larger than {limit} bytes: it is not the file that belongs here", shown(.path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// In bytes.
        limit: usize,
    },
    /// A data directory that is a file.
    #[error("{} is not a directory: give another with --data DIR", shown(.path))]
    NotADirectory {
        /// What was named.
        path: PathBuf,
    },
    /// Another hub runs on the same data directory.
    #[error(
        "another hub{} is running on {}: stop it, or give this one a directory of its own with \
         --data DIR", holder(.pid), shown(.path)
    )]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// Of the process that holds it, if it said.
        pid: Option<u32>,
    },
    /// Another peer serves from the same data directory.
    #[error(
        "another peer{} serves from {}: a second one with the same key and id would take its place and \
         end what it runs. Stop that one, or give this one a directory of its own with --data DIR",
        holder(.pid), shown(.path)
    )]
    Serving {
        /// The data directory.
        path: PathBuf,
        /// Of the process that holds it, if it said.
        pid: Option<u32>,
    },
    /// A private key that only a pass phrase opens.
    #[error(
        "{} holds an encrypted key, and nobody is asked for its pass phrase: run 'openssl pkey -in {} \
         -out {}', and put what that writes in its place", .path.display(), word(path), decrypted(path)
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// A file whose content is not what belongs there.
    #[error("{}: {reason}", shown(.path))]
    Content {
        /// The file.
        path: PathBuf,
        /// What was expected; never what was found in it.
        reason: String,
    },
}

bowline_core::debug_as_display!(FileError);

impl FileError {
    /// Wraps what the system said about `path`.
    pub(crate) fn system(doing: &'static str, path: &Path, error: impl Into<io::Error>) -> Self {
        let error = error.into();
        Self::System { doing, path: path.to_owned(), kind: error.kind(), reason: error.to_string() }
    }

    /// Whether the file is simply not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::System { kind: io::ErrorKind::NotFound, .. })
    }
}

/// What to do about the system's reason, where there is something to say.
fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => ". Check the path",
        io::ErrorKind::PermissionDenied => ". Run this as the user who owns it, or name another",
        io::ErrorKind::ReadOnlyFilesystem => {
            ". Make its file system writable, or keep the data elsewhere with --data DIR"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            ". Make room there, or keep the data elsewhere with --data DIR"
        }
        _ => "",
    }
}

fn user(own: u32) -> String {
    match own {
        0 => "root".to_owned(),
        own => format!("user {own}"),
    }
}

/// A user for `sudo -u`, as a word of a shell's: by a number where there is no plain name.
fn sudo(uid: u32) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name = trusted::user(uid).filter(|name| name.chars().all(is_plain));
    bowline_core::word::word(name.unwrap_or_else(|| format!("#{uid}")).as_bytes())
}

/// The path within a line, whatever is in its name.
pub(crate) fn shown(path: &Path) -> String {
    Escaped(&path.display().to_string()).to_string()
}

/// The path as a word of a shell's.
#[must_use]
pub fn word(path: &Path) -> String {
    bowline_core::word::file(path.as_os_str().as_bytes())
}

/// Where a key goes that is decrypted, as a word of a shell's.
fn decrypted(path: &Path) -> String {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".plain");
    word(Path::new(&beside))
}

fn holder(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
