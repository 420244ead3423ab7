//! The preauth, between two ends: what a peer that is turned away hears, and what proxies change.

use super::raw::*;
use super::scenario::*;
use crate::arrival::{ProxyPath, RejectReason, TurnedAway};
use crate::ask::LinkAnswer;
use crate::auth::AuthError;
use crate::code::{CloseCode, Code};
use crate::hub::{HubConfig, Source};
use crate::id::Pin;
use crate::link::{EndReason, TimerKind};
use crate::socket::SocketError;
use crate::trust::Mode;
use crate::tunnel::TunnelError;
use crate::wire::frame::{AuthBody, Authenticate, HelloBody, Method};
use crate::wire::{Frame, WireError};

fn source(text: &str) -> Source {
    Source::Network(text.parse().unwrap())
}

fn proxied(plan: &Plan) -> Plan {
    let preauth =
        HubConfig { trusted_proxies: vec!["10.0.0.1".parse().unwrap()], ..HubConfig::default() };
    let external_pins = vec![server_tls(9).pin(), server_tls(8).pin()];
    Plan { preauth, external_pins, source: source("10.0.0.1:4000"), ..plan.clone() }
}

#[test]
fn a_peer_that_is_turned_away_hears_why_instead_of_hello() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let preauth =
            HubConfig { allow_ips: vec!["192.0.2.0/24".parse().unwrap()], ..HubConfig::default() };
        let mut world = Plan { preauth, source: source("203.0.113.7:4711"), ..plan }.world();
        world.run();
        let EndReason::Refused(refusal) = world.peer.reason() else {
            panic!("{:?}", world.peer.told)
        };
        assert_eq!((refusal.code, refusal.retry_after), (Code::AddressNotAllowed, None));
        assert_eq!(refusal.text.raw(), "This hub takes no connection from 203.0.113.7.");
        assert!(!world.peer.reason().is_retryable());
        let away = TurnedAway {
            why: RejectReason::NotAllowed,
            source: "203.0.113.7".parse().unwrap(),
            retry_after: None,
        };
        assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::TurnedAway(away)));
        assert_eq!(world.hub.told[1..3], ["upgraded", "ask arrive"]);
        assert_eq!(world.peer_ledger.entry(), None, "nothing was learnt");
        world.registry.gone(world.id, start());
    }
}

#[test]
fn the_refusal_of_a_rate_says_how_long_to_wait_and_closes_with_its_code() {
    for (why, code, close) in [
        (RejectReason::Failures, Code::RateLimited, CloseCode::RATE_LIMITED),
        (RejectReason::Pending, Code::RateLimited, CloseCode::RATE_LIMITED),
        (RejectReason::Full, Code::Full, CloseCode::REFUSED),
    ] {
        let mut hub = End::new(Plan::plain().hub_link());
        let mut raw = Raw::peer();
        let request = raw.out.filled().to_vec();
        raw.out.clear();
        hub.feed(&request, start());
        let (ask, _) = hub.asked.pop_front().unwrap();
        let seen = "203.0.113.7".parse().unwrap();
        let away = TurnedAway { why, source: seen, retry_after: Some(7) };
        hub.link.answer(ask, LinkAnswer::TurnedAway(away).into(), start());
        raw.exchange(&mut hub);
        assert_eq!(raw.kinds(), ["refuse"], "no Hello");
        let Frame::Refuse(refuse) = raw.last() else { panic!() };
        assert_eq!((refuse.code, refuse.retry_after, refuse.unix), (code, Some(7), START));
        assert_eq!(refuse.text, away.to_string());
        assert_eq!(raw.closed, Some(close));
    }
}

/// What a hub whose Arrive is answered so says in Hello, and what it makes of `seen`.
fn seen(plan: &Plan, way: ProxyPath, seen: Option<Pin>) -> (Vec<Pin>, Result<(), Code>) {
    let mut hub = End::new(plan.hub_link());
    let mut raw = Raw::peer();
    let request = raw.out.filled().to_vec();
    raw.out.clear();
    hub.feed(&request, start());
    let (ask, _) = hub.asked.pop_front().unwrap();
    hub.link.answer(ask, LinkAnswer::Arrived(way).into(), start());
    raw.exchange(&mut hub);
    let Frame::Hello(hello) = raw.last() else { panic!("{:?}", raw.kinds()) };
    let listed = HelloBody::decode(hello.body).unwrap().tls_keys;
    let dial = plan.dial();
    let body = AuthBody { seen, ..auth_body(&dial, Method::Secret) }.encode();
    let transcript = transcript(raw.nonce.unwrap(), &raw.got[0], &body);
    let possession = dial.key.sign_possession(&transcript);
    let proof = [possession.as_slice(), &secret(7).peer_mac(&transcript)].concat();
    raw.say_frame(&Frame::Authenticate(Authenticate { body: &body, proof: &proof }));
    raw.exchange(&mut hub);
    let verdict = match &hub.ended {
        None => Ok(()),
        Some(ended) => Err(ended.reason.code()),
    };
    (listed, verdict)
}

