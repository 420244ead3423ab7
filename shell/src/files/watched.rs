//! A file that may be changed while somebody waits for that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::files::{Exposure, FileError, Stamp};

/// A file, and what it was like when it was read or written last. Clones share that.
///
/// Methods look at the disk, and may block.
#[derive(Clone, Debug)]
pub(crate) struct Watched(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    exposure: Exposure,
    /// Or why it could not be used.
    last: Mutex<Option<Result<Stamp, FileError>>>,
}

impl Watched {
    /// The file `path`, at which nobody has looked so far.
    pub(crate) fn new(path: &Path, exposure: Exposure) -> Self {
        Self(Arc::new(Inner { path: path.to_owned(), exposure, last: Mutex::new(None) }))
    }

    /// It is about to be read, or was written by us.
    pub(crate) fn note(&self) {
        let now = self.stamp();
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Whether it is another file than at the last look, or can be used otherwise; this is a look.
    /// The first finds no change.
    pub(crate) fn is_changed(&self) -> bool {
        let now = self.stamp();
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(now);
        before.is_some() && before != *last
    }

    fn stamp(&self) -> Result<Stamp, FileError> {
        Stamp::of_readable(&self.0.path, self.0.exposure)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::files::write_private;

    #[test]
    fn a_file_is_changed_once_by_whatever_may_make_it_readable_or_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let file = Watched::new(&path, Exposure::Nothing);
        assert!(!file.is_changed(), "nobody has looked at it before");
        let mode = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let there = || write_private(&path, b"one").unwrap();
        let another = || write_private(&path, b"two").unwrap();
        let in_place = || fs::write(&path, "longer").unwrap();
        let open = || mode(0o644);
        let closed = || mode(0o600);
        let gone = || fs::remove_file(&path).unwrap();
        let changes: [(&str, &dyn Fn()); 6] = [
            ("made", &there),
            ("replaced", &another),
            ("written in place", &in_place),
            ("opened to others", &open),
            ("closed to others", &closed),
            ("removed", &gone),
        ];
        for (what, change) in changes {
            change();
            assert!(file.is_changed(), "{what}");
            assert!(!file.is_changed(), "{what}, and told before");
        }
    }

    #[test]
    fn what_we_read_or_wrote_ourselves_is_no_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let file = Watched::new(&path, Exposure::Nothing);
        assert!(!file.is_changed());
        write_private(&path, b"ours").unwrap();
        file.note();
        assert!(!file.is_changed());
    }
}
