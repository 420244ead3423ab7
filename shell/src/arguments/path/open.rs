//! A file below a root, opened: the program gets what was resolved, whatever stands there later.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, fstat, openat};
use rustix::io::Errno;

use super::walk::{ArgumentWalk, Root, WalkEnd, was_swapped};
use super::{Access, Refused};

/// Opens what `below`, a relative path without `..`, is below `root`.
pub(super) fn open(root: &Root, below: &Path, access: Access) -> Result<OwnedFd, Refused> {
    let opened = match at_once(root, below, access) {
        Some(opened) => opened?,
        None => by_steps(root, below, access)?,
    };
    usable(&opened, access)?;
    // It was there so that a FIFO holds nobody up.
    let flags = fcntl_getfl(&opened)?;
    fcntl_setfl(&opened, flags & !OFlags::NONBLOCK)?;
    Ok(opened)
}

/// By the system, where it can; none where it cannot or will not say.
#[cfg(all(target_os = "linux", not(bowline_portable)))]
fn at_once(root: &Root, below: &Path, access: Access) -> Option<Result<OwnedFd, Refused>> {
    use rustix::fs::{ResolveFlags, openat2};
    let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..TRIES {
        match openat2(root.directory(), below, flags(access), mode(access), resolve) {
            Ok(opened) => return Some(Ok(opened)),
            // Something was renamed meanwhile, and the system does not know whether that matters.
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Not there, or refused by a filter of system calls; or an absolute link, which may
            // lead below the root all the same.
            Err(Errno::NOSYS | Errno::PERM | Errno::XDEV) => return None,
            Err(error) => return Some(Err(error.into())),
        }
    }
    None
}

#[cfg(not(all(target_os = "linux", not(bowline_portable))))]
fn at_once(_: &Root, _: &Path, _: Access) -> Option<Result<OwnedFd, Refused>> {
    None
}

/// By a walk of our own.
pub(super) fn by_steps(root: &Root, below: &Path, access: Access) -> Result<OwnedFd, Refused> {
    let mut walk = ArgumentWalk::new(root);
    let mut place = walk.to(below)?;
    loop {
        let name = match &place {
            WalkEnd::Directory => OsStr::new("."),
            WalkEnd::File(name) => name,
            WalkEnd::Missing(names) => match names.as_slice() {
                [name] if access != Access::Read => name,
                _ => return Err(Errno::NOENT.into()),
            },
        };
        let flags = flags(access) | OFlags::NOFOLLOW;
        match openat(walk.directory(), name, flags, mode(access)) {
            Ok(opened) => return Ok(opened),
            Err(error) if was_swapped(error) && name != "." => {
                let name = name.to_owned();
                place = walk.again(name)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn flags(access: Access) -> OFlags {
    let how = match access {
        Access::Read => OFlags::RDONLY,
        Access::Write => OFlags::WRONLY | OFlags::CREATE,
        Access::Append => OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND,
    };
    how | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC
}

fn mode(access: Access) -> Mode {
    match access {
        Access::Read => Mode::empty(),
        Access::Write | Access::Append => Mode::from_raw_mode(0o666),
    }
}

/// A pipe or a device may wait, or do something, by being opened again.
fn usable(opened: impl AsFd, access: Access) -> Result<(), Refused> {
    let kind = FileType::from_raw_mode(fstat(opened)?.st_mode as _);
    match (kind, access) {
        (FileType::RegularFile, _) | (FileType::Directory, Access::Read) => Ok(()),
        _ => Err(Refused::Kind),
    }
}

/// Tries while others rename.
#[cfg(all(target_os = "linux", not(bowline_portable)))]
const TRIES: usize = 128;
