//! Frames out of turn, garbage, silence and cuts before admission.

use core::time::Duration;

use super::raw::{Raw, encoded};
use super::scenario::*;
use crate::auth::AuthError;
use crate::code::{CloseCode, Code};
use crate::link::{EndReason, Ended, TimerKind};
use crate::socket::SocketError;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::tests::wrong::right;
use crate::wire::frame::{Method, Refuse};

/// Whoever speaks out of order: every frame but the one that is awaited, and those that a newer
/// version may send, which are out of order as well.
#[test]
fn every_other_frame_before_admission_ends_the_link_on_either_side() {
    let newer = encoded(&Frame::Unknown(0x90));
    for bytes in right().into_iter().chain([newer]) {
        let frame = Frame::decode(&bytes).unwrap();
        let out_of_turn = EndReason::Auth(AuthError::OutOfTurn(frame.kind()));
        if !matches!(frame, Frame::Authenticate(_)) {
            let mut hub = End::new(Plan::plain().hub_link());
            let mut raw = Raw::peer();
            raw.exchange(&mut hub);
            raw.say(&bytes);
            raw.exchange(&mut hub);
            assert_eq!(*hub.reason(), out_of_turn);
            assert_eq!(raw.kinds(), ["hello", "refuse"]);
            let Frame::Refuse(refuse) = raw.last() else { panic!() };
            assert_eq!(refuse.code, Code::ProtocolError);
            assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));
        }
        if !matches!(frame, Frame::Hello(_) | Frame::Refuse(_)) {
            let mut peer = End::new(Plan::plain().peer_link());
            let mut raw = Raw::hub();
            raw.exchange(&mut peer);
            raw.say(&bytes);
            raw.exchange(&mut peer);
            assert_eq!(*peer.reason(), out_of_turn);
            assert!(raw.got.is_empty(), "nothing was sent");
            assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));
        }
    }
}

/// Hello a second time, and everything else that is not Welcome or Refuse.
#[test]
fn a_hub_that_answers_authenticate_with_another_frame_is_left() {
    for bytes in right() {
        let frame = Frame::decode(&bytes).unwrap();
        if matches!(frame, Frame::Welcome(_) | Frame::Refuse(_)) {
            continue;
        }
        let mut peer = End::new(Plan::plain().peer_link());
        let mut raw = Raw::hub();
        raw.exchange(&mut peer);
        let hello = raw.hello(&[Method::Secret]);
        raw.say(&hello);
        raw.exchange(&mut peer);
        raw.say(if matches!(frame, Frame::Hello(_)) { &hello } else { &bytes });
        raw.exchange(&mut peer);
        assert_eq!(*peer.reason(), EndReason::Auth(AuthError::OutOfTurn(frame.kind())));
        assert_eq!(raw.kinds(), ["authenticate"]);
        assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));
        assert!(peer.asked.is_empty(), "there is nothing to keep");
    }
}

