//! Whatever is asked in whatever order, the ledger says and holds what the model does, and holds it
//! when it is opened again.

use std::collections::BTreeMap;

use bowline_core::capability::{Capabilities, Capability, Role};
use bowline_core::facts::{
    Binding, Change, Enrolled, Enrolment, FactRecord, Family, Refreshing, Revocation, TokenRecord,
    Uses,
};
use bowline_core::id::{KeyId, PeerId, PublicKey, RefreshHash};
use bowline_core::wire::frame::Method;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::acts::{self, Act, Model};
use crate::ledger::Ledger;

fn peer() -> impl Strategy<Value = PeerId> {
    (0..3_u8).prop_map(acts::peer)
}

fn key() -> impl Strategy<Value = PublicKey> {
    (0..3_u8).prop_map(acts::key)
}

/// A peer with its own key, mostly.
fn identity() -> impl Strategy<Value = (PeerId, PublicKey)> {
    let own = (0..3_u8).prop_map(|n| (acts::peer(n), acts::key(n)));
    prop_oneof![6 => own, 1 => (peer(), key())]
}

fn hash() -> impl Strategy<Value = RefreshHash> {
    (0..4_u8).prop_map(acts::hash)
}

fn binding() -> impl Strategy<Value = Binding> {
    let method = prop_oneof![Just(Method::Secret), Just(Method::Join)];
    (identity(), method, 0..9_u64, any::<bool>()).prop_map(
        |((peer, key), method, first_seen, serves)| Binding {
            peer,
            key,
            method,
            first_seen,
            serves,
        },
    )
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    let named = Capability::CallNamed("deploy".parse().unwrap());
    prop_oneof![
        Just(Role::Member.capabilities()),
        Just(Capabilities::default()),
        Just([Capability::Serve, named].into_iter().collect()),
    ]
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map("[a-c]", "(|ä'\"\n)", 0..3)
}

fn family() -> impl Strategy<Value = Family> {
    let successors = vec((hash(), 0..50_u64), 0..4);
    (hash(), 0..50_u64, successors).prop_map(|(current, current_ends, successors)| Family {
        current,
        current_ends,
        successors,
    })
}

fn enrolment() -> impl Strategy<Value = Enrolment> {
    let enrolled = (
        prop_oneof![Just(Role::Admin), Just(Role::ReadOnly)],
        capabilities(),
        labels(),
        prop_oneof![1..4_u32, Just(u32::MAX)],
        option::weighted(0.8, family()),
    );
    (binding(), token(), enrolled).prop_map(
        |(binding, token, (role, capabilities, labels, issue, family))| {
            let invited = token.claims();
            let jti = invited.jti;
            let enrolled = Enrolled { jti, role, capabilities, labels, issue, family };
            Enrolment { binding, invited, enrolled }
        },
    )
}

fn refreshing() -> impl Strategy<Value = Refreshing> {
    let issue = (1..4_u32, any::<bool>());
    (identity(), option::weighted(0.8, hash()), hash(), 0..50_u64, issue).prop_map(
        |((peer, key), presented, fresh, fresh_ends, (issue, serves))| Refreshing {
            peer,
            key,
            presented,
            fresh,
            fresh_ends,
            issue,
            serves,
        },
    )
}

/// Mostly this, and sometimes another: so a token that is presented mostly is the one that was
/// recorded.
fn mostly<T: Clone + core::fmt::Debug>(
    this: T,
    other: impl Strategy<Value = T>,
) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(this), 1 => other]
}

fn token() -> impl Strategy<Value = TokenRecord> {
    let used = btree_map(key(), peer(), 0..2).prop_map(Uses::from_iter);
    let named = [("zone".to_owned(), "b 'ä".to_owned())].into();
    (
        (0..3_u8).prop_map(acts::jti),
        mostly("é'".to_owned(), "[a-z 'é]{0,4}"),
        (mostly(20, 2..40_u64), mostly(2, 0..4_u32)),
        mostly(None, option::of(capabilities())),
        mostly(vec!["lobby".to_owned(), "b".to_owned()], vec("[a-c]", 0..3)),
        mostly(named, labels()),
        mostly(None, option::of(peer())),
        (option::weighted(0.1, 0..9_u64), used),
    )
        .prop_map(|(jti, sub, (ends, uses), caps, rooms, labels, id, (revoked, used))| {
            let (role, issuer) = (Role::Agent, PeerId::operator());
            let (kid, issued) = (KeyId([7; 32]), 3);
            TokenRecord {
                jti,
                sub,
                kid,
                issued,
                ends,
                uses,
                role,
                caps,
                rooms,
                labels,
                id,
                issuer,
                revoked,
                used,
            }
        })
}

fn change() -> impl Strategy<Value = Change> {
    let peers = || vec(peer(), 0..3);
    let revocation = (0..9_u64, "[a-z]{0,3}").prop_map(|(at, reason)| Revocation { at, reason });
    prop_oneof![
        2 => peer().prop_map(Change::Forget),
        2 => (peers(), revocation).prop_map(|(peers, revocation)| Change::Revoke(peers, revocation)),
        3 => peer().prop_map(Change::Allow),
        1 => ((0..3_u8).prop_map(acts::jti), 0..9_u64, peers())
            .prop_map(|(jti, at, peers)| Change::RevokeToken(jti, at, peers)),
        1 => (0..5_u64).prop_map(Change::Purge),
        1 => (0..9_u64, 0..5_u32)
            .prop_map(|(generation, issue)| Change::Restored(acts::restored(generation, issue))),
    ]
}

fn an_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => binding().prop_map(|binding| Act::Record(FactRecord::Bind(binding))),
        6 => enrolment().prop_map(|enrolment| Act::Record(FactRecord::Enrol(Box::new(enrolment)))),
        4 => refreshing().prop_map(|refreshing| Act::Record(FactRecord::Refresh(refreshing))),
        3 => token().prop_map(Act::Issue),
        4 => change().prop_map(Act::Change),
        1 => Just(Act::Raise),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_says_and_holds_what_the_model_does(
        acts in vec((an_act(), any::<bool>()), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        let (mut ledger, mut model) = (Ledger::open(&path).unwrap(), Model::default());
        // Durability is what other tests look at; here it only costs time.
        ledger.connection().pragma_update(None, "synchronous", "OFF").unwrap();
        for (act, reopen) in acts {
            prop_assert_eq!(acts::act(&mut ledger, &act), model.act(&act), "{:?}", act);
            if reopen {
                drop(ledger);
                ledger = Ledger::open(&path).unwrap();
                ledger.connection().pragma_update(None, "synchronous", "OFF").unwrap();
            }
            prop_assert_eq!(ledger.durable().unwrap(), model.durable(), "{:?}", act);
        }
        prop_assert_eq!(ledger.raise_generation().unwrap(), model.generation + 1);
    }
}
