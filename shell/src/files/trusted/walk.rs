//! A path, walked from `/` by descriptor.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, fcntl_getfl, fcntl_setfl, fstat, mkdirat, open,
    openat, readlinkat, statat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::group;
use super::remedy::Remedy;
use super::verdict::{Exposure, FileKind, Flaw, Seen, Who};
use crate::files::FileError;

/// Links that are followed for one path, as many as the system itself follows.
const MOST_LINKS: usize = 40;

/// What becomes of a directory that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is an error.
    Refuse,
    /// It is made, mode 0700.
    Make,
}

/// A directory that was reached, and its real path.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) directory: OwnedFd,
    pub(super) path: PathBuf,
}

/// What a directory is that was reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundDirectory {
    /// Its permission bits.
    pub(crate) mode: u32,
    /// Whether others may write there, as in `/tmp`.
    pub(crate) is_shared: bool,
    /// Whether it is this very user's.
    pub(crate) is_ours: bool,
    /// What is to be done where it must not be shared.
    pub(crate) remedy: Remedy,
}

/// The directory `path`, which belongs to root or to this user, and which nobody else may change;
/// so does each that leads there.
pub(crate) fn directory(path: &Path, missing: Missing) -> Result<FoundDirectory, FileError> {
    let doing = if missing == Missing::Make { "create the directory" } else { "open" };
    let walk = TrustedWalk { to_a_directory: true, ..TrustedWalk::start(path, doing)? };
    let who = walk.who;
    let reached = walk.reach(missing)?;
    let stat = fstat(&reached.directory).map_err(|error| FileError::system(doing, path, error))?;
    let seen = seen(&stat);
    Ok(FoundDirectory {
        mode: seen.mode,
        is_shared: who.is_shared(seen),
        is_ours: seen.uid == who.uid,
        remedy: Remedy::of(path, seen),
    })
}

/// The directory that `path` is to be written in, and the name there. The name is not looked at.
pub(super) fn parent(path: &Path, doing: &'static str) -> Result<(Reached, OsString), FileError> {
    let invalid = || FileError::system(doing, path, Errno::ISDIR);
    let name = path.file_name().ok_or_else(invalid)?.to_owned();
    let mut walk = TrustedWalk::start(path, doing)?;
    walk.ahead.pop_back();
    Ok((walk.reach(Missing::Refuse)?, name))
}

/// Where the links of `path` lead in the end, followed as they are to read it.
pub(crate) fn real(path: &Path) -> Result<PathBuf, FileError> {
    let mut walk = TrustedWalk::start(path, "write")?;
    let (name, _) = walk.last()?;
    Ok(walk.at.path.join(name))
}

/// Opens the file `path` to read it.
pub(crate) fn read(path: &Path, exposure: Exposure) -> Result<File, FileError> {
    if is_descriptor(path) {
        return read_descriptor(path, exposure);
    }
    TrustedWalk::start(path, "read")?.open_file(exposure)
}

/// Whether `path` is a descriptor that this process was started with, such as a shell's `<(…)`: it
/// can be read once.
#[must_use]
pub fn is_descriptor(path: &Path) -> bool {
    let is_number = |name: &OsStr| {
        name.to_str()
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()))
    };
    let folders = ["/dev/fd", "/proc/self/fd"].map(Path::new);
    path == Path::new("/dev/stdin")
        || path.file_name().is_some_and(is_number)
            && path.parent().is_some_and(|parent| folders.contains(&parent))
}

/// Who opens `path`.
pub(super) fn who(path: &Path) -> Who {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let inside = |directory: PathBuf| {
        let plain = path.components().all(|part| part != Component::ParentDir);
        plain && directory.is_absolute() && path.starts_with(&directory)
    };
    Who {
        uid: geteuid().as_raw(),
        group: group::trusted(),
        credential: directory.is_some_and(inside),
    }
}

/// A pipe that is open already is whoever's who started this; a file behind a descriptor is looked
/// at like any other, but for the way to it.
fn read_descriptor(path: &Path, exposure: Exposure) -> Result<File, FileError> {
    let fail = |error| FileError::system("read", path, error);
    // A named pipe whose writers have gone would hold the open up for ever.
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::empty()).map_err(fail)?;
    let flags = fcntl_getfl(&file).map_err(fail)?;
    fcntl_setfl(&file, flags & !OFlags::NONBLOCK).map_err(fail)?;
    let seen = seen(&fstat(&file).map_err(fail)?);
    if seen.kind != FileKind::Pipe {
        who(path).takes(seen, exposure).map_err(|flaw| flawed(path, seen, flaw))?;
    }
    Ok(file.into())
}

/// A path that is being walked.
struct TrustedWalk<'a> {
    /// What was asked for.
    asked: &'a Path,
    doing: &'static str,
    who: Who,
    at: Reached,
    ahead: VecDeque<OsString>,
    /// Whether what was asked for is to be a directory itself.
    to_a_directory: bool,
    links: usize,
}

impl<'a> TrustedWalk<'a> {
    fn start(asked: &'a Path, doing: &'static str) -> Result<Self, FileError> {
        let fail = |error| FileError::system(doing, asked, error);
        let whole =
            std::path::absolute(asked).map_err(|error| FileError::system(doing, asked, error))?;
        let at = root().map_err(fail)?;
        let (who, ahead) = (who(&whole), VecDeque::new());
        let mut walk = Self { asked, doing, who, at, ahead, to_a_directory: false, links: 0 };
        walk.put_ahead(&whole);
        walk.look()?;
        Ok(walk)
    }

