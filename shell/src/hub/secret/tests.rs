//! What a hub finds at its start, whatever happened before, and what it may replace.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::config::HubSettings;
use crate::files::write_private;

const NOW: u64 = 1_000_000;

fn secret(byte: u8) -> Secret {
    Secret::from_bytes(&[byte; 32])
}

fn data() -> (TempDir, DataDir) {
    let base = tempfile::tempdir().unwrap();
    let data = DataDir::create(&base.path().join("hub")).unwrap();
    (base, data)
}

fn write(path: &Path, secret: &Secret) {
    write_private(path, format!("{}\n", *secret.to_text()).as_bytes()).unwrap();
}

fn current(path: &Path) -> Secret {
    Secret::parse(&fs::read(path).unwrap(), Strength::Full).unwrap()
}

fn config(text: &str) -> HubConfig {
    HubSettings::parse("hub.toml".as_ref(), text).unwrap().resolve().unwrap()
}

fn load(data: &DataDir) -> Result<Loaded, SecretError> {
    super::load(&config(""), data, Strength::Full, None, NOW)
}

/// Whether the current secret is this one.
fn has(loaded: &Loaded, secret: &Secret) -> bool {
    let (_, current) = loaded.secrets.current().unwrap();
    current.is_same(&shared(secret).unwrap())
}

fn keep(data: &DataDir, byte: u8, began: u64, until: u64) {
    OldSecret { secret: secret(byte), began, until }.write(data).unwrap();
}

#[test]
fn the_first_start_makes_a_secret_and_the_next_finds_it() {
    let (_base, data) = data();
    let first = load(&data).unwrap();
    assert_eq!(first.secrets.current().unwrap().0, SecretNumber::FIRST);
    assert_eq!((first.old, first.secrets.has_old()), (None, false));
    assert!(has(&load(&data).unwrap(), &current(&data.secret())));
}

#[test]
fn a_grace_goes_on_after_a_restart_for_as_long_as_was_left() {
    let (_base, data) = data();
    write(&data.secret(), &secret(2));
    keep(&data, 1, NOW - 10, NOW + 50);
    let loaded = load(&data).unwrap();
    assert!(has(&loaded, &secret(2)) && loaded.secrets.has_old());
    assert_eq!(loaded.secrets.current().unwrap().0, SecretNumber(2));
    assert_eq!(loaded.old, Some((SecretNumber::FIRST, NOW + 50)));
    // A clock that was set back by a day does not make it a day longer.
    keep(&data, 1, NOW + 86_400, NOW + 86_460);
    assert_eq!(load(&data).unwrap().old, Some((SecretNumber::FIRST, NOW + 60)));
}

#[test]
fn what_is_over_or_never_came_to_its_end_is_removed_and_admits_nobody() {
    let (_base, data) = data();
    write(&data.secret(), &secret(2));
    // Its time is over; the hub was killed before the current secret was replaced.
    for (byte, until) in [(1, NOW), (2, NOW + 50)] {
        keep(&data, byte, NOW - 10, until);
        let loaded = load(&data).unwrap();
        assert!(has(&loaded, &secret(2)) && !loaded.secrets.has_old());
        assert_eq!(loaded.secrets.current().unwrap().0, SecretNumber::FIRST);
        assert!(loaded.old.is_none() && !data.old_secret().exists());
    }
}

#[test]
fn an_old_secret_that_cannot_be_read_keeps_the_hub_from_starting() {
    let (_base, data) = data();
    write(&data.secret(), &secret(2));
    write_private(&data.old_secret(), b"nonsense").unwrap();
    let error = load(&data).unwrap_err().to_string();
    assert!(error.contains("secret.old") && error.contains("delete the file"), "{error}");
}

#[test]
fn a_secret_that_was_given_stands_alone() {
    let (_base, data) = data();
    keep(&data, 1, NOW - 10, NOW + 50);
    for origin in [None, Some(SecretOrigin::Environment), Some(SecretOrigin::StandardInput)] {
        let given = (secret(3), origin);
        let loaded = super::load(&config(""), &data, Strength::Full, Some(&given), NOW).unwrap();
        assert!(has(&loaded, &secret(3)) && !loaded.secrets.has_old());
    }
    let off = config("[auth]\nsecret = false\nrequired = false");
    let loaded = super::load(&off, &data, Strength::Full, None, NOW).unwrap();
    assert!(loaded.secrets.is_empty() && loaded.old.is_none());
    assert!(data.old_secret().exists() && !data.secret().exists());
}

