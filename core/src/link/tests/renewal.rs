//! Refresh within a session: when it goes out, what it moves, and who may not.

use core::time::Duration;
use std::collections::VecDeque;

use super::joining::*;
use super::scenario::*;
use crate::ask::{Answer, StoreAsk, Stored};
use crate::auth::AuthError;
use crate::code::{CloseCode, Code};
use crate::facts::Change;
use crate::link::{EndReason, TimerKind};
use crate::session::SessionError;
use crate::wire::Frame;
use crate::wire::frame::{Issued, Refresh, RefreshBody, Refreshed};

const DAY: u64 = 86_400;

/// A joined peer at the moment when it asks for new credentials, its events so far forgotten.
fn due() -> Scene {
    let mut scene = Scene::joined();
    to_refresh(&mut scene);
    scene
}

/// Goes on, deadline by deadline, until a Refresh is due.
fn to_refresh(scene: &mut Scene) {
    loop {
        forget(scene);
        let kind = scene.world.next_deadline().unwrap();
        if kind == TimerKind::Refresh {
            return;
        }
        scene.world.run();
        assert!(scene.is_admitted(), "{scene:?}");
    }
}

fn forget(scene: &mut Scene) {
    for end in [&mut scene.world.peer, &mut scene.world.hub] {
        end.drain();
        end.told.clear();
    }
}

#[test]
fn at_two_thirds_of_its_certificates_life_a_peer_gets_another_and_its_session_goes_on() {
    let mut scene = due();
    let (asked, life) = (scene.world.now.unix, DAY + 60);
    let (from, to) = (START - 60 + life * 17 / 30, START - 60 + life * 23 / 30);
    assert!((from..=to).contains(&asked), "{asked}");
    let before = scene.held();
    scene.world.run();
    let ends = asked + DAY;
    let renewed = format!("renewed Some({ends})");
    assert_eq!(scene.world.peer.told, ["ask held", "ask keep", &renewed]);
    assert_eq!(scene.world.hub.told, ["ask renew", "ask record", "ask renewed", &renewed]);
    let after = scene.held();
    assert_eq!((after.not_after, after.refresh_ends), (ends, asked + 90 * DAY));
    assert_eq!(scene.enrolled().issue, 1);
    let family = scene.enrolled().family.unwrap();
    assert_eq!(family.current, before.refresh.hash());
    assert_eq!(family.successors, [(after.refresh.hash(), after.refresh_ends)]);
    // It outlives the first certificate, and asks again in its time.
    to_refresh(&mut scene);
    assert!(scene.world.now.unix > START + DAY);
    scene.world.run();
    assert!(scene.is_admitted());
    assert_eq!(scene.enrolled().family.unwrap().current, after.refresh.hash());
}

#[test]
fn what_is_not_kept_does_not_move_the_sessions_end_and_is_asked_for_again() {
    let mut scene = due();
    let before = scene.held();
    scene.world.instead.insert("keep", VecDeque::from([Answer::Refused(Code::Unavailable.into())]));
    scene.world.run();
    assert_eq!(scene.world.peer.told, ["ask held", "ask keep"]);
    assert_eq!(scene.held(), before);
    to_refresh(&mut scene);
    scene.world.run();
    let told = scene.world.peer.told.last().unwrap();
    assert!(told.starts_with("renewed"), "{told}");
}

#[test]
fn a_refresh_that_is_denied_is_tried_again_and_the_session_goes_on_meanwhile() {
    let mut scene = due();
    let asked = scene.world.now.mono;
    scene
        .world
        .instead
        .insert("record", VecDeque::from([Answer::Refused(Code::Unavailable.into())]));
    scene.world.run();
    assert_eq!(scene.world.hub.told, ["ask renew", "ask record"]);
    assert_eq!(scene.world.peer.told, ["ask held"]);
    assert!(scene.is_admitted());
    to_refresh(&mut scene);
    assert_eq!(scene.world.now.mono, asked.after(Duration::from_secs(60)));
    scene.world.run();
    assert!(scene.world.peer.told.last().unwrap().starts_with("renewed"));
}

