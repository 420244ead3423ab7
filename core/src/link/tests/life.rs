//! Heartbeats, silence, expiry, and every order in which a link can end.

use core::time::Duration;
use std::collections::VecDeque;

use super::properties::call;
use super::raw::{Raw, encoded};
use super::scenario::*;
use crate::ask::{Answer, AskId, Grant, LinkAnswer};
use crate::capability::Role;
use crate::code::{CloseCode, Code};
use crate::id::CallId;
use crate::link::{EndReason, TimerKind};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Goaway, OutputStream, Ping, Register, Status};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn each_end_pings_every_fifteen_seconds_and_is_told_the_round_trip() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        for _ in 0..10 {
            world.pass(Duration::from_nanos(14_999_999_999));
            world.run();
            assert_eq!(world.peer.told, [""; 0]);
            world.pass(Duration::from_nanos(1));
            // Both pings are under way; 40 ms later they are answered.
            for end in [&mut world.peer, &mut world.hub] {
                end.drain();
                assert!(end.write(world.now));
            }
            world.now.mono = world.now.mono.after(Duration::from_millis(40));
            world.run();
            assert_eq!(world.peer.told, ["round trip 40ms"]);
            assert_eq!(world.hub.told, ["round trip 40ms"]);
            world.peer.told.clear();
            world.hub.told.clear();
            world.now.mono = crate::time::Mono(world.now.mono.0 - 40_000_000);
        }
    }
}

#[test]
fn silence_for_forty_five_seconds_ends_the_link_as_idle() {
    let mut world = Plan::tofu().admitted();
    (world.peer.deaf, world.hub.deaf) = (true, true);
    let mut passed = Duration::ZERO;
    while world.hub.ended.is_none() {
        let before = world.now.mono;
        world.next_deadline();
        world.run();
        passed += world.now.mono.since(before);
        assert!(passed <= 45 * SECOND);
    }
    assert_eq!(passed, 45 * SECOND);
    assert_eq!(*world.hub.reason(), EndReason::TimedOut(TimerKind::Silence));
    assert_eq!(world.hub.reason().code(), Code::Idle);
}

#[test]
fn an_end_that_only_reads_still_answers_pings() {
    let mut world = Plan::plain().admitted();
    let pong = encoded(&Frame::Pong(Ping { token: 8 }));
    for token in [7, 8] {
        let ping = encoded(&Frame::Ping(Ping { token }));
        world.hub.feed(&masked(&ping), world.now);
        world.peer.feed(&unmasked(&ping), world.now);
    }
    // One pong for both pings, with the later token.
    assert_eq!(world.hub.sent(world.now), unmasked(&pong));
    let came = world.peer.sent(world.now);
    let (mask, sealed) = came[2..].split_at(4);
    assert_eq!(came[..2], [0x82, 0x80 | pong.len() as u8]);
    let opened: Vec<u8> = sealed.iter().zip(mask.iter().cycle()).map(|(s, m)| s ^ m).collect();
    assert_eq!(opened, pong);
    assert!(world.hub.told.is_empty() && world.peer.told.is_empty());
}

/// One message of at most 125 bytes, as the accepting side sends it.
fn unmasked(message: &[u8]) -> Vec<u8> {
    [&[0x82, message.len() as u8][..], message].concat()
}

/// One message of at most 125 bytes, as the connecting side sends it.
fn masked(message: &[u8]) -> Vec<u8> {
    [&[0x82, 0x80 | message.len() as u8, 0, 0, 0, 0][..], message].concat()
}

/// An admitted world whose session ends after so many seconds.
fn expiring(seconds: u64) -> World {
    let mut world = Plan::plain().world();
    let grant = Grant {
        peer: "web-1".parse().unwrap(),
        capabilities: Role::Member.capabilities(),
        expires: Some(START + seconds),
        record: None,
        issues: None,
        epoch: 0,
    };
    let answers = |answer| VecDeque::from([answer]);
    world.instead.insert("reserve", answers(LinkAnswer::Reserved(Box::new(grant)).into()));
    world.instead.insert("commit", answers(LinkAnswer::Committed.into()));
    world.run();
    assert!(world.peer.link.is_admitted() && world.hub.link.is_admitted());
    world
}

