//! `join`: the exact events at both ends, and each refusal with its code.

use std::collections::VecDeque;

use super::joining::*;
use super::scenario::*;
use crate::ask::{Answer, Question};
use crate::auth::{AuthError, Credential};
use crate::code::Code;
use crate::facts::{Change, Draft, Restored, Sign};
use crate::hub::{Hub, HubConfig, HubEvent};
use crate::identity::PeerKey;
use crate::link::EndReason;
use crate::random::Seed;
use crate::wire::frame::Purpose;

const ADMITTED: [&str; 7] = [
    "secured tls",
    "upgraded",
    "ask arrive",
    "ask reserve",
    "ask record",
    "ask commit",
    "admitted web-1 join serve",
];

/// Comes with this credential and the key of this number.
fn come(scene: &mut Scene, credential: Credential, key: u8) {
    scene.dial(|dial| {
        dial.credential = credential;
        dial.key = std::sync::Arc::new(PeerKey(signing_key(key)));
    });
}

#[test]
fn a_peer_joins_by_its_token_and_keeps_the_hub_and_what_it_minted_before_its_session() {
    let mut scene = Scene::new();
    scene.world.withhold.insert("keep");
    scene.world.run();
    assert_eq!(
        scene.world.peer.told,
        ["secured tls", "upgraded", "learnt Identity", "ask keep"],
        "what is not on the disk is not used"
    );
    assert_eq!(scene.world.hub.told, ADMITTED);
    assert!(!scene.world.peer.link.is_admitted());
    scene.world.withhold.clear();
    scene.world.run();
    assert_eq!(scene.world.peer.told.last().unwrap(), "admitted web-1 join serve");

    let entry = scene.world.peer_ledger.entry().unwrap();
    assert_eq!((entry.identity, entry.pin), (identity().id(), Some(server_tls(3).pin())));
    let certificate = scene.certificate();
    assert_eq!((certificate.peer, certificate.issue), (web(), 1));
    assert_eq!((certificate.not_before, certificate.not_after), (START - 60, START + 86_400));
    assert_eq!(certificate.key, PeerKey(signing_key(2)).public());
    let held = scene.held();
    assert_eq!(held.refresh_ends, START + 90 * 86_400);
    let enrolled = scene.enrolled();
    assert_eq!((enrolled.jti, enrolled.issue), (scene.jti(), 1));
    assert_eq!(enrolled.family.unwrap().current, held.refresh.hash());
    let tokens = scene.world.hub_ledger.durable().tokens;
    assert_eq!(tokens.values().next().unwrap().used, [(certificate.key, web())].into());
}

#[test]
fn the_session_may_do_what_the_token_says_under_its_labels() {
    let mut scene = Scene::new();
    let draft = Draft {
        role: crate::capability::Role::Member,
        caps: Some(["serve", "call:uptime"].map(|cap| cap.parse().unwrap()).into_iter().collect()),
        labels: [("zone".to_owned(), "b".to_owned())].into(),
        ..draft()
    };
    let token = scene.another(&draft);
    scene.dial(|dial| {
        dial.credential = token;
        dial.labels = [("zone", "a"), ("disk", "ssd")].map(|(k, v)| (k.into(), v.into())).into();
    });
    assert!(scene.is_admitted());
    let enrolled = scene.enrolled();
    let names: Vec<_> = enrolled.capabilities.iter().map(|cap| cap.to_string()).collect();
    assert_eq!(names, ["serve", "call:uptime"]);
    assert_eq!(enrolled.labels, draft.labels);
}

#[test]
fn who_lost_the_reply_joins_again_by_the_same_token_and_what_was_minted_before_is_void() {
    let mut scene = Scene::new();
    scene.world.withhold.insert("keep");
    scene.world.run();
    let lost = scene.world.peer.asked.pop_back().unwrap().1;
    let Question::Store(kept) = lost else { panic!("{lost:?}") };
    let lost = credentials(&kept.issued.unwrap());
    scene.cut();
    scene.world.withhold.clear();
    let token = scene.token();
    come(&mut scene, token, 2);
    assert!(scene.is_admitted());
    assert_eq!((scene.certificate().issue, scene.enrolled().issue), (2, 2));
    scene.dial(|dial| dial.credential = Credential::Resume(lost.clone()));
    assert_eq!(scene.refused(), Code::Voided);
    scene.resume();
    assert!(scene.is_admitted());
}

