//! A file that somebody names only to be shown what is in it: nothing follows from what it says, so
//! it may be anybody's. It must not be waited for.

use std::fs::File;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fstat, open, stat};

use super::verdict::FileKind;
use super::walk::{is_descriptor, seen};
use crate::files::FileError;
use crate::files::private::{MOST_READABLE, read_bounded};

/// Reads a regular file of anybody's, or what comes through an open descriptor: at most 4 MiB.
///
/// # Errors
/// [`FileError::NotAFile`], [`FileError::TooLarge`], or the system's.
pub fn read_shown(path: &Path) -> Result<Vec<u8>, FileError> {
    read_bounded(open_shown(path)?, path, MOST_READABLE).map(|bytes| bytes.to_vec())
}

/// Looked at before and after it is opened, as every file is.
fn open_shown(path: &Path) -> Result<File, FileError> {
    let fail = |error| FileError::system("read", path, error);
    let is_open = is_descriptor(path);
    let check = |kind| match kind {
        FileKind::Regular | FileKind::Link => Ok(()),
        FileKind::Pipe if is_open => Ok(()),
        FileKind::Directory => Err(fail(rustix::io::Errno::ISDIR)),
        FileKind::Pipe => Err(FileError::NotAFile { path: path.to_owned(), what: "a pipe" }),
        FileKind::Socket => Err(FileError::NotAFile { path: path.to_owned(), what: "a socket" }),
        FileKind::Device => Err(FileError::NotAFile { path: path.to_owned(), what: "a device" }),
    };
    check(seen(&stat(path).map_err(fail)?).kind)?;
    let waits = if is_open { OFlags::empty() } else { OFlags::NONBLOCK };
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC | waits, Mode::empty()).map_err(fail)?;
    check(seen(&fstat(&file).map_err(fail)?).kind)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;

    #[test]
    fn what_is_only_shown_may_be_anybodys_but_is_never_waited_for() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("file");
        std::fs::write(&file, "shown").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(&file, mode).unwrap();
        assert_eq!(read_shown(&file).unwrap(), b"shown");
        let pipe = base.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        for (path, is) in [(&*pipe, "a pipe"), (Path::new("/dev/zero"), "a device")] {
            let refused = read_shown(path);
            assert!(matches!(refused, Err(FileError::NotAFile { what, .. }) if what == is));
        }
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, b"piped").unwrap();
        drop(writer);
        let by_number = format!("/dev/fd/{}", reader.as_raw_fd());
        assert_eq!(read_shown(Path::new(&by_number)).unwrap(), b"piped");
        let large = vec![0; MOST_READABLE + 1];
        std::fs::write(&file, large).unwrap();
        assert!(matches!(read_shown(&file), Err(FileError::TooLarge { .. })));
    }
}
