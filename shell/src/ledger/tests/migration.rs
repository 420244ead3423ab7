//! A file of the version before join tokens.

use bowline_core::ledger::Durable;
use rusqlite::Connection;

use super::acts::{act, join, token};
use crate::ledger::{Ledger, Look, look, schema};

#[test]
fn a_ledger_from_before_join_tokens_keeps_its_peers_and_takes_joins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let old = Connection::open(&path).unwrap();
    schema::make_first(&old);
    old.execute_batch(
        "INSERT INTO peers VALUES ('web-1', zeroblob(32), 2, 7, 1);
         UPDATE meta SET generation = 41",
    )
    .unwrap();
    drop(old);
    // Before its next start.
    let found = Look { peers: 1, generation: 41, rolled_back: None };
    assert_eq!(look(&path, false), Ok(Some(found)));

    let mut ledger = Ledger::open(&path).unwrap();
    let known = ledger.durable().unwrap();
    let [(binding, None, None)] = &known.peers[..] else { panic!("{known:?}") };
    assert_eq!((binding.peer.as_str(), binding.first_seen, binding.serves), ("web-1", 7, true));
    assert_eq!(known, Durable::bound([*binding]));
    assert_eq!(ledger.raise_generation(), Ok(42));
    act(&mut ledger, &token(1, 1)).unwrap();
    act(&mut ledger, &join((2, 2), 1, 1, (1, 1))).unwrap();
    assert_eq!(look(&path, true).unwrap().unwrap().peers, 2);
}
