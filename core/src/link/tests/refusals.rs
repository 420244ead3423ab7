//! Every no between two ends that keep the rules: who says it, with which code, and that nothing
//! was kept or begun.

use super::scenario::*;
use crate::ask::{Answer, AskRefusal, LinkAnswer};
use crate::auth::{AuthError, Credential};
use crate::code::{CloseCode, Code};
use crate::id::HubId;
use crate::link::EndReason;
use crate::trust::{Entry, Mode, TrustError};
use crate::tunnel::TunnelError;
use crate::wire::frame::Method;

/// Runs a world that must not be admitted; nothing is kept, and both ends are told how it ended.
fn refused(mut world: World) -> World {
    world.run();
    assert!(!world.peer.ended.as_ref().unwrap().admitted, "{:?}", world.peer.told);
    assert!(!world.hub.ended.as_ref().unwrap().admitted, "{:?}", world.hub.told);
    assert_eq!(world.peer_ledger.entry(), None);
    assert!(!world.peer.told.contains(&"ask keep".to_owned()));
    world
}

fn code_told(world: &World) -> Code {
    match world.peer.reason() {
        EndReason::Refused(refusal) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_wrong_secret_is_refused_and_the_peer_is_not_told_why() {
    let mut plan = Plan::tofu();
    plan.credential = Credential::Secret(secret(8));
    let world = refused(plan.world());
    assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::WrongSecret));
    assert_eq!(code_told(&world), Code::Refused);
    assert_eq!(world.hub.told[..4], ["secured tls", "upgraded", "ask arrive", "failed"]);
    assert_eq!(world.hub.told.len(), 5, "{:?}", world.hub.told);
}

#[test]
fn a_hub_that_does_not_offer_the_method_is_left_before_anything_is_sent() {
    let mut plan = Plan::plain();
    plan.hub_open = true;
    plan.hub_secret = None;
    let world = refused(plan.world());
    let EndReason::Auth(AuthError::HubLacksMethod { wanted, offered }) = world.peer.reason() else {
        panic!("{:?}", world.peer.told);
    };
    assert_eq!((*wanted, offered.as_str()), (Method::Secret, "'open'"));
    let code = CloseCode::REFUSED;
    assert_eq!(*world.hub.reason(), EndReason::WebSocketClosed(Some(code)));
}

fn entry(of: HubId) -> Entry {
    Entry { identity: of, pin: None, generation: 1, first_seen: 2 }
}

#[test]
fn a_hub_of_another_identity_is_left_before_anything_is_sent() {
    for mut plan in [Plan::plain(), Plan::tofu()] {
        let other = HubId::of(&signing_key(99).public());
        plan.known.entry = Some(entry(other));
        let world = refused(plan.world());
        let EndReason::Auth(AuthError::Trust(TrustError::IdentityMismatch { seen, .. })) =
            world.peer.reason()
        else {
            panic!("{:?}", world.peer.told);
        };
        assert_eq!(*seen, identity().id());
        assert_eq!(*world.hub.reason(), EndReason::WebSocketClosed(Some(CloseCode::NORMAL)));
    }
}

#[test]
fn an_unknown_hub_is_not_trusted_with_open() {
    let mut plan = Plan::plain();
    (plan.credential, plan.hub_open) = (Credential::Open, true);
    let world = refused(plan.world());
    let EndReason::Auth(AuthError::Trust(TrustError::UnknownHub { id, pin, .. })) =
        world.peer.reason()
    else {
        panic!("{:?}", world.peer.told);
    };
    assert_eq!((*id, *pin), (identity().id(), None));
}

#[test]
fn strict_trust_with_nothing_to_check_by_is_refused_by_the_peer() {
    let mut plan = Plan::tofu();
    plan.mode = Mode::Strict;
    let world = refused(plan.world());
    assert_eq!(world.peer.reason().code(), Code::NothingToCheckBy);
}