#[test]
fn a_rotation_goes_where_the_secret_came_from_and_keeps_the_old_one_in_the_data_directory() {
    let (base, data) = data();
    let elsewhere = base.path().join("elsewhere.key");
    write(&elsewhere, &secret(1));
    let named = config(&format!("[auth]\nsecret-file = \"{}\"", elsewhere.display()));
    let loaded = super::load(&named, &data, Strength::Full, None, NOW).unwrap();
    let mine = shared(&secret(1)).unwrap();
    let rotation = loaded.keeper.rotate(&mine, Some(60), NOW).unwrap();
    assert_eq!((&rotation.file, rotation.old_until), (&elsewhere, Some(NOW + 60)));
    assert_eq!(current(&elsewhere), rotation.secret);
    assert_ne!(rotation.secret, secret(1));
    let old = OldSecret::read(&data, Strength::Full).unwrap().unwrap();
    assert_eq!(old, OldSecret { secret: secret(1), began: NOW, until: NOW + 60 });
    assert!(!data.secret().exists());
    // The next start goes on with both.
    let again = super::load(&named, &data, Strength::Full, None, NOW + 1).unwrap();
    assert!(has(&again, &rotation.secret) && again.secrets.has_old());
    let next = loaded.keeper.rotate(&shared(&rotation.secret).unwrap(), None, NOW).unwrap();
    assert_eq!((next.old_until, data.old_secret().exists()), (None, false));
}

#[test]
fn what_is_in_no_file_cannot_be_rotated_and_the_error_says_where_it_came_from() {
    let (_base, data) = data();
    for (origin, named) in [
        (None, "the program that runs the hub"),
        (Some(SecretOrigin::Environment), "BOWLINE_SECRET"),
        (Some(SecretOrigin::StandardInput), "standard input"),
    ] {
        let given = (secret(3), origin);
        let loaded = super::load(&config(""), &data, Strength::Full, Some(&given), NOW).unwrap();
        let error = loaded.keeper.rotate(&shared(&secret(3)).unwrap(), None, NOW).unwrap_err();
        assert_eq!(error.code(), Code::Failed);
        assert!(error.to_string().starts_with(&format!("the secret came from {named}")), "{error}");
    }
    let off = config("[auth]\nsecret = false\nrequired = false");
    let loaded = super::load(&off, &data, Strength::Full, None, NOW).unwrap();
    let error = loaded.keeper.rotate(&shared(&secret(3)).unwrap(), None, NOW).unwrap_err();
    assert!(matches!(error, RotateError::NotOffered), "{error}");
}

#[test]
fn a_file_that_a_person_changed_or_removed_is_not_written_over() {
    let (_base, data) = data();
    let loaded = load(&data).unwrap();
    let mine = shared(&current(&data.secret())).unwrap();
    write(&data.secret(), &secret(9));
    for grace in [None, Some(60)] {
        let error = loaded.keeper.rotate(&mine, grace, NOW).unwrap_err();
        assert!(matches!(&error, RotateError::Changed(file) if *file == data.secret()), "{error}");
    }
    fs::remove_file(data.secret()).unwrap();
    let error = loaded.keeper.rotate(&mine, None, NOW).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    assert!(!data.secret().exists() && !data.old_secret().exists());
}

#[test]
fn a_hub_that_does_not_run_gets_its_secret_in_its_data_directory() {
    let (_base, data) = data();
    let lock = DirLock::take(&data).unwrap();
    let missing = rotate_secret(&data, &lock, None, NOW).unwrap_err();
    assert!(missing.to_string().contains("secret.key"), "{missing}");
    write(&data.secret(), &secret(1));
    let rotation = rotate_secret(&data, &lock, Some(60), NOW).unwrap();
    assert_eq!((&rotation.file, rotation.old_until), (&data.secret(), Some(NOW + 60)));
    let loaded = load(&data).unwrap();
    assert!(has(&loaded, &rotation.secret) && loaded.secrets.has_old());
}
