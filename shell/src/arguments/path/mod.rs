//! Paths that stay below a root, whatever stands on the disk.
//!
//! What exists of the path is resolved through its links, each step by descriptor, and must still
//! be below the resolved root; what does not exist yet is added as it was written, and holds no
//! `..`. A path that is handed on as text is looked up again by the program: whoever can write
//! below the root can swap a directory for a link between the two, and a root is no prison for
//! those who may change it. A descriptor that is handed on is what was resolved, for good.
//!
//! [`walk`] is the resolution, [`open`] opens what it finds, where it can by the system's own way
//! (`openat2`), and [`risk`] tells which roots are no bound.

mod open;
pub(crate) mod risk;
mod walk;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use crate::arguments::ArgumentError;
use walk::{ArgumentWalk, Root};

/// What a program may do with the descriptor that it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Read a file or directory that exists.
    #[default]
    Read,
    /// Write a file from its beginning; it is made where it does not exist, and not cut.
    Write,
    /// Write behind what a file has; it is made where it does not exist.
    Append,
}

impl Access {
    /// The spelling in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Append => "append",
        }
    }
}

/// Why a path is not taken.
#[derive(Debug)]
enum Refused {
    /// It leads outside of its root.
    Outside,
    /// It is neither a file nor, to be read, a directory.
    Kind,
    /// It cannot be looked at or opened.
    System(io::Error),
}

impl From<Errno> for Refused {
    fn from(error: Errno) -> Self {
        match error {
            Errno::XDEV => Self::Outside,
            error => Self::System(error.into()),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Refused {
    fn of(self, name: &str) -> ArgumentError {
        let name = name.to_owned();
        match self {
            Self::Outside => ArgumentError::Outside { name },
            Self::Kind => ArgumentError::Kind { name },
            Self::System(error) => ArgumentError::Unchecked { name, reason: error.to_string() },
        }
    }
}

/// The absolute path of `text` below `root`, links resolved.
///
/// `text` is relative to the root, or absolute and below it as written.
pub(crate) fn below_root(name: &str, root: &Path, text: &str) -> Result<PathBuf, ArgumentError> {
    let resolved = || {
        let below = relative(root, text)?;
        let root = Root::open(root)?;
        let mut walk = ArgumentWalk::new(&root);
        let place = walk.to(below)?;
        Ok(walk.path_of(&place))
    };
    resolved().map_err(|refused: Refused| refused.of(name))
}

/// The same, opened.
pub(crate) fn open_below_root(
    name: &str,
    root: &Path,
    text: &str,
    access: Access,
) -> Result<OwnedFd, ArgumentError> {
    let opened = || {
        let below = relative(root, text)?;
        open::open(&Root::open(root)?, below, access)
    };
    opened().map_err(|refused: Refused| refused.of(name))
}

/// What is below the root as written.
fn relative<'a>(root: &Path, text: &'a str) -> Result<&'a Path, Refused> {
    let written = Path::new(text);
    let below = if written.is_absolute() {
        written.strip_prefix(root).map_err(|_| Refused::Outside)?
    } else {
        written
    };
    let stays = below.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if text.is_empty() || !stays { Err(Refused::Outside) } else { Ok(below) }
}

#[cfg(test)]
mod tests;
