//! `refresh`: the token used last, its successor, and anything else.

use std::collections::VecDeque;

use super::joining::*;
use super::scenario::*;
use crate::ask::Answer;
use crate::auth::{AuthError, Credential};
use crate::code::{CloseCode, Code};
use crate::hub::HubEvent;
use crate::identity::PeerKey;
use crate::link::EndReason;

const DAY: u64 = 86_400;

#[test]
fn a_peer_whose_certificate_has_ended_comes_back_by_its_refresh_token_and_gets_both_anew() {
    let mut scene = Scene::joined();
    scene.cut();
    scene.world.now.unix += 2 * DAY;
    let before = scene.held();
    scene.refresh();
    assert_eq!(
        scene.world.hub.told,
        [
            "secured tls",
            "upgraded",
            "ask arrive",
            "ask reserve",
            "ask record",
            "ask commit",
            "admitted web-1 refresh serve"
        ]
    );
    assert_eq!(
        scene.world.peer.told[2..],
        ["learnt Identity", "ask keep", "admitted web-1 refresh serve"]
    );
    let after = scene.held();
    assert_eq!((after.not_after, after.refresh_ends), (START + 3 * DAY, START + 92 * DAY));
    let family = scene.enrolled().family.unwrap();
    assert_eq!(family.current, before.refresh.hash());
    assert_eq!(family.successors, [(after.refresh.hash(), after.refresh_ends)]);
}

#[test]
fn a_lost_reply_costs_nothing_the_same_token_gets_another_successor() {
    let mut scene = Scene::joined();
    let first = scene.held();
    scene.world.withhold.insert("keep");
    scene.refresh();
    let lost = scene.enrolled().family.unwrap().successors[0].0;
    scene.cut();
    scene.world.withhold.clear();
    scene.refresh();
    assert!(scene.is_admitted());
    let family = scene.enrolled().family.unwrap();
    assert_eq!(family.current, first.refresh.hash());
    let successors: Vec<_> = family.successors.iter().map(|(hash, _)| *hash).collect();
    assert_eq!(successors, [lost, scene.held().refresh.hash()]);
}

#[test]
fn a_successor_that_is_used_takes_the_place_of_the_token_before() {
    let mut scene = Scene::joined();
    scene.refresh();
    let second = scene.held();
    scene.refresh();
    assert!(scene.is_admitted());
    let family = scene.enrolled().family.unwrap();
    assert_eq!(family.current, second.refresh.hash());
    assert_eq!(family.successors, [(scene.held().refresh.hash(), START + 90 * DAY)]);
}

#[test]
fn a_token_that_comes_again_after_its_successor_revokes_the_peer_and_ends_its_sessions() {
    let mut scene = Scene::joined();
    let stolen = Credential::Refresh(scene.held());
    scene.refresh();
    scene.refresh();
    assert!(scene.is_admitted());
    scene.events();
    scene.dial(|dial| dial.credential = stolen);
    assert_eq!(scene.refused(), Code::Revoked);
    let events = scene.events();
    assert!(events.contains(&HubEvent::Reused { peer: web() }), "{events:?}");
    // On the disk, too.
    let peers = scene.world.hub_ledger.durable().peers;
    assert!(
        peers.values().next().unwrap().revoked.as_ref().unwrap().reason.contains("used again"),
        "{peers:?}"
    );
    // The session that it had is told.
    scene.back();
    assert_eq!(*scene.world.hub.reason(), EndReason::Closed(Code::Revoked));
    let EndReason::Goaway { code, .. } = scene.world.peer.reason() else { panic!() };
    assert_eq!((*code, code.close()), (Code::Revoked, CloseCode::REVOKED));
    // And nothing that it has is good any more.
    scene.refresh();
    assert_eq!(scene.refused(), Code::Revoked);
    scene.resume();
    assert_eq!(scene.refused(), Code::Revoked);
}

#[test]
fn a_token_ends_on_its_day() {
    for (days, admitted) in [(90 * DAY - 1, true), (90 * DAY, false)] {
        let mut scene = Scene::joined();
        scene.cut();
        scene.world.now.unix += days;
        scene.refresh();
        assert_eq!(scene.is_admitted(), admitted);
        if !admitted {
            assert_eq!(scene.refused(), Code::Expired);
            // Nobody is revoked for being late.
            assert_eq!(
                scene.world.hub_ledger.durable().peers.values().next().unwrap().revoked,
                None
            );
        }
    }
}

#[test]
fn a_token_is_good_for_its_own_peers_key_alone() {
    let mut scene = Scene::joined();
    let held = Credential::Refresh(scene.held());
    scene.dial(|dial| {
        dial.credential = held.clone();
        dial.key = std::sync::Arc::new(PeerKey(signing_key(20)));
    });
    // No other answer than for an id that nobody has.
    assert_eq!(scene.refused(), Code::Refused);
    scene.dial(|dial| {
        dial.credential = held;
        dial.peer = "web-2".parse().unwrap();
        dial.key = std::sync::Arc::new(PeerKey(signing_key(20)));
    });
    assert_eq!(scene.refused(), Code::Refused);
    // And whoever tried has changed nothing.
    assert_eq!(scene.world.hub_ledger.durable().peers.values().next().unwrap().revoked, None);
    scene.refresh();
    assert!(scene.is_admitted());
}

#[test]
fn what_the_ledger_says_no_to_is_denied_and_tried_again() {
    let mut scene = Scene::joined();
    scene
        .world
        .instead
        .insert("record", VecDeque::from([Answer::Refused(Code::Unavailable.into())]));
    scene.refresh();
    assert_eq!(scene.refused(), Code::Unavailable);
    let refused = AuthError::Refused(Some(web()), Code::Unavailable);
    assert_eq!(*scene.world.hub.reason(), EndReason::Auth(refused));
    scene.refresh();
    assert!(scene.is_admitted());
}
