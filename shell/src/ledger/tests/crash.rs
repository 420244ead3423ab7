//! A crash at any write: what was answered is there, what was not is there whole or not at all, and
//! everybody who got no answer asks again and gets it.

use std::fs::{self, OpenOptions};
use std::io::Write;

use bowline_core::code::Code;
use bowline_core::facts::Change;

use super::acts::{Act, Model, act, join, jti, peer, refresh, restored, revoke, token};
use crate::crash::tests::{ChildEnd, child_dir, crash_at};
use crate::ledger::Ledger;

/// The life of a hub: two starts, tokens for one key and for two, joins whose replies are lost,
/// strangers with a used token, refreshes, revocations, a purge.
fn life() -> Vec<(Act, Result<bool, Code>)> {
    let granted = Ok(true);
    vec![
        (Act::Raise, granted),
        (token(1, 1), granted),
        (token(2, 2), granted),
        (token(3, 1), granted),
        (join((1, 1), 1, 1, (1, 10)), granted),
        (join((2, 2), 1, 1, (1, 20)), Err(Code::Used)),
        // The same key again: its reply was lost.
        (join((1, 1), 1, 1, (2, 11)), granted),
        // And for another id, which is another use.
        (join((5, 1), 1, 1, (1, 50)), Err(Code::Used)),
        (join((2, 2), 2, 2, (1, 20)), granted),
        (join((3, 3), 2, 2, (1, 30)), granted),
        (join((4, 4), 2, 2, (1, 40)), Err(Code::Used)),
        // A token that is used up says so, whoever's the id is.
        (join((1, 5), 2, 2, (3, 50)), Err(Code::Used)),
        (join((1, 5), 3, 1, (3, 50)), Err(Code::IdTaken)),
        (refresh(1, 11, 12), granted),
        (refresh(1, 11, 13), granted),
        (refresh(1, 13, 14), granted),
        (refresh(1, 11, 15), Err(Code::Expired)),
        (Act::Raise, granted),
        (revoke(2), granted),
        (refresh(2, 20, 21), Err(Code::Revoked)),
        (Act::Change(Change::Allow(peer(2))), granted),
        (join((2, 2), 2, 2, (3, 22)), granted),
        (Act::Change(Change::RevokeToken(jti(2), 400, vec![peer(3)])), granted),
        (Act::Change(Change::Forget(peer(3))), granted),
        (Act::Change(Change::Purge(999)), Ok(false)),
        (Act::Change(Change::Purge(1000)), granted),
        (join((1, 1), 1, 1, (3, 16)), Err(Code::Expired)),
        (Act::Change(Change::Restored(restored(7, 0))), granted),
        (Act::Change(Change::Restored(restored(7, 12))), granted),
        (Act::Change(Change::Restored(restored(3, 12))), Ok(false)),
    ]
}

#[test]
#[ignore = "run in a process of its own, which crashes"]
fn a_hub_lives_until_it_crashes() {
    let dir = child_dir();
    let mut answered = OpenOptions::new().create(true).append(true).open(dir.join("answered"));
    let answered = answered.as_mut().unwrap();
    let mut ledger = Ledger::open(&dir.join("ledger.db")).unwrap();
    for (step, expected) in life() {
        assert_eq!(act(&mut ledger, &step), expected, "{step:?}");
        answered.write_all(b".").unwrap();
    }
}

#[test]
fn a_crash_at_any_write_spends_no_token_twice_and_locks_nobody_out() {
    let life = life();
    let mut crashes = 0;
    for n in 1.. {
        let dir = tempfile::tempdir().unwrap();
        let name = "ledger::tests::crash::a_hub_lives_until_it_crashes";
        if crash_at(name, n, dir.path()) == ChildEnd::Done {
            break;
        }
        crashes += 1;
        let answered = fs::read(dir.path().join("answered")).unwrap_or_default().len();
        let mut model = Model::default();
        life[..answered].iter().for_each(|(step, expected)| {
            assert_eq!(model.act(step), *expected);
        });
        let before = model.clone();
        let (step, _) = &life[answered];
        let _ = model.act(step);

        let mut ledger = Ledger::open(&dir.path().join("ledger.db")).unwrap();
        let found = ledger.durable().unwrap();
        assert!(
            found == before.durable() || found == model.durable(),
            "crash {n}, after {answered} answers, within {step:?}: {found:#?}"
        );
        let twice = |token: &&bowline_core::facts::TokenRecord| {
            token.used.len() > usize::try_from(token.uses).unwrap()
        };
        assert_eq!(found.tokens.values().find(twice), None);
        // Whoever got no answer asks again; from there on all is as if nothing had happened, but
        // for starts, of which there may be one more.
        for (step, expected) in &life[answered..] {
            let outcome = act(&mut ledger, step);
            // What has changed already is no change again.
            let again = matches!(step, Act::Change(_)) && outcome == Ok(false);
            assert!(outcome == *expected || again, "crash {n}: {step:?} came to {outcome:?}");
            let _ = model.act(step);
        }
        assert_eq!(ledger.durable().unwrap(), model.durable(), "crash {n}");
        let starts = ledger.raise_generation().unwrap();
        let expected = life.iter().filter(|(step, _)| matches!(step, Act::Raise)).count() as u64;
        assert!((expected + 1..=expected + 2).contains(&starts), "crash {n}: start {starts}");
    }
    // Each write and each commit of that life.
    assert!(crashes > 90, "{crashes}");
}

/// A log as a loss of power leaves it: cut anywhere within what was not confirmed.
#[test]
fn a_log_that_is_cut_within_a_transaction_is_as_if_that_had_not_been() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let mut ledger = Ledger::open(&path).unwrap();
    let log = dir.path().join("ledger.db-wal");
    for step in [token(1, 1), join((1, 1), 1, 1, (1, 10))] {
        act(&mut ledger, &step).unwrap();
    }
    let before = ledger.durable().unwrap();
    let confirmed = fs::metadata(&log).unwrap().len();
    act(&mut ledger, &join((1, 1), 1, 1, (2, 11))).unwrap();
    let after = ledger.durable().unwrap();
    assert_ne!(before, after);
    let (file, whole) = (fs::read(&path).unwrap(), fs::read(&log).unwrap());
    let open = |cut: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        fs::write(&path, &file).unwrap();
        fs::write(dir.path().join("ledger.db-wal"), cut).unwrap();
        Ledger::open(&path).unwrap().durable().unwrap()
    };
    assert_eq!(open(&whole), after);
    let confirmed = usize::try_from(confirmed).unwrap();
    assert!(whole.len() > confirmed + 4096);
    for cut in (confirmed..whole.len()).step_by(509) {
        assert_eq!(open(&whole[..cut]), before, "cut at {cut}");
        // And with a byte of it that did not reach the disk as it was.
        let mut torn = whole.clone();
        torn[cut] ^= 0x40;
        assert_eq!(open(&torn), before, "torn at {cut}");
    }
}
