//! `revoke-peer` and `allow-peer`.

use super::*;
use crate::ask::Certified;
use crate::facts::{Enrolled, PeerRecord, Revocation};

/// The certificate of a peer that joined at noon.
fn first() -> Certified {
    Certified { issue: 1, not_after: NOON + 86_400, expired: false }
}

fn enrolled(desk: &IssuingHub, peer: &str) -> Enrolled {
    desk.hub.members.known(peer.parse().unwrap()).unwrap().enrolled.clone().unwrap()
}

#[test]
fn a_peer_is_revoked_on_the_disk_first_and_then_its_sessions_end_at_once() {
    let mut desk = IssuingHub::new();
    let token = desk.issue_with(&[("uses", Scalar::Integer(2))]);
    let web = desk.join(&token, "web-1", 1).unwrap();
    let other = desk.join(&token, "web-2", 2).unwrap();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("id", Scalar::Text("web-1")).unwrap();
    arguments.named("reason", Scalar::Text("stolen")).unwrap();
    desk.ask(desk.operator, "revoke-peer", &arguments);
    let (ask, question) = desk.hub.poll_ask().unwrap();
    let revocation = Revocation { at: NOON, reason: "stolen".to_owned() };
    let peers = vec!["web-1".parse().unwrap()];
    assert_eq!(question, StoreAsk::Change(Change::Revoke(peers, revocation.clone())));
    assert_eq!(desk.closing(web), None);
    let answer = desk.ledger.store(&question, desk.now);
    desk.hub.answer_ask(ask, answer, desk.now);
    let told = answered(&mut desk.hub, desk.operator);
    assert_eq!(told, Ok("{id=web-1 ended=1 method=join}".to_owned()));
    assert_eq!((desk.closing(web), desk.closing(other)), (Some(Code::Revoked), None));
    let events = core::iter::from_fn(|| desk.hub.poll_event());
    let (peer, reason) = ("web-1".parse().unwrap(), "stolen".to_owned());
    assert!(
        events.into_iter().any(|event| event == HubEvent::Revoked { peer, reason: reason.clone() })
    );

    // Its certificates and refresh tokens are void, here and on the disk alike.
    let here = enrolled(&desk, "web-1");
    assert_eq!((here.issue, here.family.clone()), (2, None));
    let durable = desk.ledger.memory.durable();
    let PeerRecord { enrolled: on_disk, revoked, .. } =
        durable.peers.values().next().unwrap().clone();
    assert_eq!((on_disk, revoked), (Some(here), Some(revocation)));
    assert_eq!(desk.join(&token, "web-1", 1), Err(Code::Revoked));
}

