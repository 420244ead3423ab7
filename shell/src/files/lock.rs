//! One hub, and one peer that serves, for each data directory: a lock that ends with its process,
//! however that ends.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock, fstat};
use rustix::io::Errno;

use crate::files::trusted::{self, WritePlace};
use crate::files::{DataDir, Exposure, FileError, Stamp};

/// The lock on a data directory; dropping it lets go.
#[derive(Debug)]
#[must_use = "the directory is locked only while this lives"]
pub struct DirLock {
    /// The file stays when the lock goes: removing it would let two processes lock two files of
    /// one name.
    file: File,
    /// The directory itself, where it is locked too.
    directory: Option<OwnedFd>,
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process, if it has said so yet.
    pub pid: Option<u32>,
}

/// How often somebody who only looks may be met by chance, and how long they take at most.
const LOOKERS: (usize, Duration) = (3, Duration::from_millis(10));

impl DirLock {
    /// Takes a hub's lock, and says in it who holds it.
    ///
    /// # Errors
    /// [`FileError::Locked`] at once where another process holds it, or the system's.
    pub fn take(dir: &DataDir) -> Result<Self, FileError> {
        let held = |pid| FileError::Locked { path: dir.path().to_owned(), pid };
        let path = dir.lock_file();
        let (lock, _) = Self::lock(&path, held)?;
        lock.sign(&path)
    }

    /// Takes the lock of a peer that serves, and says in it who holds it. Whoever only calls from
    /// the directory needs none. The directory itself is locked too, by nobody else: with the file
    /// removed, a second peer is refused all the same. Where the file system locks no directory,
    /// the file alone counts.
    ///
    /// # Errors
    /// [`FileError::Serving`] at once where another process holds it, or the system's.
    pub fn serve(dir: &DataDir) -> Result<Self, FileError> {
        let held = |pid| FileError::Serving { path: dir.path().to_owned(), pid };
        let path = dir.serving_lock();
        let (mut lock, place) = Self::lock(&path, held)?;
        lock.directory = match place.open_directory() {
            Err(_) => None,
            Ok(directory) => match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Some(directory),
                Err(Errno::WOULDBLOCK) => return Err(held(holder(&mut lock.file))),
                Err(_) => None,
            },
        };
        lock.sign(&path)
    }

    /// Whether a hub runs on this directory, by its lock and not by what it left behind: the number
    /// of a process that ended may be another's. Nothing is changed.
    ///
    /// # Errors
    /// The system's.
    pub fn holder(dir: &DataDir) -> Result<Option<Holder>, FileError> {
        let path = dir.lock_file();
        let mut file = match trusted::read(&path, Exposure::Readable) {
            Err(error) if error.is_not_found() => return Ok(None),
            opened => opened?,
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => {
                // Closing lets go, too.
                let _ = flock(&file, FlockOperation::Unlock);
                Ok(None)
            }
            Err(Errno::WOULDBLOCK) => Ok(Some(Holder { pid: holder(&mut file) })),
            Err(error) => Err(FileError::system("lock", &path, error)),
        }
    }

    /// Whether what this holds is still the hub's lock of the directory, and no file that was
    /// moved away or replaced.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn is_at(&self, dir: &DataDir) -> Result<bool, FileError> {
        let path = dir.lock_file();
        let held = fstat(&self.file).map_err(|error| FileError::system("lock", &path, error))?;
        Ok(Stamp::of(&path)?.is_some_and(|now| now.is_same(&Stamp::from(held))))
    }

    fn lock(
        path: &Path,
        held: impl FnOnce(Option<u32>) -> FileError,
    ) -> Result<(Self, WritePlace), FileError> {
        let place = WritePlace::of(path, "lock")?;
        let mut file = place.open("lock")?;
        let (mut lookers, moment) = LOOKERS;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok((Self { file, directory: None }, place)),
                Err(Errno::WOULDBLOCK) if lookers > 0 => lookers -= 1,
                Err(Errno::WOULDBLOCK) => return Err(held(holder(&mut file))),
                Err(error) => return Err(FileError::system("lock", path, error)),
            }
            thread::sleep(moment);
        }
    }

    /// Says in the file who holds it.
    fn sign(mut self, path: &Path) -> Result<Self, FileError> {
        let signed = self.file.set_len(0);
        signed
            .and_then(|()| writeln!(self.file, "{}", std::process::id()))
            .map_err(|error| FileError::system("lock", path, error))?;
        Ok(self)
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock with a child that was just forked, until it runs its
        // own program. Should this fail, closing still lets go soon.
        let _ = flock(&self.file, FlockOperation::Unlock);
        if let Some(directory) = &self.directory {
            let _ = flock(directory, FlockOperation::Unlock);
        }
    }
}

/// Opens a file to lock, created with mode 0600 if it is not there; its content is left alone.
pub(crate) fn open_lock(path: &Path) -> Result<File, FileError> {
    WritePlace::of(path, "lock")?.open("lock")
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
        assert_eq!(DirLock::holder(&dir), Ok(Some(Holder { pid })));
        drop(lock);
        // What it wrote is there still, and says nothing.
        assert_eq!(DirLock::holder(&dir), Ok(None));
        assert!(DirLock::take(&dir).is_ok());
    }

    #[test]
    fn whoever_only_looks_is_in_nobodys_way() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        assert_eq!(DirLock::holder(&dir), Ok(None));
        assert!(!dir.lock_file().exists());
        drop(DirLock::take(&dir).unwrap());
        let looks = thread::spawn({
            let dir = dir.clone();
            move || (0..2000).for_each(|_| drop(DirLock::holder(&dir)))
        });
        while !looks.is_finished() {
            drop(DirLock::take(&dir).unwrap());
        }
        looks.join().unwrap();
    }

    #[test]
    fn a_lock_knows_whether_its_file_is_still_the_directorys() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        let lock = DirLock::take(&dir).unwrap();
        assert_eq!(lock.is_at(&dir), Ok(true));
        std::fs::remove_file(dir.lock_file()).unwrap();
        assert_eq!(lock.is_at(&dir), Ok(false));
        let anew = DirLock::take(&dir).unwrap();
        assert_eq!((lock.is_at(&dir), anew.is_at(&dir)), (Ok(false), Ok(true)));
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

    #[test]
    fn the_directory_is_locked_too_where_the_file_was_removed_or_the_directory_renamed() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(&base.path().join("a")).unwrap();
        let lock = DirLock::serve(&dir).unwrap();
        std::fs::remove_file(dir.serving_lock()).unwrap();
        // Nobody knows any more which process it is.
        let refused = FileError::Serving { path: dir.path().to_owned(), pid: None };
        assert_eq!(DirLock::serve(&dir).unwrap_err(), refused);
        assert_eq!(DirLock::serve(&dir).unwrap_err(), refused);
        assert!(refused.to_string().contains("another peer serves from"));
        std::fs::rename(dir.path(), base.path().join("b")).unwrap();
        let renamed = DataDir::open(&base.path().join("b")).unwrap();
        assert!(matches!(DirLock::serve(&renamed), Err(FileError::Serving { .. })));
        assert!(DirLock::take(&renamed).is_ok());
        drop(lock);
        assert!(DirLock::serve(&renamed).is_ok());
    }
}
