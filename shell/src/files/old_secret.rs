//! `secret.old`: the shared secret before the current one, for as long as it still admits.
//!
//! The first line says when it was replaced and when it ends, seconds since 1970; the secret
//! follows. The file is written before the current secret is replaced, and goes when its time is
//! over. Where it holds the current secret itself, the replacement did not come to its end, and it
//! counts for nothing.

use zeroize::Zeroizing;

use crate::files::{
    self, DataDir, Exposure, FileError, Secret, SecretError, Strength, read_private, remove,
    trusted, write_private,
};

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldSecret {
    /// The secret.
    pub secret: Secret,
    /// When it was replaced, seconds since 1970.
    pub began: u64,
    /// When it ends.
    pub until: u64,
}

impl OldSecret {
    /// What is kept in `dir`; `None` where nothing is.
    ///
    /// # Errors
    /// [`SecretError::File`]: it cannot be read, others may read it, or it holds something else.
    pub fn read(dir: &DataDir, strength: Strength) -> Result<Option<Self>, SecretError> {
        let path = dir.old_secret();
        let bytes = match read_private(&path, Exposure::Nothing) {
            Err(error) if error.is_not_found() => return Ok(None),
            read => read?,
        };
        let parse = || {
            let (dates, secret) = files::text(&bytes).ok()?.split_once('\n')?;
            let (began, until) = dates.split_once(' ')?;
            let (began, until) = (began.parse().ok()?, until.parse().ok()?);
            let secret = Secret::parse(secret.as_bytes(), strength).ok()?;
            Some(Self { secret, began, until })
        };
        let reason = "expected two dates and a secret; delete the file: whoever has only the \
                      secret before the current one is then refused"
            .to_owned();
        parse().map(Some).ok_or(SecretError::File(FileError::Content { path, reason }))
    }

    /// Keeps it, in place of what was kept.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, dir: &DataDir) -> Result<(), FileError> {
        let text = format!("{} {}\n{}\n", self.began, self.until, *self.secret.to_text());
        write_private(&dir.old_secret(), Zeroizing::new(text).as_bytes())
    }

    /// Keeps nothing any more.
    ///
    /// # Errors
    /// The system's; that nothing was kept is none.
    pub fn remove(dir: &DataDir) -> Result<(), FileError> {
        remove(&dir.old_secret())
    }

    /// The seconds that are left of it: a clock that was set back gives it no more than it had.
    #[must_use]
    pub fn left(&self, unix: u64) -> u64 {
        self.until.saturating_sub(unix).min(self.until.saturating_sub(self.began))
    }
}

