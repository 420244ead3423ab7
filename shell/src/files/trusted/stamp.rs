//! Which file stands at a path, so that another one in its place is noticed.

use std::path::Path;

use rustix::fs::{Stat, fstat};

use super::WritePlace;
use super::verdict::Exposure;
use super::walk::read;
use crate::files::FileError;

/// What the system says of a file or directory. Two are equal where they are of the same file, and
/// neither its content nor its owner or mode was changed between them: any of these changes the
/// time of the last change of status (POSIX, "File Times Update").
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(Stat);

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        let changed = |stat: &Stat| (stat.st_ctime, stat.st_ctime_nsec, stat.st_size);
        self.is_same(other) && changed(&self.0) == changed(&other.0)
    }
}

impl Eq for Stamp {}

impl From<Stat> for Stamp {
    fn from(stat: Stat) -> Self {
        Self(stat)
    }
}

impl Stamp {
    /// Of the file that `path` leads to: it is opened as for reading, and not read.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn of_readable(path: &Path, exposure: Exposure) -> Result<Self, FileError> {
        let stat = fstat(read(path, exposure)?);
        stat.map(Self).map_err(|error| FileError::system("look at", path, error))
    }

    /// Of what stands at `path`, links not followed at its name; none where nothing does.
    ///
    /// # Errors
    /// Its directory is not there or cannot be trusted, or the system's.
    pub(crate) fn of(path: &Path) -> Result<Option<Self>, FileError> {
        let stat = WritePlace::of(path, "look at")?.stat();
        let stat = stat.map_err(|error| FileError::system("look at", path, error))?;
        Ok(stat.map(Self))
    }

    /// Of what has to stand at `path`.
    ///
    /// # Errors
    /// As [`Stamp::of`], and where nothing does.
    pub(crate) fn expect(path: &Path) -> Result<Self, FileError> {
        let missing = || FileError::system("look at", path, std::io::ErrorKind::NotFound);
        Self::of(path)?.ok_or_else(missing)
    }

    /// Of the directory that `path` is in.
    ///
    /// # Errors
    /// As [`Stamp::of`].
    pub(crate) fn of_directory(path: &Path) -> Result<Self, FileError> {
        let stat = WritePlace::of(path, "look at")?.directory_stat();
        stat.map(Self).map_err(|error| FileError::system("look at", path, error))
    }

    /// Whether it is the same file. A number is given again only once nobody holds the file open.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.0.st_dev, self.0.st_ino) == (other.0.st_dev, other.0.st_ino)
    }

    /// Whether the same file stands at `path`, and nobody has written to it since.
    ///
    /// # Errors
    /// As [`Stamp::of`].
    pub(crate) fn is_unchanged(&self, path: &Path) -> Result<bool, FileError> {
        Ok(Self::of(path)? == Some(*self))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_told_from_another_in_its_place_and_from_one_that_was_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(Stamp::of(&path).unwrap().is_none());
        assert!(Stamp::expect(&path).unwrap_err().is_not_found());
        fs::write(&path, "a").unwrap();
        let held = fs::File::open(&path).unwrap();
        let first = Stamp::expect(&path).unwrap();
        assert!(first.is_unchanged(&path).unwrap());
        fs::write(&path, "longer").unwrap();
        assert!(first.is_same(&Stamp::expect(&path).unwrap()));
        assert!(!first.is_unchanged(&path).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!first.is_unchanged(&path).unwrap());
        fs::write(&path, "a").unwrap();
        assert!(!first.is_same(&Stamp::expect(&path).unwrap()));
        drop(held);
        let own = Stamp::of_directory(&path).unwrap();
        assert!(own.is_same(&Stamp::expect(dir.path()).unwrap()));
        assert!(Stamp::of(&path.join("below")).is_err());
    }
}
