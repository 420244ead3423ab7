//! Files of earlier versions.

use bowline_core::facts::{Durable, PeerRecord, Restored, Sign};
use rusqlite::Connection;

use super::acts::{act, join, jti, token};
use crate::ledger::{Ledger, Look, Tokens, look, schema};

#[test]
fn a_ledger_from_before_join_tokens_keeps_its_peers_and_takes_joins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let old = Connection::open(&path).unwrap();
    schema::make(&old, 1);
    old.execute_batch(
        "INSERT INTO peers VALUES ('web-1', zeroblob(32), 2, 7, 1);
         UPDATE meta SET generation = 41",
    )
    .unwrap();
    drop(old);
    // Before its next start.
    let found = Look { peers: 1, generation: 41, restored: None };
    assert_eq!(look(&path, false), Ok(Some(found)));

    let mut ledger = Ledger::open(&path).unwrap();
    let known = ledger.durable().unwrap();
    let peers: Vec<_> = known.peers.values().collect();
    let [PeerRecord { binding, enrolled: None, revoked: None }] = peers[..] else {
        panic!("{known:?}")
    };
    assert_eq!((binding.peer.as_str(), binding.first_seen, binding.serves), ("web-1", 7, true));
    assert_eq!(known, Durable { issues: 65_536, ..Durable::bound([*binding]) });
    assert_eq!(ledger.raise_generation(), Ok(42));
    act(&mut ledger, &token(1, 1)).unwrap();
    act(&mut ledger, &join((2, 2), 1, 1, (1, 1))).unwrap();
    assert_eq!(look(&path, true).unwrap().unwrap().peers, 2);
}

#[test]
fn the_counter_of_issues_begins_beyond_all_that_an_earlier_version_can_have_minted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let old = Connection::open(&path).unwrap();
    schema::make(&old, 2);
    old.execute_batch(
        "INSERT INTO peers VALUES ('web-1', zeroblob(32), 2, 7, 1), ('web-2', zeroblob(32), 2, 7, 1);
         INSERT INTO enrolments VALUES ('web-1', zeroblob(16), 'member', '', 12),
         ('web-2', zeroblob(16), 'member', '', 5);
         UPDATE meta SET generation = 4, rolled_back = 9",
    )
    .unwrap();
    drop(old);
    let mut ledger = Ledger::open(&path).unwrap();
    let known = ledger.durable().unwrap();
    assert_eq!(known.issues, 12 + 65_536);
    // What a peer's bare word led to stays until a person has looked.
    let claimed = Restored { generation: 9, issue: 0, sign: Sign::Claim, by: None, at: 0 };
    assert_eq!(known.restored, Some(claimed));
    assert_eq!(look(&path, true).unwrap().unwrap().restored, Some(claimed));
    assert_eq!(ledger.accept_restored(500, Tokens::Keep), Ok(true));
    assert_eq!(ledger.raise_generation(), Ok(9 + 65_536 + 1));
    assert_eq!(ledger.durable().unwrap().issues, 12 + 2 * 65_536);
}

#[test]
fn a_token_whose_row_does_not_tell_all_of_it_admits_nobody_and_who_joined_by_it_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let old = Connection::open(&path).unwrap();
    schema::make(&old, 3);
    old.execute_batch(
        "INSERT INTO tokens VALUES
             (zeroblob(16), 'alice', zeroblob(32), 1, 1000, 1, 'member', NULL, NULL, 'ops', NULL),
             (unhex('01010101010101010101010101010101'), 'bob', zeroblob(32), 1, 1000, 2, 'member',
              NULL, NULL, 'ops', 77);
         INSERT INTO peers VALUES ('web-1', zeroblob(32), 3, 7, 1);
         INSERT INTO enrolments VALUES ('web-1', zeroblob(16), 'member', 'serve', 1);
         INSERT INTO labels VALUES ('web-1', 'zone', 'b')",
    )
    .unwrap();
    drop(old);

    let known = Ledger::open(&path).unwrap().durable().unwrap();
    let tokens: Vec<_> = known.tokens.values().collect();
    let [first, second] = tokens[..] else { panic!("{known:?}") };
    assert!(first.revoked.is_some_and(|at| at > 1_700_000_000), "{first:?}");
    assert_eq!((second.jti, second.revoked), (jti(1), Some(77)));
    let peers: Vec<_> = known.peers.values().collect();
    let [PeerRecord { enrolled: Some(enrolled), revoked: None, .. }] = peers[..] else {
        panic!("{known:?}")
    };
    assert_eq!((enrolled.issue, enrolled.labels["zone"].as_str()), (1, "b"));
}