#[test]
fn a_session_that_gets_no_other_certificate_ends_with_the_one_that_it_has() {
    let mut scene = Scene::joined();
    let no = || Answer::Refused(Code::Unavailable.into());
    scene.world.instead.insert("renew", core::iter::repeat_with(no).take(1000).collect());
    while scene.world.peer.ended.is_none() {
        scene.world.next_deadline().unwrap();
        scene.world.run();
    }
    assert_eq!(scene.world.now.mono, start().mono.after(Duration::from_secs(DAY)));
    let codes = [scene.world.peer.reason(), scene.world.hub.reason()].map(EndReason::code);
    assert_eq!(codes, [Code::SessionExpired; 2]);
}

#[test]
fn what_the_hub_says_meanwhile_is_asked_for_again_and_a_revoked_peers_session_ends() {
    let mut scene = due();
    scene.world.withhold.insert("renewed");
    scene.world.run();
    assert_eq!(scene.world.hub.told.last().unwrap(), "ask renewed");
    scene.rotate_keys(false);
    scene.world.withhold.clear();
    scene.world.run();
    let told = &scene.world.hub.told;
    assert_eq!(told[..3], ["ask renew", "ask record", "ask renewed"]);
    assert_eq!(told[3..6], ["ask renew", "ask record", "ask renewed"]);
    assert!(told[6].starts_with("renewed"), "{told:?}");

    let mut scene = due();
    scene.world.withhold.insert("renewed");
    scene.world.run();
    scene.command("revoke-peer", &[("id", "web-1")]);
    scene.world.withhold.clear();
    scene.world.run();
    assert_eq!(*scene.world.hub.reason(), EndReason::Closed(Code::Revoked));
    let EndReason::Goaway { code, .. } = scene.world.peer.reason() else { panic!() };
    assert_eq!(*code, Code::Revoked);
    assert!(!scene.world.peer.told.iter().any(|line| line.starts_with("renewed")));
}

#[test]
fn a_token_that_was_replaced_elsewhere_revokes_the_peer_in_its_session_too() {
    let mut scene = due();
    let before = scene.world.peer_ledger.issued().unwrap().clone();
    // A copy of its disk was used, twice, beside the session.
    for _ in 0..2 {
        let held = crate::auth::Credential::Refresh(scene.held());
        scene.dial(|dial| {
            dial.credential = held;
            dial.purpose = crate::wire::frame::Purpose::Operate;
        });
        assert!(scene.is_admitted());
    }
    // The session asks by what it has.
    scene.back();
    scene.back();
    let held = VecDeque::from([Answer::Loaded(Some(Box::new(before)))]);
    scene.world.instead.insert("held", held);
    to_refresh(&mut scene);
    scene.world.run();
    assert_eq!(scene.world.hub.told[0], "ask renew");
    assert_eq!(*scene.world.hub.reason(), EndReason::Closed(Code::Revoked));
    assert!(scene.world.hub_ledger.durable().peers.values().next().unwrap().revoked.is_some());
}

#[test]
fn a_restored_hub_denies_and_the_session_goes_on() {
    let mut scene = due();
    scene.world.instead.insert(
        "renew",
        VecDeque::from([Answer::Refused(crate::ask::AskRefusal::later(
            Code::Unavailable,
            Some(300),
        ))]),
    );
    scene.world.run();
    assert_eq!(scene.world.hub.told, ["ask renew"]);
    assert!(scene.is_admitted());
}

/// What only the link itself says.
fn say(end: &mut End, frame: &Frame<'_>) {
    end.link.session().unwrap().push(frame).unwrap();
}

/// A Refresh of the peer's token, with a proof of another transcript.
fn unproved(scene: &Scene) -> (zeroize::Zeroizing<Vec<u8>>, [u8; 64]) {
    let body = RefreshBody { refresh: scene.held().refresh.0 }.encode();
    let key = crate::identity::PeerKey(signing_key(2));
    let proof = key.sign_refresh(&crate::identity::Transcript([9; 32]), &body);
    (body, proof)
}

