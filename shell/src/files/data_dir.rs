//! A role's data directory: where it is, that it is private, and the names in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::files::FileError;
use crate::files::trusted::{Missing, directory};
use crate::files::{Remedy, volume};

/// Whose data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A hub's.
    Hub,
    /// A peer's.
    Peer,
}

/// A directory that exists and that no other user may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Where `role` keeps its data when `--data` does not say.
    ///
    /// `environment` answers for a variable, as [`std::env::var_os`] does. On Linux
    /// `$XDG_DATA_HOME` or `~/.local/share`, on macOS `~/Library/Application Support`; and there
    /// `bowline/hub` or `bowline/peer`.
    ///
    /// # Errors
    /// [`FileError::NoHome`]
    pub fn default_path(
        role: Role,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<PathBuf, FileError> {
        // A relative path is to be ignored (XDG Base Directory Specification).
        let absolute =
            |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || absolute("HOME").ok_or(FileError::NoHome);
        let base = if cfg!(target_os = "macos") {
            home()?.join("Library/Application Support")
        } else {
            match absolute("XDG_DATA_HOME") {
                Some(base) => base,
                None => home()?.join(".local/share"),
            }
        };
        Ok(base.join("bowline").join(match role {
            Role::Hub => "hub",
            Role::Peer => "peer",
        }))
    }

    /// The directory `path`, created with mode 0700 if it is not there, its parents too.
    ///
    /// # Errors
    /// [`FileError::Exposed`] where other users may change it or one above it,
    /// [`FileError::Foreign`] where one belongs to somebody else, [`FileError::NotADirectory`], or
    /// the system's.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        Self::reach(path, Missing::Make)
    }

    /// The directory `path`, which must exist.
    ///
    /// # Errors
    /// As [`DataDir::create`].
    pub fn open(path: &Path) -> Result<Self, FileError> {
        Self::reach(path, Missing::Refuse)
    }

    fn reach(path: &Path, missing: Missing) -> Result<Self, FileError> {
        let path = &volume::lived_in(path);
        let whole =
            std::path::absolute(path).map_err(|error| FileError::system("open", path, error))?;
        let exposed = |mode, remedy| {
            let remedy = match remedy {
                Remedy::Chmod(_) => Remedy::Chmod("700"),
                other => other,
            };
            FileError::Exposed { path: path.to_owned(), mode, what: "change", remedy }
        };
        let found = match directory(path, missing) {
            Err(FileError::Exposed { path: at, mode, remedy, .. }) if at == whole => {
                return Err(exposed(mode, remedy));
            }
            reached => reached?,
        };
        // Others may add to /tmp, and find their own key there in the place of ours.
        if found.is_shared {
            return Err(exposed(found.mode, found.remedy));
        }
        if missing == Missing::Make {
            volume::close(path, found)?;
        }
        Ok(Self { path: whole })
    }

    /// The directory itself; absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hub: `identity.key`, the identity's Ed25519 key, PKCS#8 PEM.
    #[must_use]
    pub fn identity_key(&self) -> PathBuf {
        self.path.join("identity.key")
    }

    /// Hub: `ca.key`, the Ed25519 key that peers' certificates are signed with, PKCS#8 PEM.
    #[must_use]
    pub fn ca_key(&self) -> PathBuf {
        self.path.join("ca.key")
    }

    /// Hub: `ca.crt`, the self-signed certificate of that key, PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.path.join("ca.crt")
    }

    /// Hub: `token.key`, the key that new tokens are signed with, PKCS#8 PEM. Those before it are
    /// public halves in the ledger.
    #[must_use]
    pub fn token_key(&self) -> PathBuf {
        self.path.join("token.key")
    }

    /// Hub: `token.next`, a token key that is to take over, PKCS#8 PEM; there while it does.
    #[must_use]
    pub fn next_token_key(&self) -> PathBuf {
        self.path.join("token.next")
    }

    /// Hub: `tls.key`, the self-signed certificate's key, PKCS#8 PEM.
    #[must_use]
    pub fn tls_key(&self) -> PathBuf {
        self.path.join("tls.key")
    }

    /// Hub: `tls.crt`, the self-signed certificate, PEM.
    #[must_use]
    pub fn tls_certificate(&self) -> PathBuf {
        self.path.join("tls.crt")
    }

    /// Both: `secret.key`, the shared secret.
    #[must_use]
    pub fn secret(&self) -> PathBuf {
        self.path.join("secret.key")
    }

    /// Hub: `secret.old`, the secret before the current one, see [`crate::files::OldSecret`].
    #[must_use]
    pub fn old_secret(&self) -> PathBuf {
        self.path.join("secret.old")
    }

    /// Hub: `operator.key`, the local operator's own key where there is no local socket, PKCS#8
    /// PEM.
    #[must_use]
    pub fn operator_key(&self) -> PathBuf {
        self.path.join("operator.key")
    }

    /// Hub: `ledger.db`, SQLite.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.path.join("ledger.db")
    }

    /// Hub: `endpoint`, where it listens while it runs.
    #[must_use]
    pub fn endpoint(&self) -> PathBuf {
        self.path.join("endpoint")
    }

    /// Hub: `lock`, held while it runs.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Peer: `peer.key`, its own key, PKCS#8 PEM.
    #[must_use]
    pub fn peer_key(&self) -> PathBuf {
        self.path.join("peer.key")
    }

    /// Peer: `enrolment`, what a join token brought, see [`crate::files::EnrolmentFile`].
    #[must_use]
    pub fn enrolment(&self) -> PathBuf {
        self.path.join("enrolment")
    }

    /// Peer: `serving.lock`, held while it serves.
    #[must_use]
    pub fn serving_lock(&self) -> PathBuf {
        self.path.join("serving.lock")
    }

    /// Peer: `trust.toml`, see [`crate::files::TrustFile`].
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.path.join("trust.toml")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn default(role: Role, variables: &[(&str, &str)]) -> Result<PathBuf, FileError> {
        DataDir::default_path(role, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn data_lives_where_the_platform_keeps_it() {
        let home = ("HOME", "/home/me");
        let at = |path: &str| Ok(PathBuf::from(path));
        assert_eq!(default(Role::Hub, &[home]), at("/home/me/.local/share/bowline/hub"));
        assert_eq!(default(Role::Peer, &[home, ("XDG_DATA_HOME", "/x")]), at("/x/bowline/peer"));
        let relative = [home, ("XDG_DATA_HOME", "x")];
        assert_eq!(default(Role::Hub, &relative), at("/home/me/.local/share/bowline/hub"));
        assert_eq!(default(Role::Hub, &[]), Err(FileError::NoHome));
        assert_eq!(default(Role::Hub, &[("HOME", "")]), Err(FileError::NoHome));
    }

    #[test]
    fn the_directory_is_created_for_its_owner_alone() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b");
        let dir = DataDir::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);
        assert_eq!(DataDir::create(&path), Ok(dir.clone()));
        assert_eq!(dir.secret(), path.join("secret.key"));
    }

    #[test]
    fn a_directory_that_others_may_change_is_refused() {
        let base = tempfile::tempdir().unwrap();
        for bits in [0o770, 0o702, 0o1777] {
            fs::set_permissions(base.path(), fs::Permissions::from_mode(bits)).unwrap();
            let error = DataDir::create(base.path()).unwrap_err();
            assert!(matches!(error, FileError::Exposed { mode, .. } if mode == bits), "{error}");
            assert!(error.to_string().contains("run 'chmod 700 "), "{error}");
        }
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(DataDir::create(base.path()).is_ok());
    }

    #[test]
    fn what_cannot_be_a_directory_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("file");
        fs::write(&file, "").unwrap();
        let refused = FileError::NotADirectory { path: file.clone() };
        assert_eq!(DataDir::create(&file), Err(refused.clone()));
        assert_eq!(DataDir::open(&file), Err(refused));
        assert!(matches!(DataDir::create(&file.join("x")), Err(FileError::System { .. })));
        assert!(DataDir::open(&base.path().join("none")).unwrap_err().is_not_found());
    }
}
