//! A place to write at: a directory, held by its descriptor, and a name in it.
//!
//! No link is followed at the name: what is written there is made new, or takes the place of what
//! was there, link or file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Mode, OFlags, Stat, fchmod, fstat, fsync, linkat, mkdirat, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::verdict::{FileKind, Seen};
use super::walk::{Reached, flawed, parent, seen, who};
use crate::files::FileError;

/// Where something is written.
#[derive(Debug)]
pub(crate) struct WritePlace {
    reached: Reached,
    name: OsString,
}

impl WritePlace {
    /// Walks to the directory of `path`, which must be there.
    pub(crate) fn of(path: &Path, doing: &'static str) -> Result<Self, FileError> {
        let (reached, name) = parent(path, doing)?;
        Ok(Self { reached, name })
    }

    /// The name in its directory.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Its path, without links.
    pub(crate) fn path(&self) -> PathBuf {
        self.reached.path.join(&self.name)
    }

    /// A new file `name` beside it, mode 0600.
    pub(crate) fn create(&self, name: &OsStr) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(&self.reached.directory, name, flags, PRIVATE).map(File::from)
    }

    /// The file itself, to read and write: made with mode 0600 where it is not there, never
    /// emptied. It has to be a regular file that nobody else may change. One of our own that a
    /// mount gave to the trusted group is closed again.
    pub(crate) fn open(&self, doing: &'static str) -> Result<File, FileError> {
        let path = self.path();
        let fail = |error| FileError::system(doing, &path, error);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.reached.directory, &*self.name, flags, PRIVATE) {
            Err(Errno::LOOP) => return Err(FileError::NotAFile { path, what: "a link" }),
            opened => opened.map_err(fail)?,
        };
        let seen = seen(&fstat(&file).map_err(fail)?);
        let who = who(&path);
        who.writes(seen).map_err(|flaw| flawed(&path, seen, flaw))?;
        // SQLite gives the files that it makes beside a ledger the ledger's mode, but not its
        // group.
        if seen.uid == who.uid && who.lets_in(seen) {
            fchmod(&file, PRIVATE).map_err(fail)?;
        }
        Ok(file.into())
    }

    /// The same of what is there, without opening it; nothing is no fault.
    pub(crate) fn look(&self, doing: &'static str) -> Result<(), FileError> {
        let path = self.path();
        match self.seen() {
            Ok(seen) if seen.kind == FileKind::Link => {
                Err(FileError::NotAFile { path, what: "a link" })
            }
            Ok(seen) => who(&path).writes(seen).map_err(|flaw| flawed(&path, seen, flaw)),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(FileError::system(doing, &path, error)),
        }
    }

    /// Whether anything is there.
    pub(crate) fn is_there(&self) -> Result<bool, Errno> {
        self.stat().map(|found| found.is_some())
    }

    /// Makes the directory, mode 0700, unless something is there.
    pub(crate) fn make_directory(&self) -> Result<(), Errno> {
        match mkdirat(&self.reached.directory, &*self.name, Mode::RWXU) {
            Err(Errno::EXIST) => Ok(()),
            made => made,
        }
    }

    /// Closes the directory, which is this very user's, to everybody else.
    pub(crate) fn close_directory(&self) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = openat(&self.reached.directory, &*self.name, flags, Mode::empty())?;
        match fstat(&directory)?.st_uid == geteuid().as_raw() {
            true => fchmod(&directory, Mode::RWXU),
            false => Err(Errno::PERM),
        }
    }

    /// Takes the directory away, if it is empty.
    pub(crate) fn remove_directory(&self) -> Result<(), Errno> {
        unlinkat(&self.reached.directory, &*self.name, AtFlags::REMOVEDIR)
    }

    /// Whether it is a directory of this very user's that nobody else enters, and no link to one.
    pub(crate) fn is_closed(&self) -> Result<bool, Errno> {
        let seen = self.seen()?;
        let ours = seen.uid == geteuid().as_raw();
        Ok(seen.kind == FileKind::Directory && ours && seen.mode & 0o077 == 0)
    }

    /// What the system says of it; none where nothing is there.
    pub(crate) fn stat(&self) -> Result<Option<Stat>, Errno> {
        match statat(&self.reached.directory, &*self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            found => found.map(Some),
        }
    }

    /// What the system says of its directory.
    pub(crate) fn directory_stat(&self) -> Result<Stat, Errno> {
        fstat(&self.reached.directory)
    }

    fn seen(&self) -> Result<Seen, Errno> {
        self.stat()?.map(|stat| seen(&stat)).ok_or(Errno::NOENT)
    }

    /// What stands at `from` beside it takes its place.
    pub(crate) fn take_over(&self, from: &OsStr) -> Result<(), Errno> {
        renameat(&self.reached.directory, from, &self.reached.directory, &*self.name)
    }

    /// What stands at `from` beside it stands here too, unless something does already.
    pub(crate) fn link(&self, from: &OsStr) -> Result<(), Errno> {
        let directory = &self.reached.directory;
        linkat(directory, from, directory, &*self.name, AtFlags::empty())
    }

    /// Takes away what stands at `name` beside it.
    pub(crate) fn unlink(&self, name: &OsStr) -> Result<(), Errno> {
        unlinkat(&self.reached.directory, name, AtFlags::empty())
    }

    /// Makes a rename or link last through a loss of power.
    pub(crate) fn sync(&self) -> Result<(), Errno> {
        fsync(self.open_directory()?)
    }

    /// Its directory, opened to be listed or locked; to go through it takes no such right.
    pub(crate) fn open_directory(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.reached.directory, ".", flags, Mode::empty())
    }
}

const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);
