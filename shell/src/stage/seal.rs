//! Descriptors above the standard streams, which a program must not inherit: they are closed.
//!
//! Ours are all close-on-exec. What is left was open when we were started: a lock, a log or a
//! socket of whoever started us.

use std::io;

use nix::errno::Errno;
use nix::unistd::close;
use rustix::process::{Resource, getrlimit};

/// Closes every descriptor above 2. For a process that has opened none itself: nobody else's
/// handle may stand for one of them.
pub(super) fn close_inherited() -> io::Result<()> {
    match listed() {
        Ok(open) => close_each(open.into_iter()),
        Err(_) => close_each(3..most()),
    }
}

/// The descriptors that the system lists, without the one that the list was read by.
#[cfg(not(bowline_portable))]
fn listed() -> io::Result<Vec<i32>> {
    let list = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let mut open = Vec::new();
    for entry in std::fs::read_dir(list)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        open.push(number.ok_or(io::ErrorKind::InvalidData)?);
    }
    Ok(open)
}

/// Where there is no list: each number there can be.
#[cfg(bowline_portable)]
fn listed() -> io::Result<Vec<i32>> {
    Err(io::ErrorKind::Unsupported.into())
}

fn close_each(open: impl Iterator<Item = i32>) -> io::Result<()> {
    for descriptor in open.filter(|descriptor| *descriptor > 2) {
        match close(descriptor) {
            // It is closed all the same (Linux), or was the list's own.
            Ok(()) | Err(Errno::EBADF | Errno::EINTR) => {}
            // What was written through it may be lost, and it is closed.
            Err(Errno::EIO | Errno::ENOSPC | Errno::EDQUOT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One above the highest descriptor there can be; where that has no limit, above any in practice.
fn most() -> i32 {
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(UNLIMITED);
    i32::try_from(limit.min(UNLIMITED)).unwrap_or(i32::MAX)
}

const UNLIMITED: u64 = 1 << 20;