#[test]
fn garbage_is_refused_at_every_stage() {
    let mut hub = End::new(Plan::plain().hub_link());
    hub.feed(b"\x00\xffnonsense\r\n\r\n", start());
    let _ = hub.sent(start());
    hub.drain();
    assert!(matches!(hub.reason(), EndReason::Socket(_)), "{:?}", hub.told);

    let mut hub = End::new(Plan::plain().hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    raw.say(b"garbage");
    raw.exchange(&mut hub);
    assert!(matches!(hub.reason(), EndReason::Auth(AuthError::Wire(_))));
    assert_eq!(raw.closed, Some(CloseCode::PROTOCOL_ERROR));
}

#[test]
fn a_message_above_the_limit_before_admission_ends_the_link() {
    for (len, above) in [(16 << 10, false), ((16 << 10) + 1, true)] {
        let mut hub = End::new(Plan::plain().hub_link());
        let mut raw = Raw::peer();
        raw.exchange(&mut hub);
        raw.say(&vec![0xff; len]);
        raw.exchange(&mut hub);
        let too_big = matches!(hub.reason(), EndReason::Socket(_));
        assert_eq!(too_big, above, "{:?}", hub.told);
        if too_big {
            assert_eq!(raw.closed, Some(CloseCode::TOO_BIG));
        }
    }
}

#[test]
fn refuse_in_place_of_hello_is_told_as_it_was_said() {
    let mut peer = End::new(Plan::plain().peer_link());
    let mut raw = Raw::hub();
    raw.exchange(&mut peer);
    raw.say_frame(&Frame::Refuse(Refuse {
        code: Code::RateLimited,
        text: "later",
        unix: 77,
        retry_after: Some(5),
    }));
    raw.exchange(&mut peer);
    let EndReason::Refused(refusal) = peer.reason() else { panic!("{:?}", peer.told) };
    assert_eq!((refusal.code, refusal.text.raw()), (Code::RateLimited, "later"));
    assert_eq!((refusal.unix, refusal.retry_after), (77, Some(5)));
    assert!(raw.got.is_empty());
}

#[test]
fn an_upgrade_that_does_not_come_times_out_on_both_sides() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.world();
        (world.peer.deaf, world.hub.deaf) = (true, true);
        world.run();
        world.pass(Duration::from_nanos(9_999_999_999));
        world.run();
        assert!(world.peer.ended.is_none() && world.hub.ended.is_none());
        assert_eq!(world.next_deadline(), Some(TimerKind::Upgrade));
        world.run();
        for end in [&world.peer, &world.hub] {
            assert_eq!(*end.reason(), EndReason::TimedOut(TimerKind::Upgrade));
        }
    }
}

