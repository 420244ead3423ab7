//! The keys that sign tokens.

use bowline_core::facts::{Change, KeyRecord};
use bowline_core::random::Random;
use bowline_core::token::{KeyState, TokenKey, TokenSigner};

use super::acts::{Act, act, token};
use crate::ledger::{KeyRotation, Ledger};

fn key(n: u8) -> TokenKey {
    let seed = bowline_core::random::Seed([n; 32]);
    TokenSigner::generate(&mut Random::new(&seed)).unwrap().key().clone()
}

pub(super) fn rotation(n: u8, at: u64, now: bool) -> KeyRotation {
    KeyRotation { key: key(n), at, now }
}

fn signed_by(n: u8, number: u8, ends: u64) -> Act {
    let Act::Issue(record) = token(number, 1) else { unreachable!() };
    let kid = key(n).id();
    Act::Issue(bowline_core::facts::TokenRecord { kid, ends, ..record })
}

#[test]
fn a_key_verifies_until_the_last_of_its_tokens_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = Ledger::open(&path).unwrap();
    let first = KeyRecord { key: key(1), created: 10, state: KeyState::Active };
    assert_eq!(ledger.rotate_key(&rotation(1, 10, false)), Ok(vec![first.clone()]));
    act(&mut ledger, &signed_by(1, 1, 900)).unwrap();
    act(&mut ledger, &signed_by(1, 2, 700)).unwrap();
    let second = KeyRecord { key: key(2), created: 20, state: KeyState::Active };
    let old = KeyRecord { state: KeyState::VerifyOnly { until: 900 }, ..first };
    assert_eq!(ledger.rotate_key(&rotation(2, 20, false)), Ok(vec![old.clone(), second.clone()]));
    // A key that signed nothing holds no longer.
    let keys = ledger.rotate_key(&rotation(3, 30, false)).unwrap();
    let unused = KeyRecord { state: KeyState::VerifyOnly { until: 30 }, ..second };
    let third = KeyRecord { key: key(3), created: 30, state: KeyState::Active };
    assert_eq!(keys, [old.clone(), unused.clone(), third.clone()]);
    // At once: whatever any key before it signed is void.
    let keys = ledger.rotate_key(&rotation(4, 40, true)).unwrap();
    let gone = |record| KeyRecord { state: KeyState::Revoked, ..record };
    let fourth = KeyRecord { key: key(4), created: 40, state: KeyState::Active };
    assert_eq!(keys, [gone(old), gone(unused), gone(third), fourth]);
    drop(ledger);
    assert_eq!(Ledger::open(&path).unwrap().durable().unwrap().keys, keys);
}

#[test]
fn no_more_keys_are_kept_than_a_set_may_have() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("l")).unwrap();
    for n in 0..70 {
        ledger.rotate_key(&rotation(n, u64::from(n), true)).unwrap();
    }
    let keys = ledger.durable().unwrap().keys;
    assert_eq!((keys.len(), keys[0].created, keys[63].created), (64, 6, 69));
    assert_eq!(keys[63].state, KeyState::Active);
    assert_eq!(keys.iter().filter(|kept| kept.state == KeyState::Active).count(), 1);
    assert_eq!(ledger.change(&Change::Purge(1)), Ok(false));
}
