//! `resume`: a certificate that holds, and every one that does not.

use super::joining::*;
use super::scenario::*;
use crate::auth::{AuthError, Credential};
use crate::code::{CloseCode, Code};
use crate::facts::{Change, PeerRecord, Revocation, Sign};
use crate::hub::HubEvent;
use crate::identity::{CertificateError, HubIdentity, PeerKey, SigningKey};
use crate::link::tests::raw::start_of;
use crate::link::{EndReason, TimerKind};
use crate::random::{Random, Seed};
use crate::time::Now;
use crate::trust::SeenStart;
use crate::wire::frame::Purpose;

const DAY: u64 = 86_400;

/// How a certificate is made.
type Forge = fn(&mut Forged);

/// The peer comes back with a certificate that is made so.
fn forged(forge: impl FnOnce(&mut Forged)) -> Scene {
    let mut scene = Scene::joined();
    let held = Credential::Resume(scene.forged(forge));
    scene.dial(|dial| dial.credential = held);
    scene
}

#[test]
fn a_peer_comes_back_by_its_certificate_and_nothing_is_written() {
    let mut scene = Scene::joined();
    scene.cut();
    scene.resume();
    assert_eq!(
        scene.world.hub.told,
        [
            "secured tls",
            "upgraded",
            "ask arrive",
            "ask reserve",
            "ask commit",
            "admitted web-1 resume serve"
        ]
    );
    assert_eq!(
        scene.world.peer.told[2..],
        ["learnt Identity", "ask keep", "admitted web-1 resume serve"]
    );
    assert_eq!(scene.enrolled().family.unwrap().successors, []);
}

#[test]
fn certificates_of_others_and_of_other_times_are_refused_with_their_codes() {
    let refused = Some(Code::Refused);
    let cases: [(&str, Forge, Option<Code>); 8] = [
        ("another CA of the hub's name", |f| f.ca = 2, refused),
        ("another id", |f| f.peer = "web-2".parse().unwrap(), refused),
        ("another key", |f| f.key = PeerKey(signing_key(20)).public(), refused),
        ("an issue that was never drawn", |f| f.issue = 2, Some(Code::Unavailable)),
        ("ended", |f| f.dates = (START - 60, START), Some(Code::Expired)),
        ("not yet valid", |f| f.dates = (START + 61, START + DAY), Some(Code::NotYetValid)),
        ("in time, with the skew", |f| f.dates = (START + 60, START + DAY), None),
        ("about to end", |f| f.dates = (START - 60, START + 1), None),
    ];
    for (case, forge, code) in cases {
        let scene = forged(forge);
        match code {
            None => assert!(scene.is_admitted(), "{case}"),
            Some(code) => assert_eq!(scene.refused(), code, "{case}"),
        }
    }
}

#[test]
fn the_log_says_what_was_wrong_with_a_certificate() {
    let scene = forged(|forged| forged.ca = 2);
    let EndReason::Auth(AuthError::Certificate(error)) = scene.world.hub.reason() else { panic!() };
    assert!(matches!(error, CertificateError::Signature), "{error:?}");
    let scene = forged(|forged| forged.dates = (START + 100, START + DAY));
    let error = AuthError::NotYetValid { by: 100 };
    assert_eq!(*scene.world.hub.reason(), EndReason::Auth(error));
    assert!(scene.world.peer.reason().is_retryable());
}

#[test]
fn a_certificate_of_an_earlier_issue_is_void() {
    let mut scene = Scene::joined();
    let first = Credential::Resume(scene.held());
    let token = scene.token();
    scene.dial(|dial| dial.credential = token);
    assert_eq!(scene.certificate().issue, 2);
    scene.dial(|dial| dial.credential = first);
    assert_eq!(scene.refused(), Code::Voided);
    assert_eq!(scene.world.peer.reason().code().close(), CloseCode::REVOKED);
}

#[test]
fn a_certificate_that_was_seen_after_its_end_is_not_revived_by_a_clock_that_steps_back() {
    let mut scene = Scene::joined();
    scene.cut();
    scene.world.now.unix = START + DAY;
    scene.resume();
    assert_eq!(scene.refused(), Code::Expired);
    scene.world.now.unix = START + 10;
    scene.resume();
    assert_eq!(scene.refused(), Code::Expired);
    let old = Credential::Resume(scene.held());
    // The refresh token goes on, and the certificate after it is of another issue.
    scene.refresh();
    assert!(scene.is_admitted());
    assert_eq!(scene.certificate().issue, 2);
    scene.dial(|dial| dial.credential = old);
    assert_eq!(scene.refused(), Code::Voided);
    scene.resume();
    assert!(scene.is_admitted());
}