#[test]
fn a_session_ends_when_its_credential_does_by_either_clock() {
    let expired = EndReason::TimedOut(TimerKind::Expiry);
    assert_eq!(expired.code(), Code::SessionExpired);
    assert_eq!(expired.code().close(), CloseCode::EXPIRED);

    // Both clocks.
    let mut world = expiring(7);
    assert_eq!(world.next_deadline(), Some(TimerKind::Expiry));
    world.run();
    assert_eq!(*world.hub.reason(), expired);

    // The date jumps, the monotonic clock does not: seen at the next input, whatever it is.
    let mut world = expiring(7);
    let now = Now { unix: START + 7, ..world.now };
    world.hub.link.handle_timeout(now);
    world.run();
    assert_eq!(*world.hub.reason(), expired);
    let EndReason::Goaway { code, .. } = world.peer.reason() else { panic!() };
    assert_eq!(*code, Code::SessionExpired);

    // The date stands still or steps back: the monotonic clock ends it.
    for unix in [START, START - 3600] {
        let mut world = expiring(7);
        for seconds in 0..=7 {
            assert!(world.hub.ended.is_none());
            let mono = start().mono.after(seconds * SECOND);
            world.hub.link.handle_timeout(Now { mono, unix });
            let _ = world.hub.sent(Now { mono, unix });
            world.hub.drain();
        }
        assert_eq!(*world.hub.reason(), expired);
    }
}

#[test]
fn a_session_that_has_expired_already_does_not_begin() {
    let mut world = expiring(1);
    world.peer.link.handle_timeout(Now { unix: u64::MAX, ..world.now });
    assert_eq!(world.peer.link.send(&Frame::Register(Register::default())), Err(CLOSED));
    world.run();
    assert_eq!(*world.peer.reason(), EndReason::TimedOut(TimerKind::Expiry));
}

const CLOSED: crate::session::SendError = crate::session::SendError::Closed;

#[test]
fn answers_that_wait_go_out_before_goaway_and_goaway_before_close() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        world.hub.link.send(&Frame::Call(call(2))).unwrap();
        world.run();
        let result = CallResult {
            id: CallId(2),
            peer: Some("web-1".parse().unwrap()),
            status: Status::Exited(0),
            value: None,
            text: "",
        };
        world.peer.link.send(&Frame::Result(result)).unwrap();
        world.peer.link.close(Code::GoingAway, world.now);
        world.peer.link.close(Code::Refused, world.now);
        assert_eq!(world.peer.link.send(&Frame::Register(Register::default())), Err(CLOSED));
        world.run();
        let sentence = Code::GoingAway.row().meaning;
        assert_eq!(
            world.hub.told,
            [
                "frame result",
                "frame goaway",
                &format!("ended the other end left: going-away: {sentence}")
            ]
        );
        assert_eq!(world.peer.told[1..], ["ended closed here: going-away"]);
        assert!(world.hub.ended.as_ref().unwrap().admitted);
    }
}

#[test]
fn a_result_that_waits_behind_its_output_goes_out_with_it_before_goaway() {
    let mut world = Plan::tofu().admitted();
    world.hub.link.send(&Frame::Call(Call { window: 100, ..call(2) })).unwrap();
    world.run();
    assert_eq!(world.peer.link.output(CallId(2), OutputStream::Out, &[7; 100]), Ok(100));
    let (id, status) = (CallId(2), Status::Exited(0));
    let result = CallResult { id, peer: None, status, value: None, text: "" };
    world.peer.link.send(&Frame::Result(result)).unwrap();
    world.peer.link.close(Code::GoingAway, world.now);
    world.run();
    assert_eq!(world.hub.told[..3], ["frame output", "frame result", "frame goaway"]);
}

#[test]
fn more_answers_than_one_record_holds_all_go_out_before_goaway() {
    let mut world = Plan::tofu().admitted();
    for id in 1..=1000 {
        world.hub.link.send(&Frame::Call(call(2 * id))).unwrap();
    }
    world.hub.link.close(Code::GoingAway, world.now);
    world.run();
    assert_eq!(world.peer.told.len(), 1002);
    assert_eq!(world.peer.told[..1000], ["frame call"; 1000]);
    assert_eq!(world.peer.told[1000], "frame goaway");
}

#[test]
fn a_clock_that_steps_back_does_not_hasten_the_end() {
    let mut world = Plan::plain().admitted();
    let back = Now { mono: crate::time::Mono(0), ..world.now };
    world.hub.feed(&masked(&encoded(&Frame::Ping(Ping { token: 1 }))), back);
    let almost = Duration::from_nanos(44_999_999_999);
    world.hub.link.handle_timeout(Now { mono: world.now.mono.after(almost), ..world.now });
    assert!(world.hub.link.is_admitted());
    world.hub.link.handle_timeout(Now { mono: world.now.mono.after(45 * SECOND), ..world.now });
    assert!(!world.hub.link.is_admitted());
}

#[test]
fn the_end_is_told_once_the_last_byte_was_written_and_not_before() {
    let mut world = Plan::tofu().admitted();
    world.peer.link.close(Code::GoingAway, world.now);
    world.peer.piece = 1;
    let mut written = 0;
    while !world.peer.link.transmit().is_empty() {
        assert!(world.peer.ended.is_none());
        assert!(world.peer.write(world.now));
        world.peer.drain();
        written += 1;
    }
    assert!(written > 30 && world.peer.ended.is_some());
    let bytes: Vec<u8> = world.peer.wire.drain(..).collect();
    world.hub.feed(&bytes, world.now);
    assert_eq!(world.hub.told, ["frame goaway"]);
    let _ = world.hub.sent(world.now);
    world.hub.drain();
    assert!(matches!(world.hub.reason(), EndReason::Goaway { .. }));
}