#[test]
fn a_link_that_dies_between_record_and_session_locks_nobody_out() {
    for question in ["record", "commit"] {
        let mut scene = Scene::new();
        scene.world.withhold.insert(question);
        scene.world.run();
        let (_, asked) = scene.world.hub.asked.pop_front().unwrap();
        if question == "record" {
            // It is on the disk, and nobody hears of it.
            let recorded = scene.world.hub_ledger.answer(&asked);
            assert_eq!(recorded, Some(Answer::Recorded));
        }
        scene.cut();
        scene.world.withhold.clear();
        let token = scene.token();
        come(&mut scene, token, 2);
        assert!(scene.is_admitted(), "{question}");
    }
}

#[test]
fn another_key_with_the_same_token_is_a_replay_that_the_hub_tells() {
    let mut scene = Scene::joined();
    scene.events();
    let token = scene.token();
    scene.dial(|dial| {
        dial.credential = token;
        dial.peer = "web-2".parse().unwrap();
        dial.key = std::sync::Arc::new(PeerKey(signing_key(20)));
    });
    assert_eq!(scene.refused(), Code::Used);
    let peer = "web-2".parse().unwrap();
    assert_eq!(scene.events(), [HubEvent::Replayed { peer, jti: scene.jti() }]);
    assert_eq!(
        scene.world.hub.told.last().unwrap(),
        "ended admission of 'web-2' was refused: used"
    );
}

#[test]
fn two_keys_with_one_token_at_one_moment_the_ledger_tells_apart() {
    let mut scene = Scene::new();
    scene.world.withhold.insert("record");
    scene.world.run();
    let token = scene.token();
    scene.begin(|dial| {
        dial.credential = token;
        dial.peer = "web-2".parse().unwrap();
        dial.key = std::sync::Arc::new(PeerKey(signing_key(20)));
    });
    scene.world.run();
    assert_eq!(scene.world.hub.told.last().unwrap(), "ask record");
    scene.world.withhold.clear();
    scene.world.run();
    assert!(scene.is_admitted());
    scene.back();
    assert_eq!(scene.refused(), Code::Used);
    let said = scene.world.peer.told.iter().any(|line| line.starts_with("admitted"));
    assert!(!said, "{:?}", scene.world.peer.told);
    assert_eq!(scene.world.hub_ledger.durable().tokens.values().next().unwrap().used.len(), 1);
}

#[test]
fn a_token_that_was_never_issued_is_refused() {
    let mut scene = Scene::new();
    // The hub's storage does not know it, although the hub's key signed it.
    let token = scene.unknown(&draft());
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Refused);
    let refused = AuthError::Refused(Some(web()), Code::Refused);
    assert_eq!(*scene.world.hub.reason(), EndReason::Auth(refused));
}

#[test]
fn a_revoked_token_is_refused() {
    let mut scene = Scene::new();
    let change = Change::RevokeToken(scene.jti(), START, Vec::new());
    scene.change(change);
    let token = scene.token();
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Revoked);
    assert_eq!(scene.world.hub_ledger.bindings().count(), 0);
}

#[test]
fn a_key_that_is_revoked_while_the_ledger_writes_admits_nobody() {
    for (at_once, admitted) in [(false, true), (true, false)] {
        let mut scene = Scene::new();
        scene.world.withhold.insert("commit");
        scene.world.run();
        assert_eq!(scene.world.hub.told.last().unwrap(), "ask commit");
        // The operator's command, as the hub carries it out.
        scene.rotate_keys(at_once);
        scene.world.withhold.clear();
        scene.world.run();
        let asked = scene.world.hub.told.iter().filter(|line| *line == "ask reserve");
        assert_eq!(asked.count(), 2, "{:?}", scene.world.hub.told);
        assert_eq!(scene.is_admitted(), admitted);
        if !admitted {
            assert_eq!(scene.refused(), Code::Revoked);
        }
        // And a link that begins afterwards finds the key revoked by itself.
        let token = scene.token();
        come(&mut scene, token, 2);
        assert_eq!(scene.is_admitted(), admitted);
    }
}