#[test]
fn a_session_ends_with_its_certificate_by_either_clock() {
    let expired = EndReason::TimedOut(TimerKind::Expiry);
    // The date jumps: at the hub alone, and at the peer alone.
    for at_hub in [true, false] {
        let mut scene = Scene::joined();
        let now = Now { unix: START + DAY, ..scene.world.now };
        let world = &mut scene.world;
        let end = if at_hub { &mut world.hub } else { &mut world.peer };
        end.link.handle_timeout(now);
        world.run();
        let (end, other) =
            if at_hub { (&world.hub, &world.peer) } else { (&world.peer, &world.hub) };
        assert_eq!(*end.reason(), expired);
        assert_eq!(end.reason().code().close(), CloseCode::EXPIRED);
        let EndReason::Goaway { code, .. } = other.reason() else { panic!("{:?}", other.told) };
        assert_eq!(*code, Code::SessionExpired);
    }
    // Time passes, and the date stands still. Nobody answers what would renew it.
    let mut scene = Scene::joined();
    let world = &mut scene.world;
    world.withhold.insert("held");
    while world.hub.ended.is_none() {
        let next = [world.peer.link.poll_timeout(), world.hub.link.poll_timeout()];
        let next = next.into_iter().flatten().map(|(at, _)| at).min().unwrap();
        world.now.mono = next;
        world.peer.link.handle_timeout(world.now);
        world.hub.link.handle_timeout(world.now);
        world.run();
    }
    assert_eq!(world.now.mono, start().mono.after(core::time::Duration::from_secs(DAY)));
    assert_eq!(world.hub.reason().code(), Code::SessionExpired);
}

#[test]
fn another_keys_peer_does_not_come_back_by_a_certificate_that_it_found() {
    let mut scene = Scene::joined();
    let held = Credential::Resume(scene.held());
    scene.dial(|dial| {
        dial.credential = held;
        dial.key = std::sync::Arc::new(PeerKey(signing_key(20)));
    });
    assert_eq!(scene.refused(), Code::Refused);
    assert!(matches!(scene.world.hub.reason(), EndReason::Auth(AuthError::Form(_))));
}

#[test]
fn who_is_not_known_or_was_forgotten_or_revoked_does_not_come_back() {
    for (change, code) in [
        (Change::Forget(web()), Code::Refused),
        (
            Change::Revoke(vec![web()], Revocation { at: START, reason: "stolen".to_owned() }),
            Code::Revoked,
        ),
    ] {
        let mut scene = Scene::joined();
        scene.change(change);
        scene.resume();
        assert_eq!(scene.refused(), code);
        scene.refresh();
        assert_eq!(scene.refused(), code);
    }
}

#[test]
fn a_peer_that_serves_for_the_first_time_is_recorded_so() {
    let mut scene = Scene::new();
    let token = scene.token();
    scene.dial(|dial| {
        dial.credential = token;
        dial.purpose = Purpose::Operate;
    });
    assert!(!scene.world.hub_ledger.bindings().next().unwrap().serves);
    scene.resume();
    assert!(scene.world.hub.told.iter().any(|line| line == "ask record"));
    assert!(scene.world.hub_ledger.bindings().next().unwrap().serves);
}

#[test]
fn after_a_restored_hub_was_accepted_who_comes_back_gets_new_refresh_tokens() {
    let mut scene = Scene::joined();
    let mut durable = scene.world.hub_ledger.durable();
    for PeerRecord { enrolled, .. } in durable.peers.values_mut() {
        enrolled.as_mut().unwrap().family = None;
    }
    scene.world.hub_ledger.change_all(durable);
    scene.restart();
    let old = scene.held();
    scene.refresh();
    assert_eq!(scene.refused(), Code::Voided);
    scene.resume();
    assert!(scene.is_admitted());
    assert!(scene.world.peer.told.iter().any(|line| line == "ask keep"));
    let new = scene.held();
    assert_ne!(new.refresh.hash(), old.refresh.hash());
    assert_eq!(scene.enrolled().family.unwrap().current, new.refresh.hash());
    scene.refresh();
    assert!(scene.is_admitted());
}

#[test]
fn who_comes_back_to_a_hub_that_was_restored_shows_it_and_is_admitted() {
    let mut scene = Scene::joined();
    scene.events();
    let held = Credential::Resume(scene.held());
    let mut dial_with = |seen: Option<SeenStart>| {
        let held = held.clone();
        scene.dial(|dial| {
            dial.credential = held;
            dial.purpose = Purpose::Operate;
            dial.known.seen = seen;
        });
        assert!(scene.is_admitted());
        scene.world.hub_ledger.durable().restored
    };
    // A start that is not later, another hub's Hello, one with another's signature.
    let other = HubIdentity(SigningKey::generate(&mut Random::new(&Seed([77; 32]))));
    for (hub, signs, generation) in
        [(&identity(), &identity(), 5), (&other, &other, 9), (&identity(), &other, 9)]
    {
        assert_eq!(dial_with(Some(start_of(hub, signs, generation))), None);
    }
    let restored = dial_with(Some(start_of(&identity(), &identity(), 9))).unwrap();
    let by = Some(web());
    assert_eq!((restored.generation, restored.sign, restored.by), (9, Sign::Hello, by));
    let events = scene.events();
    let told = HubEvent::RolledBack { restored, own: 0 };
    assert!(events.contains(&told), "{events:?}");
    scene.refresh();
    assert_eq!(scene.refused(), Code::Unavailable);
}
