//! Every way in: the exact events at both ends.

use super::scenario::*;
use crate::auth::Credential;
use crate::code::{CloseCode, Code};
use crate::id::HubId;
use crate::link::EndReason;
use crate::trust::{KnownHub, Mode, PinSpec};
use crate::wire::frame::{Method, Purpose};

#[test]
fn a_secret_peer_is_admitted_without_tls_and_both_tell_the_same_story() {
    let mut world = Plan::plain().world();
    world.run();
    assert_eq!(
        world.peer.told,
        [
            "secured plain",
            "upgraded",
            "learnt FirstContact",
            "ask keep",
            "admitted web-1 secret serve"
        ]
    );
    assert_eq!(
        world.hub.told,
        [
            "secured plain",
            "upgraded",
            "ask arrive",
            "ask reserve",
            "ask record",
            "ask commit",
            "admitted web-1 secret serve"
        ]
    );
}

#[test]
fn a_secret_peer_is_admitted_over_tls_at_its_first_contact_and_keeps_the_hub() {
    let mut world = Plan::tofu().world();
    world.run();
    assert_eq!(
        world.peer.told,
        [
            "secured tls",
            "upgraded",
            "learnt FirstContact",
            "ask keep",
            "admitted web-1 secret serve"
        ]
    );
    let entry = world.peer_ledger.entry().unwrap();
    assert_eq!(entry.identity, identity().id());
    assert_eq!(entry.pin, Some(server_tls(3).pin()));
    assert_eq!((entry.generation, entry.first_seen), (5, START));
}

#[test]
fn a_known_hub_is_trusted_by_its_identity_and_nothing_is_kept_twice() {
    let mut world = Plan::tofu().world();
    world.run();
    let mut plan = Plan::tofu();
    plan.known.entry = world.peer_ledger.entry().copied();
    plan.known.seen = world.peer_ledger.seen().cloned();
    let mut again = plan.world();
    again.run();
    assert_eq!(
        again.peer.told,
        ["secured tls", "upgraded", "learnt Identity", "admitted web-1 secret serve"]
    );
}

#[test]
fn strict_trust_goes_by_the_pin_and_keeps_the_identity_once_admitted() {
    let mut plan = Plan { mode: Mode::Strict, ..Plan::tofu() };
    let pins = vec![PinSpec::Key(server_tls(3).pin())];
    plan.known = KnownHub { pins, ..plan.known };
    let mut world = plan.world();
    world.run();
    assert_eq!(
        world.peer.told,
        ["secured tls", "upgraded", "learnt Pin", "ask keep", "admitted web-1 secret serve"]
    );
}

#[test]
fn an_open_peer_gets_an_id_from_a_hub_that_it_knows() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut plan = Plan { credential: Credential::Open, hub_open: true, ..plan };
        plan.known.hub_id = Some(identity().id());
        let mut world = plan.world();
        world.run();
        let last = "admitted guest-1 open serve";
        assert_eq!(world.peer.told[2..], ["learnt Identity", "ask keep", last]);
        assert_eq!(world.hub.told[2..], ["ask arrive", "ask reserve", "ask commit", last]);
        assert_eq!(world.hub_ledger.bindings().count(), 0);
    }
}

#[test]
fn an_operator_is_admitted_for_what_it_asked() {
    let mut world = Plan { purpose: Purpose::Operate, ..Plan::tofu() }.world();
    world.run();
    assert_eq!(world.peer.told.last().unwrap(), "admitted web-1 secret operate");
    assert_eq!(world.hub.told.last().unwrap(), "admitted web-1 secret operate");
    assert!(!world.hub_ledger.bindings().next().unwrap().serves);
}

#[test]
fn every_mode_method_and_purpose_that_go_together_are_admitted_at_both_ends() {
    for mode in [Mode::Plain, Mode::Tofu, Mode::Strict] {
        for (credential, method, peer) in [
            (Credential::Secret(secret(7)), "secret", "web-1"),
            (Credential::Open, "open", "guest-1"),
        ] {
            for purpose in [Purpose::Serve, Purpose::Operate] {
                let tls = mode != Mode::Plain;
                let credential = credential.clone();
                let mut plan = Plan { mode, credential, purpose, ..Plan::plain() };
                plan.tls = (tls, tls);
                plan.hub_open = true;
                plan.known.hub_id = Some(identity().id());
                if mode == Mode::Strict {
                    plan.known.pins = vec![PinSpec::Key(server_tls(3).pin())];
                }
                let mut world = plan.world();
                world.run();
                let admitted = format!("admitted {peer} {method} {}", purpose.name());
                let secured = if tls { "secured tls" } else { "secured plain" };
                assert_eq!(
                    world.peer.told,
                    [secured, "upgraded", "learnt Identity", "ask keep", &admitted]
                );
                let mut hub = vec![secured, "upgraded", "ask arrive", "ask reserve"];
                if method != "open" {
                    hub.push("ask record");
                }
                hub.extend(["ask commit", &admitted]);
                assert_eq!(world.hub.told, hub);
            }
        }
    }
}

#[test]
fn a_peer_that_only_looks_proves_nothing_and_is_bound_to_nothing() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let world = Plan { credential: Credential::Withheld(Method::Secret), ..plan }.world();
        let mut world = world.pieces(1);
        world.run();
        let peer = &world.peer;
        assert_eq!(
            peer.told[1..],
            ["upgraded", "learnt FirstContact", "ended closed here: going-away"]
        );
        assert_eq!(*world.hub.reason(), EndReason::WebSocketClosed(Some(CloseCode::GOING_AWAY)));
        assert!(!world.hub.told.contains(&"ask reserve".to_owned()), "{:?}", world.hub.told);
        assert_eq!(world.hub_ledger.bindings().count(), 0);
        assert_eq!(world.peer_ledger.entry(), None);
    }
}

#[test]
fn a_peer_that_only_looks_checks_the_hub_all_the_same() {
    let mut plan = Plan { credential: Credential::Withheld(Method::Secret), ..Plan::tofu() };
    plan.known.hub_id = Some(HubId([9; 16]));
    let mut world = plan.world();
    world.run();
    assert_eq!(world.peer.reason().code(), Code::IdentityMismatch);
}
