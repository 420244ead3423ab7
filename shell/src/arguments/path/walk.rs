//! A walk below a root, each step by descriptor: whoever swaps what stands there meanwhile changes
//! where it arrives, and never leads it outside.
//!
//! A directory is opened without following a link (`O_NOFOLLOW`), a link is read and its text
//! walked like the path itself: `..` leads back to the directory that the walk came through, which
//! it holds open, and an absolute link counts from the root where it names a path below it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;

use super::Refused;

/// The directory that a walk begins at and stays below.
#[derive(Debug)]
pub(super) struct Root {
    /// As it was written, and with its own links resolved.
    texts: [PathBuf; 2],
    directory: OwnedFd,
}

/// Where a walk is.
#[derive(Debug)]
pub(super) struct ArgumentWalk<'a> {
    root: &'a Root,
    /// The directories below the root that lead to this place, open.
    through: Vec<(OsString, OwnedFd)>,
    /// What is still to be walked.
    ahead: VecDeque<OsString>,
    links: usize,
    tries: usize,
}

/// What a walk has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WalkEnd {
    /// The directory in which the walk is.
    Directory,
    /// A file in it that is neither a directory nor a link.
    File(OsString),
    /// Something in it that does not exist, with what was written behind it.
    Missing(Vec<OsString>),
}

