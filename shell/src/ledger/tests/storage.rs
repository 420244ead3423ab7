//! Disks that are full, read-only or damaged: the join is refused with a reason, and nothing of it
//! is spent.

use std::fs;
use std::os::unix::fs::FileExt;

use bowline_core::facts::{Durable, FactRecord};

use super::acts::{Act, act, join, token};
use crate::ledger::{Ledger, LedgerError};

fn record(join: Act) -> FactRecord {
    let Act::Record(record) = join else { unreachable!() };
    record
}

/// How many have used the token.
fn used(known: &Durable) -> usize {
    known.tokens.values().map(|token| token.used.len()).sum()
}

#[test]
fn a_join_that_finds_no_room_spends_nothing_and_is_granted_when_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = Ledger::open(&path).unwrap();
    act(&mut ledger, &token(1, 200)).unwrap();
    ledger.connection().pragma_update(None, "max_page_count", 1).unwrap();
    let mut joined = 0;
    let refused = loop {
        match ledger.record(&record(join((joined, joined), 1, 200, (1, joined)))) {
            Ok(()) => joined += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LedgerError::Storage(_)), "{refused}");
    assert!(refused.to_string().contains("full"), "{refused}");
    let known = ledger.durable().unwrap();
    assert_eq!((used(&known), known.peers.len()), (joined.into(), joined.into()));
    ledger.connection().pragma_update(None, "max_page_count", 1 << 20).unwrap();
    act(&mut ledger, &join((joined, joined), 1, 200, (1, joined))).unwrap();
    drop(ledger);
    let known = Ledger::open(&path).unwrap().durable().unwrap();
    assert_eq!(used(&known), usize::from(joined) + 1);
}

#[test]
fn a_join_at_a_ledger_that_cannot_be_written_spends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    act(&mut ledger, &token(1, 1)).unwrap();
    // What a file system that was mounted anew for reading is to SQLite.
    ledger.connection().pragma_update(None, "query_only", true).unwrap();
    let refused = ledger.record(&record(join((1, 1), 1, 1, (1, 1)))).unwrap_err();
    assert!(matches!(refused, LedgerError::Storage(_)), "{refused}");
    assert!(refused.to_string().contains("read-only"), "{refused}");
    assert_eq!(ledger.rotate_key(&super::keys::rotation(1, 1, true)), Err(refused.clone()));
    assert_eq!(ledger.raise_generation(), Err(refused));
    ledger.connection().pragma_update(None, "query_only", false).unwrap();
    assert_eq!(used(&ledger.durable().unwrap()), 0);
    act(&mut ledger, &join((1, 1), 1, 1, (1, 1))).unwrap();
}

#[test]
fn a_page_that_goes_bad_under_a_hub_that_runs_refuses_the_join() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = Ledger::open(&path).unwrap();
    act(&mut ledger, &token(1, 1)).unwrap();
    let before = fs::read(&path).unwrap().len();
    drop(ledger);
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.connection().execute_batch("PRAGMA cache_size = 0; PRAGMA shrink_memory").unwrap();
    let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    assert!(size >= 8 * 4096, "{size} {before}");
    let mut good = vec![0; usize::try_from(size).unwrap() - 4096];
    file.read_exact_at(&mut good, 4096).unwrap();
    // Every page but the one that says where the others are.
    file.write_all_at(&vec![0xAA; good.len()], 4096).unwrap();
    let refused = ledger.record(&record(join((1, 1), 1, 1, (1, 1)))).unwrap_err();
    assert!(matches!(refused, LedgerError::Storage(_)), "{refused}");
    assert!(refused.to_string().contains("malformed"), "{refused}");
    drop(ledger);
    let found = Ledger::open(&path).unwrap_err();
    assert!(matches!(found, LedgerError::Damaged { .. }), "{found}");
    // Restored by hand, it is as it was.
    file.write_all_at(&good, 4096).unwrap();
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(used(&ledger.durable().unwrap()), 0);
    act(&mut ledger, &join((1, 1), 1, 1, (1, 1))).unwrap();
}