#[test]
fn an_id_bound_to_another_key_is_taken() {
    let mut world = Plan::plain().world();
    world.run();
    let mut second = Plan { peer_key: 20, ..Plan::plain() }.world();
    second.id = world.registry.arrive(somewhere(), start()).unwrap();
    (second.registry, second.hub_ledger) = (world.registry, world.hub_ledger);
    let second = refused(second);
    assert_eq!(code_told(&second), Code::IdTaken);
    let peer = Some("web-1".parse().unwrap());
    assert_eq!(*second.hub.reason(), EndReason::Auth(AuthError::Refused(peer, Code::IdTaken)));
}

#[test]
fn a_full_hub_says_when_to_come_back() {
    let mut plan = Plan::plain();
    plan.hub_limits.sessions = 0;
    let world = refused(plan.world());
    assert_eq!(code_told(&world), Code::Full);
    assert_eq!(world.peer.reason().retry_after(), Some(10));
}

#[test]
fn what_the_hub_cannot_record_is_refused_before_it_commits() {
    let mut world = Plan::plain().world();
    let no = Answer::Refused(AskRefusal::later(Code::Unavailable, Some(3)));
    world.instead.entry("record").or_default().push_back(no);
    let world = refused(world);
    assert_eq!(code_told(&world), Code::Unavailable);
    assert_eq!(world.peer.reason().retry_after(), Some(3));
    assert!(!world.hub.told.contains(&"ask commit".to_owned()));
}

#[test]
fn a_peer_that_cannot_keep_the_hub_does_not_use_the_link() {
    let mut world = Plan::tofu().world();
    let no = Answer::Refused(Code::Unavailable.into());
    world.instead.entry("keep").or_default().push_back(no);
    world.run();
    assert_eq!(*world.peer.reason(), EndReason::Auth(AuthError::NotKept));
    assert!(!world.peer.ended.as_ref().unwrap().admitted);
    assert_eq!(world.peer_ledger.entry(), None);
    // The hub had admitted it, and sees it leave.
    assert!(world.hub.ended.as_ref().unwrap().admitted);
}

#[test]
fn an_answer_of_another_kind_is_no_answer() {
    for (question, wrong) in [
        ("reserve", LinkAnswer::Committed.into()),
        ("record", LinkAnswer::Committed.into()),
        ("commit", Answer::Recorded),
    ] {
        let mut world = Plan::plain().world();
        world.instead.entry(question).or_default().push_back(wrong);
        let world = refused(world);
        assert_eq!(*world.hub.reason(), EndReason::Auth(AuthError::OutOfTurn("answer")));
    }
}

#[test]
fn tls_on_one_end_only_is_named_on_both_ends() {
    for tls in [(true, false), (false, true)] {
        let mut plan = Plan { tls, ..Plan::plain() };
        plan.mode = if tls.0 { Mode::Tofu } else { Mode::Plain };
        let world = refused(plan.world());
        let name = |plain_here| match plain_here {
            true => EndReason::Tunnel(TunnelError::TlsWherePlainExpected),
            false => EndReason::Tunnel(TunnelError::PlainWhereTlsExpected),
        };
        assert_eq!(*world.hub.reason(), name(!tls.1));
        assert_eq!(*world.peer.reason(), name(!tls.0));
        assert!(!world.peer.reason().is_retryable());
    }
}

#[test]
fn a_stale_commit_is_asked_for_again_from_the_start() {
    let mut world = Plan::plain().world();
    world.instead.entry("commit").or_default().push_back(LinkAnswer::Stale.into());
    world.run();
    assert_eq!(
        world.hub.told[2..],
        [
            "ask arrive",
            "ask reserve",
            "ask record",
            "ask commit",
            "ask reserve",
            "ask record",
            "ask commit",
            "admitted web-1 secret serve"
        ]
    );
    assert!(world.peer.link.is_admitted());
}