impl Root {
    /// The root `path`, which may itself be a link.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let resolved = path.canonicalize()?;
        let directory = openat(CWD, &resolved, STEP & !OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { texts: [path.to_owned(), resolved], directory })
    }

    /// The root's descriptor; one that may only be walked from.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl<'a> ArgumentWalk<'a> {
    pub(super) fn new(root: &'a Root) -> Self {
        Self { root, through: Vec::new(), ahead: VecDeque::new(), links: 0, tries: 0 }
    }

    /// Walks `below`, a relative path without `..`, to its end.
    pub(super) fn to(&mut self, below: &Path) -> Result<WalkEnd, Refused> {
        self.ahead.extend(below.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            _ => None,
        }));
        self.on()
    }

    /// Walks `name` in this place again: it was something else when it was to be opened.
    pub(super) fn again(&mut self, name: OsString) -> Result<WalkEnd, Refused> {
        self.try_again()?;
        self.ahead.push_front(name);
        self.on()
    }

    /// The directory in which the walk is.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.through.last().map_or(self.root.directory(), |(_, directory)| directory.as_fd())
    }

    /// The absolute path of a place.
    pub(super) fn path_of(&self, place: &WalkEnd) -> PathBuf {
        let mut path = self.root.texts[1].clone();
        path.extend(self.through.iter().map(|(name, _)| name));
        match place {
            WalkEnd::Directory => {}
            WalkEnd::File(name) => path.push(name),
            WalkEnd::Missing(names) => path.extend(names),
        }
        path
    }

    fn on(&mut self) -> Result<WalkEnd, Refused> {
        while let Some(name) = self.ahead.pop_front() {
            if name == ".." {
                // Beyond the root there is nothing.
                self.through.pop().ok_or(Refused::Outside)?;
                continue;
            }
            let found = match statat(self.directory(), &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => FileType::from_raw_mode(found.st_mode as _),
                Err(Errno::NOENT) => return self.missing(name),
                Err(error) => return Err(error.into()),
            };
            match found {
                FileType::Symlink => self.follow(name)?,
                FileType::Directory => self.enter(name)?,
                _ if self.ahead.is_empty() => return Ok(WalkEnd::File(name)),
                _ => return Err(Errno::NOTDIR.into()),
            }
        }
        Ok(WalkEnd::Directory)
    }

    fn missing(&mut self, name: OsString) -> Result<WalkEnd, Refused> {
        let names: Vec<_> = [name].into_iter().chain(self.ahead.drain(..)).collect();
        // The rest of a link may climb.
        if names.iter().any(|name| name == "..") {
            return Err(Refused::Outside);
        }
        Ok(WalkEnd::Missing(names))
    }

    fn enter(&mut self, name: OsString) -> Result<(), Refused> {
        if self.through.len() == DEPTH {
            return Err(Errno::NAMETOOLONG.into());
        }
        match openat(self.directory(), &name, STEP, Mode::empty()) {
            Ok(directory) => self.through.push((name, directory)),
            Err(error) if was_swapped(error) => {
                self.try_again()?;
                self.ahead.push_front(name);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn follow(&mut self, name: OsString) -> Result<(), Refused> {
        self.links += 1;
        if self.links > LINKS {
            return Err(Errno::LOOP.into());
        }
        let text = match readlinkat(self.directory(), &name, Vec::new()) {
            Ok(text) => text,
            Err(Errno::INVAL) => {
                self.try_again()?;
                self.ahead.push_front(name);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let text = Path::new(OsStr::from_bytes(text.as_bytes()));
        let text = if text.is_absolute() {
            let below = self.root.texts.iter().find_map(|root| text.strip_prefix(root).ok());
            self.through.clear();
            below.ok_or(Refused::Outside)?
        } else {
            text
        };
        for component in text.components().rev() {
            match component {
                Component::Normal(name) => self.ahead.push_front(name.to_owned()),
                Component::ParentDir => self.ahead.push_front("..".into()),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        if self.ahead.len() > AHEAD {
            return Err(Errno::NAMETOOLONG.into());
        }
        Ok(())
    }

    fn try_again(&mut self) -> Result<(), Refused> {
        self.tries += 1;
        if self.tries > TRIES { Err(Errno::AGAIN.into()) } else { Ok(()) }
    }
}

/// Whether something was a directory or a file a moment ago, and is a link or another kind now.
pub(super) fn was_swapped(error: Errno) -> bool {
    // EMLINK is what FreeBSD says of a link.
    matches!(error, Errno::LOOP | Errno::NOTDIR | Errno::MLINK | Errno::NOENT)
}

/// How a directory is opened on the way: where the system can, to be walked from and no more.
#[cfg(target_os = "linux")]
const STEP: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const STEP: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Links in one walk, as the system's own bound.
const LINKS: usize = 40;
/// Directories below the root; each is open during the walk.
const DEPTH: usize = 128;
/// Names that wait to be walked.
const AHEAD: usize = 4096;
/// Times that something may be swapped between two looks.
const TRIES: usize = 128;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_directory_that_has_become_a_link_is_not_entered_but_looked_at_again() {
        let base = tempfile::tempdir().unwrap();
        for name in ["root/inside", "outside"] {
            fs::create_dir_all(base.path().join(name)).unwrap();
        }
        symlink("../outside", base.path().join("root/was-a-directory")).unwrap();
        symlink("inside", base.path().join("root/leads-inside")).unwrap();
        let root = Root::open(&base.path().join("root")).unwrap();
        for (name, leads) in [("was-a-directory", None), ("leads-inside", Some("inside"))] {
            let mut walk = ArgumentWalk::new(&root);
            walk.enter(name.into()).unwrap();
            assert_eq!((walk.through.len(), walk.tries), (0, 1), "{name}");
            let place = walk.on();
            assert_eq!(place.is_ok(), leads.is_some(), "{place:?}");
            let names: Vec<_> = walk.through.iter().map(|(name, _)| name.to_str()).collect();
            assert_eq!(names, Vec::from_iter(leads.map(Some)));
        }
    }

    #[test]
    fn what_is_swapped_at_each_look_is_given_up() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("file"), "").unwrap();
        let root = Root::open(base.path()).unwrap();
        let mut walk = ArgumentWalk::new(&root);
        let given_up = (0..=TRIES).map(|_| walk.again("file".into())).find(Result::is_err);
        assert!(matches!(given_up, Some(Err(Refused::System(_)))), "{given_up:?}");
        assert_eq!(walk.tries, TRIES + 1);
    }
}
