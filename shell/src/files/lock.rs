//! One hub, and one peer that serves, for each data directory: a lock that ends with its process,
//! however that ends.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::files::trusted::Place;
use crate::files::{DataDir, FileError};

/// The lock on a data directory; dropping it lets go.
#[derive(Debug)]
#[must_use = "the directory is locked only while this lives"]
pub struct DirLock {
    /// The file stays when the lock goes: removing it would let two processes lock two files of
    /// one name.
    file: File,
}

impl DirLock {
    /// Takes a hub's lock, and says in it who holds it.
    ///
    /// # Errors
    /// [`FileError::Locked`] at once where another process holds it, or the system's.
    pub fn take(dir: &DataDir) -> Result<Self, FileError> {
        let held = |pid| FileError::Locked { path: dir.path().to_owned(), pid };
        Self::at(&dir.lock_file(), held)
    }

    /// Takes the lock of a peer that serves, and says in it who holds it. Whoever only calls from
    /// the directory needs none.
    ///
    /// # Errors
    /// [`FileError::Serving`] at once where another process holds it, or the system's.
    pub fn serve(dir: &DataDir) -> Result<Self, FileError> {
        let held = |pid| FileError::Serving { path: dir.path().to_owned(), pid };
        Self::at(&dir.serving_lock(), held)
    }

    fn at(path: &Path, held: impl FnOnce(Option<u32>) -> FileError) -> Result<Self, FileError> {
        let fail = |error| FileError::system("lock", path, error);
        let mut file = open_lock(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(held(holder(&mut file))),
            Err(error) => return Err(fail(error.into())),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(fail)?;
        Ok(Self { file })
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock with a child that was just forked, until it runs its
        // own program. Should this fail, closing still lets go soon.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// Opens a file to lock, created with mode 0600 if it is not there; its content is left alone.
pub(crate) fn open_lock(path: &Path) -> Result<File, FileError> {
    Place::of(path, "lock")?.open("lock")
}

/// Who holds the lock, if they have said so yet.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_hub_on_the_same_directory_is_refused_and_told_who_holds_it() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        let lock = DirLock::take(&dir).unwrap();
        let pid = Some(std::process::id());
        let refused = FileError::Locked { path: dir.path().to_owned(), pid };
        assert_eq!(DirLock::take(&dir).unwrap_err(), refused);
        let sentence = refused.to_string();
        assert!(sentence.contains("another hub (process") && sentence.contains("--data"));
        drop(lock);
        assert!(DirLock::take(&dir).is_ok());
    }

    #[test]
    fn a_second_peer_that_serves_is_refused_and_told_who_does_and_a_hub_is_not() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        let lock = DirLock::serve(&dir).unwrap();
        let pid = Some(std::process::id());
        let refused = FileError::Serving { path: dir.path().to_owned(), pid };
        assert_eq!(DirLock::serve(&dir).unwrap_err(), refused);
        assert!(DirLock::take(&dir).is_ok());
        drop(lock);
        assert!(DirLock::serve(&dir).is_ok());
    }
}
