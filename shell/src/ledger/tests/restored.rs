//! A ledger that was restored from a backup.

use bowline_core::facts::{BEYOND, Change, Durable};

use super::acts::{act, join, peer, restored, token};
use crate::ledger::{Ledger, Tokens, look};

#[test]
fn a_restored_ledger_that_is_accepted_has_no_token_left_and_starts_above_all_that_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.raise_generation(), Ok(1));
    for step in [token(1, 1), token(2, 2), join((1, 1), 2, 2, (1, 10))] {
        act(&mut ledger, &step).unwrap();
    }
    // Nothing has shown that it was restored.
    let before = ledger.durable().unwrap();
    assert_eq!(before.issues, 1);
    assert_eq!(ledger.accept_restored(500, Tokens::Void), Ok(false));
    assert_eq!(ledger.durable().unwrap(), before);

    assert_eq!(ledger.change(&Change::Restored(restored(9, 0))), Ok(true));
    assert_eq!(look(&path, true).unwrap().unwrap().restored, Some(restored(9, 0)));
    // A start that does not accept it says so still.
    assert_eq!(ledger.raise_generation(), Ok(2));
    assert_eq!(ledger.durable().unwrap().restored, Some(restored(9, 0)));
    let mut expected = before;
    expected.issues = 1 + BEYOND;
    expected.tokens.values_mut().for_each(|token| token.revoked = Some(500));
    let peers = expected.peers.values_mut();
    peers.for_each(|peer| peer.enrolled.as_mut().unwrap().family = None);
    assert_eq!(ledger.accept_restored(500, Tokens::Void), Ok(true));
    assert_eq!(ledger.raise_generation(), Ok(9 + u64::from(BEYOND) + 1));
    assert_eq!(ledger.durable().unwrap(), expected);
    assert_eq!(look(&path, true).unwrap().unwrap().restored, None);
    assert_eq!(ledger.accept_restored(600, Tokens::Void), Ok(false));
}

#[test]
fn what_is_dismissed_moves_the_counters_and_voids_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    for step in [token(1, 1), token(2, 2), join((1, 1), 2, 2, (1, 10))] {
        act(&mut ledger, &step).unwrap();
    }
    let before = ledger.durable().unwrap();
    ledger.change(&Change::Restored(restored(2, 40))).unwrap();
    assert_eq!(ledger.accept_restored(500, Tokens::Keep), Ok(true));
    assert_eq!(ledger.durable().unwrap(), Durable { issues: 40 + BEYOND, ..before });
    assert_eq!(ledger.raise_generation(), Ok(2 + u64::from(BEYOND) + 1));
}

#[test]
fn a_hub_that_started_more_often_than_was_seen_goes_on_from_its_own_count() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    ledger.change(&Change::Restored(restored(2, 0))).unwrap();
    for start in 1..=5 {
        assert_eq!(ledger.raise_generation(), Ok(start));
    }
    assert_eq!(ledger.accept_restored(1, Tokens::Void), Ok(true));
    assert_eq!(ledger.raise_generation(), Ok(5 + u64::from(BEYOND) + 1));
}

#[test]
fn the_counter_of_issues_outlives_the_peers_that_it_was_drawn_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = Ledger::open(&path).unwrap();
    for step in [token(1, 2), join((1, 1), 1, 2, (7, 10)), join((2, 2), 1, 2, (3, 20))] {
        act(&mut ledger, &step).unwrap();
    }
    for of in [1, 2] {
        assert_eq!(ledger.change(&Change::Forget(peer(of))), Ok(true));
    }
    drop(ledger);
    assert_eq!(Ledger::open(&path).unwrap().durable().unwrap().issues, 7);
}