/// Puts `new` in the place of the secret in `file`, and keeps the one before it for as long as
/// `old` says, or not at all.
///
/// Whenever this is cut short, the next start finds the secret before, or `new` and what was to be
/// kept.
///
/// # Errors
/// The system's; everything is as it was then.
pub fn replace_secret(
    dir: &DataDir,
    file: &std::path::Path,
    new: &Secret,
    old: Option<&OldSecret>,
) -> Result<(), FileError> {
    // A link that a person made stays one.
    let file = trusted::real(file)?;
    let kept = match read_private(&dir.old_secret(), Exposure::Nothing) {
        Err(error) if error.is_not_found() => None,
        read => Some(read?),
    };
    match old {
        Some(old) => old.write(dir)?,
        None => OldSecret::remove(dir)?,
    }
    let text = Zeroizing::new(format!("{}\n", *new.to_text()));
    write_private(&file, text.as_bytes()).inspect_err(|_| {
        // Should this fail too, the next start finds the current secret twice, or nothing kept.
        let _ = match kept {
            Some(kept) => write_private(&dir.old_secret(), &kept),
            None => OldSecret::remove(dir),
        };
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    fn secret(byte: u8) -> Secret {
        Secret::from_bytes(&[byte; 32])
    }

    fn old(byte: u8, began: u64, until: u64) -> OldSecret {
        OldSecret { secret: secret(byte), began, until }
    }

    /// A directory with the secret 1.
    fn data() -> (TempDir, DataDir, PathBuf) {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir::create(base.path()).unwrap();
        let file = dir.secret();
        write_private(&file, format!("{}\n", *secret(1).to_text()).as_bytes()).unwrap();
        (base, dir, file)
    }

    fn current(file: &std::path::Path) -> Secret {
        Secret::parse(&fs::read(file).unwrap(), Strength::Full).unwrap()
    }

    fn kept(dir: &DataDir) -> Option<OldSecret> {
        OldSecret::read(dir, Strength::Full).unwrap()
    }

    #[test]
    fn a_replaced_secret_is_kept_for_its_owner_alone_or_not_at_all() {
        let (_base, dir, file) = data();
        replace_secret(&dir, &file, &secret(2), Some(&old(1, 10, 70))).unwrap();
        assert_eq!((current(&file), kept(&dir)), (secret(2), Some(old(1, 10, 70))));
        for path in [&file, &dir.old_secret()] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o7777, 0o600);
        }
        replace_secret(&dir, &file, &secret(3), Some(&old(2, 20, 30))).unwrap();
        assert_eq!((current(&file), kept(&dir)), (secret(3), Some(old(2, 20, 30))));
        replace_secret(&dir, &file, &secret(4), None).unwrap();
        assert_eq!((current(&file), kept(&dir)), (secret(4), None));
    }

    #[test]
    fn a_weak_secret_of_several_lines_is_kept_too() {
        let (_base, dir, _) = data();
        let weak = Secret::parse(b"two lines of\nsomething", Strength::Weak).unwrap();
        let kept = OldSecret { secret: weak, began: 1, until: 2 };
        kept.write(&dir).unwrap();
        assert_eq!(OldSecret::read(&dir, Strength::Weak), Ok(Some(kept)));
        assert!(OldSecret::read(&dir, Strength::Full).is_err());
    }

    #[test]
    fn a_link_in_the_place_of_the_secret_stays_one() {
        let (base, dir, file) = data();
        let link = base.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_secret(&dir, &link, &secret(2), None).unwrap();
        assert!(link.is_symlink());
        assert_eq!(current(&file), secret(2));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_cannot_be_replaced_leaves_everything_as_it_was() {
        let (_base, dir, file) = data();
        // It can be read and not be replaced, not even by root.
        let fixed = std::path::Path::new("/proc/self/comm");
        for before in [None, Some(old(9, 10, 70))] {
            if let Some(before) = &before {
                before.write(&dir).unwrap();
            }
            for old in [None, Some(&old(1, 20, 30))] {
                replace_secret(&dir, fixed, &secret(2), old).unwrap_err();
                assert_eq!((current(&file), kept(&dir)), (secret(1), before.clone()));
            }
        }
        // Nor is the secret replaced where the one before it cannot be kept.
        OldSecret::remove(&dir).unwrap();
        fs::create_dir(dir.old_secret()).unwrap();
        replace_secret(&dir, &file, &secret(2), Some(&old(1, 20, 30))).unwrap_err();
        assert_eq!(current(&file), secret(1));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_more_than_there_was() {
        let old = old(1, 100, 160);
        assert_eq!([0, 100, 130, 160, 200].map(|unix| old.left(unix)), [60, 60, 30, 0, 0]);
        assert_eq!(self::old(1, 100, 50).left(10), 0);
    }

    #[test]
    fn a_file_that_holds_something_else_or_that_others_may_read_is_an_error() {
        let (_base, dir, _) = data();
        let good = format!("10 70\n{}\n", *secret(1).to_text());
        for text in ["", "10 70\n", "10\nAAAA\n", "10 70 80\nAAAA\n", "x 70\nAAAA\n", &good[3..]] {
            write_private(&dir.old_secret(), text.as_bytes()).unwrap();
            let error = OldSecret::read(&dir, Strength::Full).unwrap_err().to_string();
            assert!(error.contains("secret.old") && error.contains("delete the file"), "{error}");
        }
        write_private(&dir.old_secret(), good.as_bytes()).unwrap();
        assert_eq!(kept(&dir), Some(old(1, 10, 70)));
        fs::set_permissions(dir.old_secret(), fs::Permissions::from_mode(0o640)).unwrap();
        let error = OldSecret::read(&dir, Strength::Full).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
