//! A data directory that the trusted group may write to, such as a volume that is handed to a pod
//! (`root:GROUP`, mode 2770): in it we have a directory of our own, mode 0700.
//!
//! Whoever mounts such a volume may give every file in it to the group again. A directory of ours
//! is therefore known by whose it is, not by its mode, and is closed again at each start.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::files::FileError;
use crate::files::trusted::{FoundDirectory, Missing, WritePlace, directory};

/// The directory of our own.
const OWN: &str = "bowline-data";

/// What a role makes first, and what it cannot do without.
const SIGNS: [&str; 6] =
    ["identity.key", "peer.key", "secret.key", "trust.toml", "enrolment", "ledger.db"];

/// Where data is kept for a data directory `path`: there, or, where the trusted group may write
/// there and it is not our own, in a directory of our own inside. Nothing is made, and a directory
/// that cannot be looked at stays as it was named.
#[must_use]
pub fn lived_in(path: &Path) -> PathBuf {
    match directory(path, Missing::Refuse) {
        Ok(found) if is_the_groups(found) && !is_own(path, found) => path.join(OWN),
        _ => path.to_owned(),
    }
}

/// Whether a hub keeps its data in `path`: by its name alone, to choose what is opened then.
///
/// # Errors
/// The system's, where it does not say.
pub fn holds_a_hub(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(lived_in(path).join("identity.key")) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        Err(_) => Ok(false),
    }
}

/// Closes a directory of our own that the group was let into.
pub(crate) fn close(path: &Path, found: FoundDirectory) -> Result<(), FileError> {
    if !found.is_ours || !is_the_groups(found) {
        return Ok(());
    }
    match WritePlace::of(path, "close")?.close_directory() {
        Ok(()) | Err(Errno::ROFS) => Ok(()),
        Err(error) => Err(FileError::system("close", path, error)),
    }
}

/// Whether the trusted group may write there, which is the only one that got this far.
fn is_the_groups(found: FoundDirectory) -> bool {
    found.mode & 0o020 != 0 && !found.is_shared
}

/// Whether it is a directory that we live in already: root's own may be a volume just as well, so
/// its owner alone does not tell.
fn is_own(path: &Path, found: FoundDirectory) -> bool {
    let holds = |name: &&str| {
        WritePlace::of(&path.join(name), "look for").is_ok_and(|place| place.is_there() == Ok(true))
    };
    let is_named = path.file_name().is_some_and(|name| name == OWN);
    found.is_ours && (is_named || SIGNS.iter().any(holds))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    use super::*;
    use crate::files::{DataDir, TrustedGroup, write_private};

    /// Nobody else's in the tests of this crate, which run in one process.
    const GROUP: u32 = 54_321;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    /// A volume, where this is root, who may hand it to the group.
    fn volume() -> Option<tempfile::TempDir> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        GROUP.to_string().parse::<TrustedGroup>().unwrap().trust().unwrap();
        let base = tempfile::tempdir().unwrap();
        chmod(base.path(), 0o700);
        hand_over(base.path());
        Some(base)
    }

    /// As Kubernetes mounts a volume with `fsGroup`: everything in it is given to the group.
    fn hand_over(path: &Path) {
        chown(path, None, Some(GROUP)).unwrap();
        let bits = if path.is_dir() { 0o2770 } else { 0o660 };
        chmod(path, mode(path) | bits);
        if path.is_dir() {
            fs::read_dir(path).unwrap().for_each(|entry| hand_over(&entry.unwrap().path()));
        }
    }

    #[test]
    fn in_a_volume_of_the_group_there_is_a_closed_directory_of_our_own_at_every_mount() {
        let Some(base) = volume() else { return };
        let own = base.path().join(OWN);
        assert!(DataDir::open(base.path()).unwrap_err().is_not_found());
        let data = DataDir::create(base.path()).unwrap();
        assert_eq!((data.path(), mode(&own) & 0o777), (&*own, 0o700));
        for _ in 0..2 {
            hand_over(base.path());
            assert_eq!(mode(&own), 0o2770);
            assert_eq!(DataDir::open(base.path()), Ok(data.clone()));
            assert_eq!(DataDir::create(base.path()), Ok(data.clone()));
            assert_eq!(DataDir::create(data.path()), Ok(data.clone()));
            assert_eq!((mode(&own), mode(base.path())), (0o700, 0o2770));
            write_private(&data.peer_key(), b"key").unwrap();
        }
        hand_over(base.path());
        assert!(
            crate::files::read_private(&data.peer_key(), crate::files::Exposure::Nothing).is_ok()
        );
        assert!(!holds_a_hub(base.path()).unwrap());
        write_private(&data.identity_key(), b"key").unwrap();
        assert!(holds_a_hub(base.path()).unwrap());
    }

    #[test]
    fn a_directory_that_was_made_in_a_volume_stays_the_one_that_is_lived_in() {
        let Some(base) = volume() else { return };
        let path = base.path().join("hub");
        let data = DataDir::create(&path).unwrap();
        write_private(&data.identity_key(), b"key").unwrap();
        hand_over(base.path());
        assert_eq!(DataDir::create(&path).unwrap().path(), path);
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn what_others_or_another_group_may_write_to_is_no_volume_of_ours() {
        let Some(base) = volume() else { return };
        chmod(base.path(), 0o2777);
        assert!(matches!(DataDir::create(base.path()), Err(FileError::Exposed { .. })));
        chmod(base.path(), 0o2770);
        chown(base.path(), None, Some(GROUP + 1)).unwrap();
        let refused = DataDir::create(base.path());
        assert!(matches!(refused, Err(FileError::Exposed { .. })), "{refused:?}");
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }
}