    /// Its components go before what is ahead already.
    fn put_ahead(&mut self, path: &Path) {
        for part in path.components().rev() {
            match part {
                Component::Normal(_) | Component::ParentDir => {
                    self.ahead.push_front(part.as_os_str().to_owned());
                }
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
    }

    fn reach(mut self, missing: Missing) -> Result<Reached, FileError> {
        while let Some(name) = self.ahead.pop_front() {
            match self.stat(&name) {
                Ok(seen) if seen.kind == FileKind::Link => self.follow(&name, seen)?,
                Err(Errno::NOENT) if missing == Missing::Make => self.make(&name)?,
                Ok(_) => self.enter(&name)?,
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(self.at)
    }

    fn open_file(mut self, exposure: Exposure) -> Result<File, FileError> {
        let (name, seen) = self.last()?;
        self.open(&name, seen, exposure)
    }

    /// Walks to the directory of what is asked for; its name there, which is no link's.
    fn last(&mut self) -> Result<(OsString, Seen), FileError> {
        while let Some(name) = self.ahead.pop_front() {
            let seen = self.stat(&name).map_err(|error| self.fail(error))?;
            match seen.kind {
                FileKind::Link => self.follow(&name, seen)?,
                _ if !self.ahead.is_empty() => self.enter(&name)?,
                _ => return Ok((name, seen)),
            }
        }
        Err(self.fail(Errno::ISDIR))
    }

    /// Looked at before it is opened, since opening a device may do something, and after, since it
    /// may be another by then.
    fn open(&self, name: &OsStr, found: Seen, exposure: Exposure) -> Result<File, FileError> {
        if found.kind == FileKind::Directory {
            return Err(self.fail(Errno::ISDIR));
        }
        let check = |seen: Seen| {
            let verdict = self.who.takes(seen, exposure);
            verdict.map_err(|flaw| flawed(self.asked, seen, flaw))
        };
        check(found)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.at.directory, name, flags, Mode::empty());
        let file = file.map_err(|error| self.fail(error))?;
        check(seen(&fstat(&file).map_err(|error| self.fail(error))?))?;
        Ok(file.into())
    }

    fn stat(&self, name: &OsStr) -> Result<Seen, Errno> {
        statat(&self.at.directory, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| seen(&stat))
    }

    fn follow(&mut self, name: &OsStr, link: Seen) -> Result<(), FileError> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(self.fail(Errno::LOOP));
        }
        let path = self.at.path.join(name);
        self.who.passes(link).map_err(|flaw| flawed(&path, link, flaw))?;
        let target = readlinkat(&self.at.directory, name, Vec::new());
        let target = target.map_err(|error| self.fail(error))?.into_bytes();
        let target = PathBuf::from(OsString::from_vec(target));
        if target.is_absolute() {
            self.at = root().map_err(|error| self.fail(error))?;
        }
        self.put_ahead(&target);
        Ok(())
    }

    fn enter(&mut self, name: &OsStr) -> Result<(), FileError> {
        match openat(&self.at.directory, name, DIRECTORY, Mode::empty()) {
            Ok(directory) => {
                let path = match name == ".." {
                    true => self.at.path.parent().unwrap_or(&self.at.path).to_owned(),
                    false => self.at.path.join(name),
                };
                self.at = Reached { directory, path };
                self.look()
            }
            Err(Errno::NOTDIR) if self.ahead.is_empty() && self.to_a_directory => {
                Err(FileError::NotADirectory { path: self.asked.to_owned() })
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn make(&mut self, name: &OsStr) -> Result<(), FileError> {
        match mkdirat(&self.at.directory, name, Mode::RWXU) {
            // Another process made it meanwhile; who it belongs to is looked at in any case.
            Ok(()) | Err(Errno::EXIST) => self.enter(name),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Looks at the directory that was reached.
    fn look(&self) -> Result<(), FileError> {
        let seen = seen(&fstat(&self.at.directory).map_err(|error| self.fail(error))?);
        self.who.passes(seen).map_err(|flaw| flawed(&self.at.path, seen, flaw))
    }

    fn fail(&self, error: Errno) -> FileError {
        FileError::system(self.doing, self.asked, error)
    }
}

fn root() -> Result<Reached, Errno> {
    let directory = openat(CWD, "/", DIRECTORY, Mode::empty())?;
    Ok(Reached { directory, path: PathBuf::from("/") })
}

pub(super) fn seen(stat: &Stat) -> Seen {
    // The types of the fields differ between systems.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let raw = stat.st_mode as u32;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Link,
        FileType::RegularFile => FileKind::Regular,
        FileType::Fifo => FileKind::Pipe,
        FileType::Socket => FileKind::Socket,
        _ => FileKind::Device,
    };
    Seen { kind, uid: stat.st_uid, gid: stat.st_gid, mode: raw & 0o7777 }
}

/// What a flaw of `path` is to a person.
pub(super) fn flawed(path: &Path, seen: Seen, flaw: Flaw) -> FileError {
    let (remedy, path, mode) = (Remedy::of(path, seen), path.to_owned(), seen.mode);
    match flaw {
        Flaw::Read => FileError::Exposed { path, mode, what: "read", remedy },
        Flaw::Change => FileError::Exposed { path, mode, what: "change", remedy },
        Flaw::Owner => FileError::Foreign { path, owner: seen.uid, own: geteuid().as_raw() },
        Flaw::Kind(what) => FileError::NotAFile { path, what },
    }
}

/// To go through a directory takes no right to list it where the system can tell the two apart.
#[cfg(target_os = "linux")]
const DIRECTORY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[cfg(test)]
mod tests;
