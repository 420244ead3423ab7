//! What shows that a file is another one than before, or can be used otherwise than before.

use std::path::Path;

use rustix::fs::fstat;

use super::verdict::Exposure;
use super::walk::read;
use crate::files::FileError;

/// A file at one moment, by what the system says of it and not by its content; or why it cannot be
/// used. Another owner or mode counts too, since that may be what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark(Result<Stamp, FileError>);

/// Device, inode, size, and the times of the last change of content and of anything, in seconds and
/// nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// The mark of `path` at this moment: it is opened as for reading, and not read.
pub(crate) fn mark(path: &Path, exposure: Exposure) -> Mark {
    Mark(read(path, exposure).and_then(|file| {
        let stat = fstat(&file).map_err(|error| FileError::system("look at", path, error))?;
        // The types of these differ between systems.
        #[allow(clippy::unnecessary_cast, trivial_numeric_casts)]
        Ok(Stamp {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as i64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        })
    }))
}