#[test]
fn external_pins_are_listed_and_must_be_seen_on_connections_from_trusted_proxies_only() {
    let plan = proxied(&Plan::plain());
    let mut pins = plan.external_pins.clone();
    pins.sort_unstable();
    let (external, other) = (Some(pins[1]), Some(server_tls(3).pin()));
    let wrong = Err(Code::OtherKeySeen);
    assert_eq!(seen(&plan, ProxyPath::Proxied, external), (pins.clone(), Ok(())));
    assert_eq!(seen(&plan, ProxyPath::Proxied, other), (pins.clone(), wrong));
    assert_eq!(seen(&plan, ProxyPath::Proxied, None), (pins.clone(), wrong));
    // Beside the proxy there may be a peer of that machine, which connects without TLS.
    assert_eq!(seen(&plan, ProxyPath::Beside, external), (pins.clone(), Ok(())));
    assert_eq!(seen(&plan, ProxyPath::Beside, other), (pins.clone(), wrong));
    assert_eq!(seen(&plan, ProxyPath::Beside, None), (pins, Ok(())));
    assert_eq!(seen(&plan, ProxyPath::Direct, external), (vec![], wrong));
    assert_eq!(seen(&plan, ProxyPath::Direct, None), (vec![], Ok(())));
}

#[test]
fn without_external_pins_a_proxy_may_carry_peers_without_tls_and_no_others() {
    let plan = Plan { external_pins: Vec::new(), ..proxied(&Plan::plain()) };
    for way in [ProxyPath::Proxied, ProxyPath::Beside, ProxyPath::Direct] {
        assert_eq!(seen(&plan, way, None), (vec![], Ok(())));
        let other = Some(server_tls(9).pin());
        assert_eq!(seen(&plan, way, other), (vec![], Err(Code::OtherKeySeen)));
    }
}

#[test]
fn a_hub_with_tls_of_its_own_vouches_for_its_own_key_only() {
    let plan = proxied(&Plan { mode: Mode::Tofu, tls: (true, true), ..Plan::plain() });
    let snapshot = plan.snapshot();
    let own = server_tls(3).pin();
    for way in [ProxyPath::Proxied, ProxyPath::Beside, ProxyPath::Direct] {
        assert_eq!(snapshot.keys(plan.source, way), [own]);
        assert!(snapshot.may_have_seen(plan.source, way, Some(own)));
        assert!(!snapshot.may_have_seen(plan.source, way, None));
        assert!(!snapshot.may_have_seen(plan.source, way, Some(server_tls(9).pin())));
    }
}

#[test]
fn only_what_the_peer_did_wrong_counts_against_its_source() {
    let refused = |code| EndReason::Auth(AuthError::Refused(None, code));
    let away = TurnedAway {
        why: RejectReason::Failures,
        source: [192, 0, 2, 1].into(),
        retry_after: None,
    };
    for (reason, counts) in [
        (AuthError::WrongSecret.into(), true),
        (AuthError::NoPossession.into(), true),
        (AuthError::MethodNotOffered(9).into(), true),
        (AuthError::Form("").into(), true),
        (AuthError::OutOfTurn("ping").into(), true),
        (AuthError::Wire(WireError::Range).into(), true),
        (EndReason::Wire(WireError::Range), true),
        (EndReason::Socket(SocketError::Text), true),
        (refused(Code::IdTaken), true),
        (refused(Code::Revoked), true),
        (refused(Code::Refused), true),
        (refused(Code::Full), false),
        (refused(Code::Unavailable), false),
        (refused(Code::RateLimited), false),
        (AuthError::TurnedAway(away).into(), false),
        (EndReason::TimedOut(TimerKind::Admission), false),
        (EndReason::TimedOut(TimerKind::Upgrade), false),
        (EndReason::Cut, false),
        (EndReason::WebSocketClosed(None), false),
        (EndReason::Closed(Code::GoingAway), false),
        (EndReason::Tunnel(TunnelError::PlainWhereTlsExpected), false),
    ] {
        assert_eq!(reason.is_failed_attempt(), counts, "{reason}");
    }
}

#[test]
fn a_failure_is_told_before_a_word_of_it_goes_out() {
    let mut hub = End::new(Plan::plain().hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    raw.say(b"garbage");
    let garbage = raw.out.filled().to_vec();
    hub.feed(&garbage, start());
    assert_eq!(hub.told.last().unwrap(), "failed");
    assert!(hub.ended.is_none() && !hub.link.transmit().is_empty(), "Refuse has yet to go out");
    // One that was admitted fails no admission, whatever it says.
    let mut world = Plan::plain().admitted();
    world.hub.feed(&garbage, start());
    world.run();
    assert!(world.hub.ended.is_some());
    assert!(!world.hub.told.contains(&"failed".to_owned()), "{:?}", world.hub.told);
}