#[test]
fn who_revokes_without_a_reason_is_named() {
    let mut desk = IssuingHub::new();
    serve(&mut desk.hub, "web-1");
    desk.ledger.memory.answer(&Question::Record(FactRecord::Bind(binding(&desk, "web-1"))));
    desk.say("revoke-peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    let told = desk.say("peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    let expected = format!("revoked={{at={NOON} reason=operator revoked it}}");
    assert!(told.contains(&expected), "{told}");
    let listed = desk.say("peers", &[]).unwrap();
    assert!(listed.contains(&expected), "{listed}");
}

fn binding(desk: &IssuingHub, peer: &str) -> Binding {
    desk.hub.members.known(peer.parse().unwrap()).unwrap().binding
}

#[test]
fn a_peer_by_the_secret_is_revoked_as_any_other() {
    let mut desk = IssuingHub::new();
    let web = serve(&mut desk.hub, "web-1");
    desk.ledger.memory.answer(&Question::Record(FactRecord::Bind(binding(&desk, "web-1"))));
    desk.say("revoke-peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    assert_eq!(desk.closing(web), Some(Code::Revoked));
    let key = "web-1".bytes().fold(0, u8::wrapping_add);
    let claim = claim("web-1", key, Purpose::Serve);
    assert_eq!(desk.admit(&claim), Err(Code::Revoked));
    let told = desk.say("allow-peer", &[("id", Scalar::Text("web-1"))]);
    assert_eq!(told, Ok("{id=web-1 method=secret revoked=true}".to_owned()));
    assert!(desk.admit(&claim).is_ok());
}

#[test]
fn an_allowed_peer_joins_anew_and_what_it_had_stays_void() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    desk.join(&token, "web-1", 1).unwrap();
    let (peer, key) = ("web-1".parse().unwrap(), PublicKey([1; 32]));
    desk.say("revoke-peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    let again = desk.say("revoke-peer", &[("id", Scalar::Text("web-1"))]);
    assert_eq!(again, Ok("{id=web-1 ended=0 method=join}".to_owned()));
    assert_eq!(enrolled(&desk, "web-1").issue, 2);
    desk.say("allow-peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    let told = desk.say("allow-peer", &[("id", Scalar::Text("web-1"))]);
    assert_eq!(told, Ok("{id=web-1 method=join revoked=false}".to_owned()));

    let identity = Some((peer, key));
    let fresh = RefreshHash([8; 32]);
    let resume = Evidence::Resume { certified: first(), fresh };
    let refresh = Evidence::Refresh { presented: RefreshHash([1; 32]), fresh };
    for (method, evidence, code) in [
        (Method::Resume, resume, Code::Voided),
        (Method::Refresh, refresh, Code::Voided),
        (Method::Secret, Evidence::Secret(SecretNumber::FIRST), Code::IdTaken),
    ] {
        let claim = claim("web-1", 1, Purpose::Serve);
        let claim = Claim { method, identity, evidence: Some(evidence), ..claim };
        assert_eq!(desk.admit(&claim), Err(code), "{method:?}");
    }
    // With the token that it used, or with another.
    desk.join(&token, "web-1", 1).unwrap();
    assert_eq!(enrolled(&desk, "web-1").issue, 2);
}

#[test]
fn an_admission_under_way_of_a_peer_that_is_revoked_is_asked_for_again_and_refused() {
    for known in [false, true] {
        let mut desk = IssuingHub::new();
        let token = desk.issue();
        if known {
            desk.join(&token, "web-1", 1).unwrap();
        }
        let claim = invited(&token, "web-1", 1);
        let link = desk.hub.arrive(somewhere(), desk.now).unwrap();
        let grant = desk.reserve(link, &claim).unwrap();
        desk.record(&grant).unwrap();
        assert!(desk.say("revoke-peer", &[("id", Scalar::Text("web-1"))]).is_ok());
        assert_eq!(desk.commit(link, &claim, grant), Ok(LinkAnswer::Stale));
        // Where the hub has not known it yet, the ledger does.
        let again = desk.reserve(link, &claim).and_then(|grant| desk.record(&grant));
        assert_eq!(again, Err(Code::Revoked), "{known}");
    }
}

#[test]
fn who_is_not_known_is_not_revoked_nor_allowed() {
    let mut desk = IssuingHub::new();
    for name in ["revoke-peer", "allow-peer"] {
        let told = desk.say(name, &[("id", Scalar::Text("web-1"))]);
        assert_eq!(told, Err("unknown-peer".to_owned()), "{name}");
    }
}

#[test]
fn a_ledger_that_cannot_revoke_or_allow_leaves_everything_as_it_was() {
    let mut desk = IssuingHub::new();
    let token = desk.issue();
    let web = desk.join(&token, "web-1", 1).unwrap();
    let mut arguments = ArgumentsBuf::new();
    arguments.named("id", Scalar::Text("web-1")).unwrap();
    let no = |desk: &mut IssuingHub, name: &str| {
        desk.ask(desk.operator, name, &arguments);
        let (ask, _) = desk.hub.poll_ask().unwrap();
        desk.hub.answer_ask(ask, Err(Code::Unavailable.into()), desk.now);
        assert_eq!(answered(&mut desk.hub, desk.operator), Err("unavailable".to_owned()));
    };
    no(&mut desk, "revoke-peer");
    assert_eq!(desk.closing(web), None);
    assert!(desk.join(&token, "web-1", 1).is_ok());
    desk.say("revoke-peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    no(&mut desk, "allow-peer");
    assert_eq!(desk.join(&token, "web-1", 1), Err(Code::Revoked));
}

#[test]
fn both_are_for_who_administers_peers_and_a_reason_is_a_sentence() {
    let mut desk = IssuingHub::new();
    serve(&mut desk.hub, "web-1");
    let member = join(&mut desk.hub, "ops", Purpose::Operate);
    let id = ("id", Scalar::Text("web-1"));
    for name in ["revoke-peer", "allow-peer"] {
        assert_eq!(desk.say_as(member, name, &[id]), Err("denied peer.admin".to_owned()));
        assert_eq!(desk.say(name, &[]), Err("bad-argument".to_owned()));
    }
    let long = "x".repeat(1025);
    for (reason, taken) in [
        (Scalar::Text(&long[..1024]), true),
        (Scalar::Text(&long), false),
        (Scalar::Text(""), false),
        (Scalar::Text("a\nb"), false),
        (Scalar::Integer(1), false),
    ] {
        let told = desk.say("revoke-peer", &[id, ("reason", reason)]);
        // The ledger of this test knows nobody; the hub does.
        assert_eq!(told.is_ok(), taken, "{reason:?}");
    }
}

#[test]
fn a_peer_that_joined_is_shown_with_what_it_may_do_and_a_forgotten_one_not_at_all() {
    let mut desk = IssuingHub::new();
    let token =
        desk.issue_with(&[("role", Scalar::Text("agent")), ("labels", Scalar::Text("zone=b"))]);
    let web = desk.join(&token, "web-1", 1).unwrap();
    let told = desk.say("peer", &[("id", Scalar::Text("web-1"))]).unwrap();
    let (jti, given) = (token.jti, "token_labels={zone=b}");
    for part in [
        &format!("jti={jti}")[..],
        "role=agent",
        "issue=1",
        "capabilities=[serve]",
        "method=join",
        given,
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("revoked="), "{told}");
    let forgotten = desk.say("forget", &[("id", Scalar::Text("web-1"))]);
    assert_eq!(forgotten, Ok("{id=web-1 ended=1}".to_owned()));
    assert_eq!(desk.closing(web), Some(Code::Revoked));
    assert!(desk.ledger.memory.durable().peers.is_empty());
    // Nobody knows its key: neither its certificate nor its refresh token say anything.
    let fresh = RefreshHash([8; 32]);
    let resume = Evidence::Resume { certified: first(), fresh };
    let refresh = Evidence::Refresh { presented: RefreshHash([1; 32]), fresh };
    for (method, evidence) in [(Method::Resume, resume), (Method::Refresh, refresh)] {
        let claim = claim("web-1", 1, Purpose::Serve);
        let claim = Claim { method, evidence: Some(evidence), ..claim };
        assert_eq!(desk.admit(&claim), Err(Code::Refused), "{method:?}");
    }
}