#[test]
fn a_token_at_or_below_the_floor_is_refused_whatever_the_clock_says() {
    let mut scene = Scene::new();
    scene.change(Change::Purge(START + 86_400));
    let token = scene.token();
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Expired);
    assert!(matches!(scene.world.hub.reason(), EndReason::Auth(AuthError::Refused(..))));
}

#[test]
fn a_token_by_its_dates_is_not_yet_valid_or_has_expired() {
    for (unix, code) in [
        (START - 61, Some(Code::NotYetValid)),
        (START - 60, None),
        (START + 86_400 + 59, None),
        (START + 86_400 + 60, Some(Code::Expired)),
    ] {
        let mut scene = Scene::new();
        scene.world.now.unix = unix;
        let token = scene.token();
        come(&mut scene, token, 2);
        match code {
            None => assert!(scene.is_admitted(), "{unix}"),
            Some(code) => assert_eq!(scene.refused(), code),
        }
    }
}

#[test]
fn another_hubs_token_is_refused_and_a_peer_sends_it_to_no_other_hub() {
    let mut scene = Scene::new();
    let other = crate::id::HubId([7; 16]);
    let mut ledger = crate::ask::issuing::Issuing::new(other, 5, start());
    let (_, token) = ledger.issue(&draft(), start());
    let token = Credential::Join(crate::auth::JoinToken(token.into()));
    // As the token names it: the peer ends before it says anything.
    scene.dial(|dial| {
        dial.credential = token.clone();
        dial.known.token_issuer = Some(other);
    });
    assert_eq!(scene.world.peer.reason().code(), Code::IdentityMismatch);
    let heard = scene.world.hub.told.iter().any(|line| line == "ask reserve");
    assert!(!heard, "{:?}", scene.world.hub.told);
    // From one that knows this hub otherwise: the same key signed it, for another hub.
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Refused);
    let EndReason::Auth(AuthError::Token(error)) = scene.world.hub.reason() else { panic!() };
    assert!(error.to_string().contains("hub_"), "{error}");
}

#[test]
fn a_token_for_one_id_admits_no_other() {
    let mut scene = Scene::new();
    let draft = Draft { id: Some("web-9".parse().unwrap()), ..draft() };
    let token = scene.another(&draft);
    come(&mut scene, token.clone(), 2);
    assert_eq!(scene.refused(), Code::Refused);
    scene.dial(|dial| {
        dial.credential = token;
        dial.peer = "web-9".parse().unwrap();
    });
    assert!(scene.is_admitted());
}

#[test]
fn an_id_that_is_another_keys_is_taken_and_the_token_unused() {
    let mut scene = Scene::joined();
    let token = scene.another(&draft());
    come(&mut scene, token.clone(), 20);
    assert_eq!(scene.refused(), Code::IdTaken);
    assert_eq!(
        scene.world.hub_ledger.durable().tokens.values().map(|t| t.used.len()).sum::<usize>(),
        1
    );
    scene.dial(|dial| {
        dial.credential = token;
        dial.peer = "web-2".parse().unwrap();
        dial.key = std::sync::Arc::new(PeerKey(signing_key(20)));
    });
    assert!(scene.is_admitted());
}

#[test]
fn a_token_whose_role_may_not_serve_admits_no_session_that_does() {
    let mut scene = Scene::new();
    let draft = Draft { role: crate::capability::Role::ReadOnly, ..draft() };
    let token = scene.another(&draft);
    come(&mut scene, token.clone(), 2);
    assert_eq!(scene.refused(), Code::MayNotServe);
    scene.dial(|dial| {
        dial.credential = token;
        dial.purpose = Purpose::Operate;
    });
    assert!(scene.is_admitted());
}

