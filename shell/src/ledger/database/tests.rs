use std::fs;
use std::os::unix::fs::MetadataExt;

use bowline_core::code::Code;
use bowline_core::facts::Binding;
use bowline_core::id::{PeerId, PublicKey};
use bowline_core::wire::frame::Method;

use super::*;

fn bind(ledger: &mut Ledger, binding: Binding) -> Result<(), LedgerError> {
    ledger.record(&FactRecord::Bind(binding))
}

fn forget(ledger: &mut Ledger, peer: PeerId) -> Result<bool, LedgerError> {
    ledger.change(&Change::Forget(peer))
}

fn bound(ledger: &mut Ledger) -> Vec<Binding> {
    ledger.durable().unwrap().peers.into_values().map(|peer| peer.binding).collect()
}

fn peer(id: &str, key: u8, seen: u64) -> Binding {
    Binding {
        peer: id.parse().unwrap(),
        key: PublicKey([key; 32]),
        method: Method::Secret,
        first_seen: seen,
        serves: true,
    }
}

#[test]
fn facts_are_there_when_the_file_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(bound(&mut ledger), vec![]);
    assert_eq!(ledger.raise_generation(), Ok(1));
    assert_eq!(bind(&mut ledger, peer("web-2", 2, 10)), Ok(()));
    assert_eq!(bind(&mut ledger, peer("web-1", 1, 20)), Ok(()));
    drop(ledger);
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(bound(&mut ledger), vec![peer("web-1", 1, 20), peer("web-2", 2, 10)]);
    assert_eq!(ledger.raise_generation(), Ok(2));
}

#[test]
fn an_id_stays_with_its_key_until_it_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    bind(&mut ledger, peer("web-1", 1, 10)).unwrap();
    let other = peer("web-1", 2, 20);
    assert_eq!(bind(&mut ledger, other), Err(LedgerError::Refused(Code::IdTaken)));
    assert_eq!(bound(&mut ledger), vec![peer("web-1", 1, 10)]);
    assert_eq!(forget(&mut ledger, other.peer), Ok(true));
    assert_eq!(forget(&mut ledger, other.peer), Ok(false));
    assert_eq!(bind(&mut ledger, other), Ok(()));
}

#[test]
fn who_served_once_serves_and_the_first_admission_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    let operator = Binding { serves: false, ..peer("a", 1, 10) };
    bind(&mut ledger, operator).unwrap();
    assert_eq!(bound(&mut ledger), vec![operator]);
    let later = Binding { method: Method::Join, ..peer("a", 1, 30) };
    assert_eq!(bind(&mut ledger, later), Ok(()));
    assert_eq!(bind(&mut ledger, operator), Ok(()));
    assert_eq!(bound(&mut ledger), vec![peer("a", 1, 10)]);
    bind(&mut ledger, peer("z", 1, u64::MAX)).unwrap();
    assert_eq!(bound(&mut ledger)[1].first_seen, i64::MAX as u64);
}

#[test]
fn commits_reach_the_disk_and_only_the_owner() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.raise_generation().unwrap();
    let pragma = |name: &str| -> String {
        let value = ledger
            .connection()
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        format!("{:?}", value.unwrap())
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    // 2 is FULL.
    assert_eq!(pragma("synchronous"), "Integer(2)");
    for name in ["l", "l-wal", "l-shm"] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

#[test]
fn a_file_of_a_later_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let ledger = Ledger::open(&path).unwrap();
    ledger.connection().pragma_update(None, "user_version", 99).unwrap();
    drop(ledger);
    let refused = LedgerError::Newer { path: path.clone(), found: 99, known: schema::version() };
    assert_eq!(Ledger::open(&path).unwrap_err(), refused);
    let connection = Connection::open(&path).unwrap();
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_damaged_file_is_refused_with_a_reason_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let junk = [b'x'; 8192];
    fs::write(&path, junk).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), junk);

    // A good header, and junk where a table should be.
    let path = dir.path().join("m");
    let mut ledger = Ledger::open(&path).unwrap();
    bind(&mut ledger, peer("a", 1, 1)).unwrap();
    drop(ledger);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xAA);
    fs::write(&path, bytes).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
}

#[test]
fn what_cannot_be_opened_is_an_error_and_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.join("l"), dir.path().join("none/l"), dir.path().into(), "/proc/l".into()] {
        let error = Ledger::open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::Open { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_fact_that_finds_no_room_is_refused_and_the_rest_stands() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = Ledger::open(&path).unwrap();
    // No page more than there are: what a full disk is to SQLite.
    ledger.connection().pragma_update(None, "max_page_count", 1).unwrap();
    let mut recorded = 0;
    let refused = loop {
        match bind(&mut ledger, peer(&format!("p{recorded}"), 1, 1)) {
            Ok(_) => recorded += 1,
            Err(error) => break error,
        }
        assert!(recorded < 10_000, "the ledger never filled");
    };
    assert!(matches!(refused, LedgerError::Storage(_)), "{refused}");
    drop(ledger);
    assert_eq!(bound(&mut Ledger::open(&path).unwrap()).len(), recorded);
}

#[test]
fn once_another_start_is_counted_nothing_more_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ours = Ledger::open(&path).unwrap();
    assert_eq!(ours.raise_generation(), Ok(1));
    assert_eq!(bind(&mut ours, peer("a", 1, 10)), Ok(()));
    let mut other = Ledger::open(&path).unwrap();
    assert_eq!(bind(&mut ours, peer("b", 2, 10)), Ok(()));
    assert_eq!(other.raise_generation(), Ok(2));
    let overtaken = LedgerError::Overtaken { own: 1, found: 2 };
    assert_eq!(overtaken.code(), Code::Unavailable);
    assert_eq!(bind(&mut ours, peer("c", 3, 10)), Err(overtaken.clone()));
    assert_eq!(ours.raise_generation(), Err(overtaken));
    assert_eq!(forget(&mut other, "a".parse().unwrap()), Ok(true));
    assert_eq!(bound(&mut other), vec![peer("b", 2, 10)]);
}
