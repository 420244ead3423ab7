//! A ledger that was restored from a backup.

use bowline_core::ledger::Change;

use super::acts::{act, join, token};
use crate::ledger::{Ledger, look};

#[test]
fn a_restored_ledger_that_is_accepted_has_no_token_left_and_starts_above_all_that_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.raise_generation(), Ok(1));
    for step in [token(1, 1), token(2, 2), join((1, 1), 2, 2, (1, 10))] {
        act(&mut ledger, &step).unwrap();
    }
    // Nobody has shown that it was restored.
    let before = ledger.durable().unwrap();
    assert_eq!(ledger.accept_restored(500), Ok(false));
    assert_eq!(ledger.durable().unwrap(), before);

    assert_eq!(ledger.change(&Change::RolledBack(9)), Ok(true));
    assert_eq!(look(&path, true).unwrap().unwrap().rolled_back, Some(9));
    // A start that does not accept it says so still.
    assert_eq!(ledger.raise_generation(), Ok(2));
    assert_eq!(ledger.durable().unwrap().rolled_back, Some(9));
    let mut expected = before;
    expected.tokens.iter_mut().for_each(|token| token.revoked = Some(500));
    expected.peers[0].1.as_mut().unwrap().family = None;
    assert_eq!(ledger.accept_restored(500), Ok(true));
    assert_eq!(ledger.raise_generation(), Ok(10));
    assert_eq!(ledger.durable().unwrap(), expected);
    assert_eq!(look(&path, true).unwrap().unwrap().rolled_back, None);
    assert_eq!(ledger.accept_restored(600), Ok(false));
}

#[test]
fn a_hub_that_started_more_often_than_was_seen_keeps_its_own_count() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    ledger.change(&Change::RolledBack(2)).unwrap();
    for start in 1..=5 {
        assert_eq!(ledger.raise_generation(), Ok(start));
    }
    assert_eq!(ledger.accept_restored(1), Ok(true));
    assert_eq!(ledger.raise_generation(), Ok(6));
}