#[test]
fn an_admission_that_does_not_come_times_out_on_both_sides() {
    // The hub waits for Authenticate.
    let mut hub = End::new(Plan::plain().hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    let (at, kind) = hub.link.poll_timeout().unwrap();
    assert_eq!((at, kind), (start().mono.after(Duration::from_secs(5)), TimerKind::Admission));
    hub.link.handle_timeout(Now { mono: at, unix: START + 5 });
    raw.exchange(&mut hub);
    assert_eq!(*hub.reason(), EndReason::TimedOut(TimerKind::Admission));
    let Frame::Refuse(refuse) = raw.last() else { panic!() };
    assert_eq!(refuse.code, Code::AdmissionTimeout);
    assert_eq!(raw.closed, Some(CloseCode::ADMISSION_TIMEOUT));

    // The peer waits for Hello.
    let mut peer = End::new(Plan::plain().peer_link());
    let mut raw = Raw::hub();
    raw.exchange(&mut peer);
    let (at, kind) = peer.link.poll_timeout().unwrap();
    assert_eq!((at, kind), (start().mono.after(Duration::from_secs(5)), TimerKind::Admission));
    peer.link.handle_timeout(Now { mono: at, unix: START + 5 });
    raw.exchange(&mut peer);
    assert_eq!(*peer.reason(), EndReason::TimedOut(TimerKind::Admission));
    assert_eq!(raw.closed, Some(CloseCode::ADMISSION_TIMEOUT));
    assert!(raw.got.is_empty());
}

/// A shell that forgets a question learns of it as the loop contract's page says.
#[test]
fn a_question_that_nobody_answers_ends_the_admission_when_its_time_is_over() {
    for question in ["arrive", "reserve", "record", "commit", "keep"] {
        let mut world = Plan::tofu().world();
        world.withhold.insert(question);
        world.run();
        assert!(world.peer.ended.is_none() && world.hub.ended.is_none(), "{question}");
        while world.peer.ended.is_none() || world.hub.ended.is_none() {
            assert_eq!(world.next_deadline(), Some(TimerKind::Admission), "{question}");
            world.run();
        }
        let timed_out = EndReason::TimedOut(TimerKind::Admission);
        let ends = [world.peer.reason(), world.hub.reason()];
        let asked = usize::from(question != "keep");
        assert_eq!(*ends[asked], timed_out, "{question}");
        let other = ends[1 - asked];
        let told = EndReason::WebSocketClosed(Some(CloseCode::ADMISSION_TIMEOUT));
        assert!(other.code() == Code::AdmissionTimeout || *other == told, "{question}: {other:?}");
    }
}

/// An admission of this plan that stops after so many bytes from the peer, as far as it comes; the
/// hub's last question is never answered.
fn stopped(plan: &Plan, after: u64) -> World {
    let mut world = plan.world();
    world.withhold.insert("commit");
    let mut sent = 0;
    loop {
        let now = world.now;
        world.answer();
        let from_peer = world.peer.sent(now);
        let left = usize::try_from(after - sent).unwrap().min(from_peer.len());
        sent += left as u64;
        world.hub.feed(&from_peer[..left], now);
        let from_hub = world.hub.sent(now);
        world.peer.feed(&from_hub, now);
        if sent == after || (from_peer.is_empty() && from_hub.is_empty()) {
            return world;
        }
    }
}

/// Where to stop: at every byte that the peer sends, over TLS at every seventh.
fn stops(plan: &Plan) -> impl Iterator<Item = u64> + use<> {
    let mut whole = plan.world();
    whole.withhold.insert("commit");
    whole.run();
    let total = whole.peer.link.traffic().1;
    (0..total).step_by(if plan.tls.0 { 7 } else { 1 })
}

#[test]
fn an_end_of_stream_at_any_byte_of_admission_ends_both_and_admits_neither() {
    for plan in [Plan::plain(), Plan::tofu()] {
        for stop in stops(&plan) {
            let mut world = stopped(&plan, stop);
            world.hub.link.received_eof(world.now);
            world.peer.link.received_eof(world.now);
            world.answer();
            let _ = (world.hub.sent(world.now), world.peer.sent(world.now));
            for end in [&mut world.hub, &mut world.peer] {
                end.drain();
                let ended = end.ended.as_ref().map(|ended| (&ended.reason, ended.admitted));
                assert_eq!(ended, Some((&EndReason::Cut, false)), "{stop}");
            }
            assert_eq!(world.peer_ledger.entry(), None, "{stop}");
        }
    }
}

#[test]
fn a_peer_that_stops_half_way_at_any_byte_of_admission_is_told_that_it_took_too_long() {
    for plan in [Plan::plain(), Plan::tofu()] {
        for stop in stops(&plan) {
            let mut world = stopped(&plan, stop);
            let upgraded = world.hub.told.contains(&"upgraded".to_owned());
            let (at, kind) = world.hub.link.poll_timeout().unwrap();
            let expected = if upgraded { TimerKind::Admission } else { TimerKind::Upgrade };
            assert_eq!(kind, expected, "{stop}");
            world.hub.link.handle_timeout(Now { mono: at, ..world.now });
            let last = world.hub.sent(world.now);
            world.hub.drain();
            let ended = Ended { reason: EndReason::TimedOut(kind), admitted: false, method: None };
            assert_eq!(world.hub.ended.as_ref(), Some(&ended), "{stop}");
            assert_eq!(ended.reason.code(), Code::AdmissionTimeout);
            // The peer is there all the time: where it can read what is said last, it hears why.
            world.peer.feed(&last, world.now);
            world.peer.link.received_eof(world.now);
            let _ = world.peer.sent(world.now);
            world.peer.drain();
            match world.peer.reason() {
                EndReason::Refused(refusal) if upgraded => {
                    assert_eq!(refusal.code, Code::AdmissionTimeout, "{stop}");
                }
                EndReason::Cut if !upgraded => {}
                other => panic!("{stop}: {other:?}"),
            }
            assert_eq!(world.peer_ledger.entry(), None, "{stop}");
        }
    }
}

#[test]
fn a_hub_that_upgrades_no_one_is_named() {
    let mut peer = End::new(Plan::plain().peer_link());
    peer.feed(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", start());
    let _ = peer.sent(start());
    peer.drain();
    assert!(
        matches!(peer.reason(), EndReason::Socket(SocketError::NotUpgraded { .. })),
        "{:?}",
        peer.told
    );
}
