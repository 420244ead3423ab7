//! Private files: written whole or not at all, created so that nobody else can ever read them.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::crash;
use crate::files::trusted::{self, WritePlace};
use crate::files::{Exposure, FileError};

/// The largest key or secret that is read, in bytes.
pub(crate) const MOST_SECRET: usize = 64 << 10;

/// The largest other file that is read, in bytes. The system's bundle of roots is about 220 KiB.
pub(crate) const MOST_READABLE: usize = 4 << 20;

/// Whether [`create_private`] made the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It holds the bytes that were given.
    Made,
    /// It was there already and is as it was.
    Kept,
}

/// Writes `bytes` as the whole content of `path`, mode 0600, in place of what was there.
///
/// Whoever reads the file at any moment, or after a crash, finds the old content or the new.
///
/// # Errors
/// The system's; the file is then as it was.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_whole(path, bytes, PRIVATE)
}

/// The same of what is no secret and for everybody to read, mode 0644.
///
/// # Errors
/// The system's; the file is then as it was.
pub fn write_readable(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_whole(path, bytes, READABLE)
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    crash::point();
    let place = WritePlace::of(path, "write")?;
    let temporary = write_temporary(&place, path, bytes, mode)?;
    crash::point();
    place.take_over(&temporary).map_err(|error| {
        discard(&place, &temporary);
        FileError::system("write", path, error)
    })?;
    crash::point();
    sync(&place, path)
}

/// Moves a private file over another in the same directory, which is gone then.
///
/// # Errors
/// The system's; both are as they were then, but for a directory that could not be brought to the
/// disk.
pub(crate) fn replace_private(from: &Path, to: &Path) -> Result<(), FileError> {
    crash::point();
    let place = WritePlace::of(to, "write")?;
    let name = from.file_name().unwrap_or_default();
    place.take_over(name).map_err(|error| FileError::system("write", to, error))?;
    crash::point();
    sync(&place, to)
}

/// Creates `path` with `bytes`, mode 0600, unless it is there.
///
/// Of several processes that do this at once, one makes the file and the others keep it; none ever
/// sees it half written.
///
/// # Errors
/// The system's; then nothing was created.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<Created, FileError> {
    let place = WritePlace::of(path, "create")?;
    let temporary = write_temporary(&place, path, bytes, PRIVATE)?;
    // Unlike a rename, a link never replaces what is there.
    let linked = place.link(&temporary);
    discard(&place, &temporary);
    match linked {
        Ok(()) => sync(&place, path).map(|()| Created::Made),
        Err(Errno::EXIST) => Ok(Created::Kept),
        Err(error) => Err(FileError::system("create", path, error)),
    }
}

/// Reads a file that other users may do no more with than `exposure` says: at most 64 KiB of what
/// is secret, 4 MiB of what is not.
///
/// # Errors
/// [`FileError::Exposed`], [`FileError::Foreign`] and [`FileError::NotAFile`] where it cannot be
/// trusted, [`FileError::TooLarge`], or the system's.
pub fn read_private(path: &Path, exposure: Exposure) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let limit = match exposure {
        Exposure::Nothing => MOST_SECRET,
        Exposure::Readable => MOST_READABLE,
    };
    read_bounded(&trusted::read(path, exposure)?, path, limit)
}

/// The content of `path`, which is created with the bytes from `make` if it is not there.
///
/// # Errors
/// Those of [`read_private`], [`create_private`], and of `make`.
pub fn load_or_create<E: From<FileError>>(
    path: &Path,
    make: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, E>,
) -> Result<(Zeroizing<Vec<u8>>, Created), E> {
    match read_private(path, Exposure::Nothing) {
        Err(error) if error.is_not_found() => {}
        read => return Ok((read?, Created::Kept)),
    }
    let created = create_private(path, &make()?)?;
    // Read back in both cases: what counts is what the next start will find.
    Ok((read_private(path, Exposure::Nothing)?, created))
}

/// Removes a file; that it is not there is no error.
///
/// # Errors
/// The system's.
pub fn remove(path: &Path) -> Result<(), FileError> {
    let place = match WritePlace::of(path, "remove") {
        Err(error) if error.is_not_found() => return Ok(()),
        place => place?,
    };
    match place.unlink(place.name()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(FileError::system("remove", path, error)),
    }
}