#[test]
fn a_refresh_that_is_not_proved_on_this_link_ends_it_and_changes_nothing() {
    let mut scene = Scene::joined();
    let (body, proof) = unproved(&scene);
    say(&mut scene.world.peer, &Frame::Refresh(Refresh { body: &body, proof: &proof }));
    scene.world.run();
    assert_eq!(*scene.world.hub.reason(), EndReason::Auth(AuthError::NoPossession));
    assert_eq!(scene.world.hub.reason().code(), Code::Refused);
    let EndReason::Goaway { code, .. } = scene.world.peer.reason() else { panic!() };
    assert_eq!(code.close(), CloseCode::REFUSED);
    assert_eq!(scene.enrolled().family.unwrap().successors, []);
    assert_eq!(scene.world.hub_ledger.durable().peers.values().next().unwrap().revoked, None);
}

#[test]
fn a_session_by_the_secret_has_nothing_to_refresh() {
    let mut world = Plan { joins: true, ..Plan::tofu() }.admitted();
    let (body, proof) = unproved(&Scene::joined());
    say(&mut world.peer, &Frame::Refresh(Refresh { body: &body, proof: &proof }));
    world.run();
    let error = SessionError::Direction("refresh");
    assert_eq!(*world.hub.reason(), EndReason::Session(error));
    let EndReason::Goaway { code, .. } = world.peer.reason() else { panic!() };
    assert_eq!(*code, Code::ProtocolError);
}

#[test]
fn credentials_that_nobody_asked_for_are_ignored_and_those_of_another_end_the_link() {
    let issued = |scene: &Scene, peer: &str| {
        let held = scene.forged(|forged| forged.peer = peer.parse().unwrap());
        Issued { certificate: held.certificate, refresh: held.refresh.0, refresh_ends: 1 }
    };
    let mut scene = Scene::joined();
    let before = scene.held();
    let unasked = issued(&scene, "web-1");
    say(&mut scene.world.hub, &Frame::Refreshed(Refreshed(unasked)));
    forget(&mut scene);
    scene.world.run();
    assert_eq!(scene.world.peer.told, Vec::<String>::new());
    assert!(scene.is_admitted());
    assert_eq!(scene.held(), before);

    let mut scene = due();
    scene.world.withhold.insert("renew");
    scene.world.run();
    let anothers = issued(&scene, "web-2");
    say(&mut scene.world.hub, &Frame::Refreshed(Refreshed(anothers)));
    scene.world.run();
    let EndReason::Auth(AuthError::NotOurs(why)) = scene.world.peer.reason() else { panic!() };
    assert_eq!(*why, "the certificate is for another id");
    assert_eq!(scene.held(), before);
}

#[test]
fn a_second_refresh_while_the_first_is_answered_is_ignored() {
    let mut scene = due();
    scene.world.withhold.insert("record");
    scene.world.run();
    to_refresh(&mut scene);
    scene.world.run();
    assert_eq!(scene.world.hub.told, Vec::<String>::new());
    scene.world.withhold.clear();
    scene.world.run();
    let renewed = scene.world.peer.told.iter().filter(|line| line.starts_with("renewed"));
    assert_eq!(renewed.count(), 1, "{:?}", scene.world.peer.told);
    assert!(scene.is_admitted());
}

#[test]
fn a_peer_that_was_forgotten_gets_no_other_certificate() {
    let mut scene = due();
    scene.command("forget", &[("id", "web-1")]);
    scene.world.run();
    assert_eq!(*scene.world.hub.reason(), EndReason::Closed(Code::Revoked));
    assert!(scene.world.hub_ledger.durable().peers.is_empty());
    let change = StoreAsk::Change(Change::Forget(web()));
    assert_eq!(scene.world.hub_ledger.store(&change, start()), Ok(Stored::Changed(false)));
}
