use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::crash::tests::{ChildEnd, child_dir, crash_at};

fn hub(dir: &Path) -> (DataDir, Ledger) {
    let data = DataDir::create(&dir.join("hub")).unwrap();
    let ledger = Ledger::open(&data.ledger()).unwrap();
    (data, ledger)
}

/// As a hub that runs does it.
fn rotate(data: &DataDir, ledger: &mut Ledger, now: bool) -> KeyId {
    let signer = prepare(data).unwrap();
    let key = signer.key().clone();
    ledger.rotate_key(&KeyRotation { key, at: 20, now }).unwrap();
    adopt(data).unwrap();
    signer.key().id()
}

fn states(ledger: &mut Ledger) -> Vec<(KeyId, KeyState)> {
    let keys = ledger.durable().unwrap().keys;
    keys.iter().map(|kept| (kept.key.id(), kept.state)).collect()
}

#[test]
fn the_first_start_makes_the_key_that_the_next_one_finds() {
    let dir = tempfile::tempdir().unwrap();
    let (data, mut ledger) = hub(dir.path());
    let first = load(&data, &mut ledger, 10).unwrap();
    assert_eq!(states(&mut ledger), [(first.key().id(), KeyState::Active)]);
    assert_eq!(load(&data, &mut ledger, 20).unwrap().key(), first.key());
    assert_eq!(states(&mut ledger), [(first.key().id(), KeyState::Active)]);
    let second = rotate(&data, &mut ledger, false);
    assert_eq!(load(&data, &mut ledger, 30).unwrap().key().id(), second);
    assert_eq!(fs::metadata(data.token_key()).unwrap().mode() & 0o7777, 0o600);
    assert!(!data.next_token_key().exists());
}

#[test]
fn a_key_that_its_owner_puts_there_takes_over_and_the_one_before_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let (data, mut ledger) = hub(dir.path());
    let first = load(&data, &mut ledger, 10).unwrap().key().id();
    fs::remove_file(data.token_key()).unwrap();
    let second = load(&data, &mut ledger, 20).unwrap().key().id();
    let old = KeyState::VerifyOnly { until: 20 };
    assert_eq!(states(&mut ledger), [(first, old), (second, KeyState::Active)]);
}

#[test]
fn a_key_that_was_replaced_does_not_sign_again_when_its_file_is_put_back() {
    for now in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (data, mut ledger) = hub(dir.path());
        let first = load(&data, &mut ledger, 10).unwrap().key().id();
        let backup = fs::read(data.token_key()).unwrap();
        let second = rotate(&data, &mut ledger, now);
        files::write_private(&data.token_key(), &backup).unwrap();
        let third = load(&data, &mut ledger, 30).unwrap().key().id();
        assert!(third != first && third != second);
        let [(one, old), (two, _), (three, KeyState::Active)] = states(&mut ledger)[..] else {
            panic!("{:?}", states(&mut ledger));
        };
        assert_eq!((one, two, three), (first, second, third));
        assert_eq!(old == KeyState::Revoked, now);
        assert_eq!(load(&data, &mut ledger, 40).unwrap().key().id(), third);
    }
}

#[test]
#[ignore = "run in a process of its own, which crashes"]
fn a_key_is_rotated_until_a_crash() {
    let (data, mut ledger) = hub(&child_dir());
    load(&data, &mut ledger, 10).unwrap();
    fs::write(child_dir().join("began"), states(&mut ledger)[0].0.to_string()).unwrap();
    let second = rotate(&data, &mut ledger, true);
    fs::write(child_dir().join("answered"), second.to_string()).unwrap();
}

#[test]
fn a_crash_at_any_write_of_a_rotation_leaves_one_key_that_signs() {
    let (mut before, mut after) = (0, 0);
    for n in 1.. {
        let dir = tempfile::tempdir().unwrap();
        let name = "hub::token_key::tests::a_key_is_rotated_until_a_crash";
        if crash_at(name, n, dir.path()) == ChildEnd::Done {
            break;
        }
        let noted = |name| fs::read_to_string(dir.path().join(name)).ok();
        let (data, mut ledger) = hub(dir.path());
        let signer = load(&data, &mut ledger, 30).unwrap();
        assert!(!data.next_token_key().exists(), "crash {n}");
        // What was answered holds; what was not did not happen, or did in full.
        let states = states(&mut ledger);
        let own = signer.key().id();
        match (&states[..], noted("began"), noted("answered")) {
            ([(key, KeyState::Active)], began, None) => {
                assert_eq!(*key, own, "crash {n}");
                assert!(began.is_none_or(|began| began == own.to_string()), "crash {n}");
                before += 1;
            }
            ([(old, KeyState::Revoked), (key, KeyState::Active)], Some(began), answered) => {
                assert_eq!((*key, old.to_string()), (own, began), "crash {n}");
                assert!(answered.is_none_or(|key| key == own.to_string()), "crash {n}");
                after += 1;
            }
            other => panic!("crash {n}: {other:?}"),
        }
    }
    assert!(before > 5 && after >= 2, "{before} {after}");
}
