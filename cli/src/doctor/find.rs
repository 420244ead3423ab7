//! Findings about files and what is in them: the same for a peer and for a hub.

use std::path::Path;

use bowline_core::identity::SigningKey;
use bowline_shell::files::{
    DataDir, FileError, Remedy, Secret, SecretError, SecretOrigin, Strength, pem,
};

use crate::doctor::check::Check;
use crate::doctor::own::DoctorCode;
use crate::doctor::report::Finding;
use crate::show;

/// A file or a directory that cannot be used.
pub(super) fn of_file(check: Check, error: &FileError) -> Finding {
    let code = match error {
        FileError::Exposed { .. } | FileError::Foreign { .. } => DoctorCode::Exposed,
        FileError::Content { .. } | FileError::TooLarge { .. } => DoctorCode::Damaged,
        _ => DoctorCode::Unreadable,
    };
    let finding = Finding::problem(check, code, error.to_string()).with_remedy_inside();
    match error {
        FileError::Exposed {
            mode, remedy: Remedy::Chmod("go-w") | Remedy::AsRoot("go-w"), ..
        } => finding.seen(format!("mode {mode:04o}")).expected("nobody else may write there"),
        FileError::Exposed {
            mode, remedy: Remedy::Chmod(wanted) | Remedy::AsRoot(wanted), ..
        } => finding.seen(format!("mode {mode:04o}")).expected(format!("mode 0{wanted}")),
        FileError::Exposed { mode, .. } => finding.seen(format!("mode {mode:04o}")),
        FileError::Foreign { owner, .. } => finding.seen(format!("user {owner}")),
        _ => finding,
    }
}

/// A data directory; none where there is nothing at its path.
pub(super) fn data(path: &Path) -> (Option<DataDir>, Finding) {
    match DataDir::open(path) {
        Ok(data) => {
            let finding = Finding::ok(Check::Data, show::path(path));
            (Some(data), finding)
        }
        Err(error) if error.is_not_found() => {
            let why = format!("{} is not there yet: the first start makes it", show::path(path));
            (None, Finding::skipped(Check::Data, why))
        }
        Err(error) => (None, of_file(Check::Data, &error)),
    }
}

/// An Ed25519 key in a private file: none where there is no file.
pub(super) fn key(check: Check, path: &Path) -> Result<Option<SigningKey>, Finding> {
    let der = match pem::read_pkcs8(path) {
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(of_file(check, &error)),
        Ok(der) => der,
    };
    SigningKey::from_pkcs8(&der).map(Some).map_err(|error| {
        Finding::problem(check, DoctorCode::Damaged, format!("{}: {error}", show::path(path)))
            .remedy("Restore the file from a backup, or move it away: then another key is made")
    })
}

/// What is to be said of a secret that was found.
pub(super) fn of_secret(secret: &Secret, origin: &SecretOrigin) -> Finding {
    match secret.strength() {
        Strength::Full => Finding::ok(Check::Secret, format!("from {origin}, 32 bytes")),
        Strength::Weak => Finding::note(
            Check::Secret,
            DoctorCode::WeakSecret,
            format!(
                "the secret from {origin} is one that a person made up: whoever records one \
                 admission can guess at it offline"
            ),
        )
        .remedy("Let the hub make one: delete its secret.key and start it without a secret"),
    }
}

/// Why there is no secret.
pub(super) fn of_secret_error(error: &SecretError) -> Finding {
    match error {
        SecretError::File(error) => of_file(Check::Secret, error),
        SecretError::Missing => {
            Finding::problem(Check::Secret, DoctorCode::NoSecret, "no secret is given").remedy(
                "Run 'bowline secret show' on the hub's machine and pass it with --secret-file \
                 FILE, BOWLINE_SECRET, or secret-file in the configuration",
            )
        }
        error => Finding::problem(Check::Secret, DoctorCode::BadSecret, error.to_string())
            .with_remedy_inside(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::doctor::report::CheckState;

    #[test]
    fn a_key_that_others_can_read_is_told_with_both_modes_and_the_command() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("peer.key");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let finding = key(Check::Key, &path).unwrap_err();
        assert_eq!((finding.state, finding.code), (CheckState::Problem, Some("exposed")));
        assert_eq!(finding.seen.as_deref(), Some("mode 0644"));
        assert_eq!(finding.expected.as_deref(), Some("mode 0600"));
        let run = format!("Run 'chmod 600 {}'", path.display());
        assert!(finding.remedy.as_ref().unwrap().starts_with(&run), "{finding:?}");
    }

    #[test]
    fn a_file_that_is_no_key_is_damaged_and_one_that_is_not_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("peer.key");
        assert!(matches!(key(Check::Key, &path), Ok(None)));
        fs::write(&path, "no key").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(key(Check::Key, &path).unwrap_err().code, Some("damaged"));
    }

    #[test]
    fn a_directory_is_well_missing_or_exposed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        assert_eq!(data(&path).1.state, CheckState::Skipped);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(data(&path).1.state, CheckState::Ok);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        let (found, finding) = data(&path);
        assert_eq!((found, finding.code), (None, Some("exposed")));
        assert_eq!(finding.expected.as_deref(), Some("mode 0700"));
    }

    #[test]
    fn a_secret_is_full_weak_missing_or_none() {
        let weak = Secret::parse(b"a secret that I made up", Strength::Weak).unwrap();
        assert_eq!(of_secret(&weak, &SecretOrigin::Environment).code, Some("weak-secret"));
        let full = Secret::from_bytes(&[7; 32]);
        assert_eq!(of_secret(&full, &SecretOrigin::Environment).state, CheckState::Ok);
        assert_eq!(of_secret_error(&SecretError::Missing).code, Some("no-secret"));
    }
}