/// Whether anything stands at `path`, in a directory that nobody else may change.
///
/// # Errors
/// Its directory cannot be trusted, or the system's.
pub fn is_there(path: &Path) -> Result<bool, FileError> {
    match WritePlace::of(path, "look for") {
        Ok(place) => place.is_there().map_err(|error| FileError::system("look for", path, error)),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Everything from `source`, up to `limit` bytes; `path` is for the error.
pub(crate) fn read_bounded(
    source: impl Read,
    path: &Path,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    // Room for the largest secret, so that growing leaves no copy of one behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_SECRET + 1));
    source
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| FileError::system("read", path, error))?;
    if bytes.len() > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// A new file beside `path` that holds `bytes` and has reached the disk.
fn write_temporary(
    place: &WritePlace,
    path: &Path,
    bytes: &[u8],
    mode: u32,
) -> Result<OsString, FileError> {
    let (temporary, mut file) = open_temporary(place, path)?;
    // It is private when it is made, whatever it becomes.
    let opened = match mode {
        PRIVATE => Ok(()),
        more => file.set_permissions(Permissions::from_mode(more)),
    };
    let written = opened.and_then(|()| file.write_all(bytes)).and_then(|()| file.sync_all());
    written.map_err(|error| {
        discard(place, &temporary);
        FileError::system("write", path, error)
    })?;
    Ok(temporary)
}

fn open_temporary(place: &WritePlace, path: &Path) -> Result<(OsString, File), FileError> {
    let name = place.name().to_string_lossy();
    let mut attempts = 0;
    loop {
        let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let temporary = OsString::from(format!(".{name}.{}.{number}", std::process::id()));
        match place.create(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left by a process of the same number that was killed; a few, at most.
            Err(Errno::EXIST) if attempts < 100 => attempts += 1,
            Err(error) => return Err(FileError::system("create", path, error)),
        }
    }
}

fn sync(place: &WritePlace, path: &Path) -> Result<(), FileError> {
    place.sync().map_err(|error| FileError::system("write", path, error))
}

/// Removes a temporary file; one that stays behind is private and does no harm.
fn discard(place: &WritePlace, temporary: &OsStr) {
    let _ = place.unlink(temporary);
}

/// The mode of what is its owner's alone.
const PRIVATE: u32 = 0o600;

/// The mode of what everybody may read.
const READABLE: u32 = 0o644;

/// Numbers the temporary files of this process.
static TEMPORARY: AtomicU64 = AtomicU64::new(0);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::thread;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn names(dir: &Path) -> Vec<String> {
        let names = fs::read_dir(dir).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_private_file_is_replaced_whole_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(*read_private(&path, Exposure::Nothing).unwrap(), b"new");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn creating_never_replaces_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(create_private(&path, b"first"), Ok(Created::Made));
        assert_eq!(create_private(&path, b"second"), Ok(Created::Kept));
        assert_eq!(*read_private(&path, Exposure::Nothing).unwrap(), b"first");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn processes_that_start_at_once_end_with_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let starts: Vec<_> = (0..8u8)
            .map(|i| {
                let path = path.clone();
                thread::spawn(move || {
                    load_or_create::<FileError>(&path, || Ok(Zeroizing::new(vec![i; 32]))).unwrap()
                })
            })
            .collect();
        let ends: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
        let made = ends.iter().filter(|(_, created)| *created == Created::Made).count();
        assert_eq!(made, 1);
        assert!(ends.iter().all(|(key, _)| *key == ends[0].0));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_private(&path, b"key").unwrap();
        for bits in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
            let error = read_private(&path, Exposure::Nothing).unwrap_err();
            assert!(matches!(error, FileError::Exposed { mode, .. } if mode == bits), "{error}");
            let remedy = format!("run 'chmod 600 {}'", path.display());
            assert!(error.to_string().contains(&remedy), "{error}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(read_private(&path, Exposure::Readable).is_ok());
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        assert!(read_private(&path, Exposure::Readable).is_err());
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_above() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for (exposure, limit) in
            [(Exposure::Nothing, MOST_SECRET), (Exposure::Readable, MOST_READABLE)]
        {
            write_private(&path, &vec![0; limit]).unwrap();
            assert_eq!(read_private(&path, exposure).unwrap().len(), limit);
            write_private(&path, &vec![0; limit + 1]).unwrap();
            let refused = FileError::TooLarge { path: path.clone(), limit };
            assert_eq!(read_private(&path, exposure), Err(refused));
        }
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error_and_not_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.join("a"), dir.path().join("missing/a"), "/proc/a".into()] {
            assert!(write_private(&path, b"x").is_err(), "{}", path.display());
            assert!(create_private(&path, b"x").is_err(), "{}", path.display());
        }
        // A directory stands where the file should be: the temporary file goes away again.
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(write_private(&taken, b"x").is_err());
        assert_eq!(names(dir.path()).len(), 2);
    }
}