#[test]
fn a_full_hub_spends_no_token() {
    let mut scene = Scene::new();
    let limits = crate::limits::Limits { peers: 0, ..Default::default() };
    let config = HubConfig { limits, ..HubConfig::default() };
    scene.world.registry = Hub::new(config, scene.world.hub_ledger.durable(), &Seed([7; 32]));
    let token = scene.token();
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Full);
    let asked = scene.world.hub.told.iter().any(|line| line == "ask record");
    assert!(!asked, "{:?}", scene.world.hub.told);
}

#[test]
fn what_the_ledger_says_no_to_is_told_and_nothing_is_minted() {
    for code in [Code::Used, Code::Revoked, Code::Expired, Code::IdTaken, Code::Unavailable] {
        let mut scene = Scene::new();
        scene.world.instead.insert("record", VecDeque::from([Answer::Refused(code.into())]));
        scene.world.run();
        assert_eq!(scene.refused(), code);
        assert_eq!(scene.world.peer_ledger.issued(), None);
        assert!(!scene.world.hub.told.iter().any(|line| line == "ask commit"), "{code}");
        // It was nobody's fault, and the next time it works.
        let token = scene.token();
        come(&mut scene, token, 2);
        assert!(scene.is_admitted(), "{code}");
    }
}

#[test]
fn an_id_that_joined_is_not_admitted_by_the_secret_and_one_by_the_secret_may_join() {
    let mut scene = Scene::new();
    scene.dial(|dial| dial.credential = Credential::Secret(secret(7)));
    assert!(scene.is_admitted());
    let token = scene.token();
    come(&mut scene, token, 2);
    assert!(scene.is_admitted());
    scene.dial(|dial| dial.credential = Credential::Secret(secret(7)));
    assert_eq!(scene.refused(), Code::IdTaken);
}

#[test]
fn a_revoked_peer_does_not_join_until_it_is_allowed_again() {
    let mut scene = Scene::joined();
    let revocation = crate::facts::Revocation { at: START, reason: "stolen".to_owned() };
    scene.change(Change::Revoke(vec![web()], revocation));
    let token = scene.token();
    come(&mut scene, token.clone(), 2);
    assert_eq!(scene.refused(), Code::Revoked);
    scene.change(Change::Allow(web()));
    come(&mut scene, token, 2);
    assert!(scene.is_admitted());
    assert_eq!(scene.certificate().issue, 2);
}

#[test]
fn a_hub_that_was_restored_takes_no_token_until_its_operator_has_accepted_that() {
    let mut scene = Scene::new();
    let (generation, at) = (9, START);
    scene.change(Change::Restored(Restored {
        generation,
        issue: 0,
        sign: Sign::Operator,
        by: None,
        at,
    }));
    let token = scene.token();
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Unavailable);
    assert_eq!(scene.world.peer.reason().retry_after(), Some(300));
    assert!(scene.world.hub_ledger.durable().tokens.values().next().unwrap().used.is_empty());
    // Accepted: what was issued is void, and what is issued afterwards is not.
    let mut durable = scene.world.hub_ledger.durable();
    durable.restored = None;
    for token in durable.tokens.values_mut() {
        token.revoked = Some(START);
    }
    scene.world.hub_ledger.change_all(durable);
    scene.restart();
    let token = scene.token();
    come(&mut scene, token, 2);
    assert_eq!(scene.refused(), Code::Revoked);
    let token = scene.another(&draft());
    come(&mut scene, token, 2);
    assert!(scene.is_admitted());
}

#[test]
fn what_cannot_be_kept_is_not_used() {
    let mut scene = Scene::new();
    scene.world.instead.insert("keep", VecDeque::from([Answer::Refused(Code::Unavailable.into())]));
    scene.world.run();
    assert_eq!(*scene.world.peer.reason(), EndReason::Auth(AuthError::NotKept));
    assert_eq!((scene.world.peer_ledger.issued(), scene.world.peer_ledger.entry()), (None, None));
    assert!(!scene.world.peer.told.iter().any(|line| line.starts_with("admitted")));
}