#[test]
fn a_link_closed_before_admission_ends_quietly_at_the_peer_and_with_refuse_at_the_hub() {
    let mut peer = End::new(Plan::tofu().peer_link());
    peer.link.close(Code::GoingAway, start());
    let _ = peer.sent(start());
    peer.drain();
    assert_eq!(peer.told, ["ended closed here: going-away"]);

    let mut hub = End::new(Plan::plain().hub_link());
    let mut raw = Raw::peer();
    raw.exchange(&mut hub);
    hub.link.close(Code::GoingAway, start());
    raw.exchange(&mut hub);
    assert_eq!(raw.kinds(), ["hello", "refuse"]);
    assert_eq!(raw.closed, Some(CloseCode::GOING_AWAY));
}

#[test]
fn an_end_whose_last_words_nobody_takes_gives_up_after_two_seconds() {
    let mut world = Plan::tofu().admitted();
    world.hub.link.close(Code::GoingAway, world.now);
    world.hub.drain();
    assert!(!world.hub.link.transmit().is_empty());
    let due = world.now.mono.after(2 * SECOND);
    assert_eq!(world.hub.link.poll_timeout(), Some((due, TimerKind::Ending)));
    world.hub.link.handle_timeout(Now { mono: due, unix: START + 2 });
    world.hub.drain();
    assert_eq!(*world.hub.reason(), EndReason::Closed(Code::GoingAway));
    assert!(world.hub.link.transmit().is_empty());
}

#[test]
fn an_end_whose_socket_is_gone_has_no_last_words_to_wait_for() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        world.hub.link.close(Code::GoingAway, world.now);
        world.hub.drain();
        assert!(!world.hub.link.transmit().is_empty() && world.hub.ended.is_none());
        world.hub.link.write_failed(world.now);
        world.hub.drain();
        assert_eq!(*world.hub.reason(), EndReason::Closed(Code::GoingAway));
        assert!(world.hub.link.transmit().is_empty());
        assert_eq!(world.hub.link.poll_timeout(), None);
        // One that was not ending was cut.
        world.peer.link.write_failed(world.now);
        world.peer.drain();
        assert_eq!(*world.peer.reason(), EndReason::Cut);
    }
}

#[test]
fn a_stream_that_ends_without_a_word_was_cut_and_after_goaway_it_was_not() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        world.hub.link.received_eof(world.now);
        world.hub.drain();
        assert_eq!(world.hub.told, ["ended the connection was cut"]);
        assert!(world.hub.reason().is_retryable() && world.hub.link.transmit().is_empty());
    }
    let mut world = Plan::plain().admitted();
    let goaway = Frame::Goaway(Goaway { code: Code::Overload, text: "", reconnect_after: Some(9) });
    world.hub.feed(&masked(&encoded(&goaway)), world.now);
    world.hub.link.received_eof(world.now);
    let _ = world.hub.sent(world.now);
    world.hub.drain();
    let EndReason::Goaway { code, reconnect_after, .. } = world.hub.reason() else { panic!() };
    assert_eq!((*code, *reconnect_after), (Code::Overload, Some(9)));
}

#[test]
fn an_answer_with_another_number_or_to_an_ended_link_changes_nothing() {
    let mut world = Plan::plain().world();
    world.withhold.extend(["reserve", "keep"]);
    world.run();
    let (ask, _) = world.hub.asked[0];
    let no = || Answer::Refused(Code::Refused.into());
    for other in [AskId(ask.0 + 1), AskId(u64::MAX)] {
        world.hub.link.answer(other, no(), world.now);
        assert!(!world.hub.drain());
    }
    world.withhold.clear();
    world.run();
    assert!(world.hub.link.is_admitted());
    world.hub.link.answer(ask, no(), world.now);
    assert!(!world.hub.drain() && world.hub.link.is_admitted());
}

#[test]
fn frames_that_came_with_welcome_wait_until_the_hub_was_kept() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.world();
        world.withhold.insert("keep");
        world.run();
        assert!(world.hub.link.is_admitted() && !world.peer.link.is_admitted());
        world.hub.link.send(&Frame::Call(call(2))).unwrap();
        world.run();
        assert_eq!(world.peer.told.last().unwrap(), "ask keep");
        world.withhold.clear();
        world.run();
        let count = world.peer.told.len();
        assert_eq!(world.peer.told[count - 2..], ["admitted web-1 secret serve", "frame call"]);
    }
}
