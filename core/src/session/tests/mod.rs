//! Two sessions without a link: what one sends, the other receives.

mod direction;
mod hostile;
mod property;

use super::*;
use crate::code::Code;
use crate::limits::INPUT_WINDOW;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{
    Call, CallResult, Cancel, Delivery, Deny, Done, Input, Output, OutputStream, Status, Target,
    Window,
};

fn session(side: Side, limits: &Limits) -> Session {
    Session::new(&Admitted::for_tests(side, Purpose::Serve), limits)
}

fn pair() -> (Session, Session) {
    let limits = Limits::default();
    (session(Side::Peer, &limits), session(Side::Hub, &limits))
}

fn call(id: u64, window: u64) -> Frame<'static> {
    to(id, window, Target::Hub)
}

fn to(id: u64, window: u64, target: Target<'static>) -> Frame<'static> {
    let name = "uptime".parse().unwrap();
    let (arguments, delivery) = Default::default();
    let id = CallId(id);
    Frame::Call(Call { id, target, name, arguments, deadline_ms: 1000, window, delivery })
}

fn output(id: u64, offset: u64, bytes: &[u8]) -> Frame<'_> {
    let peer = "web-1".parse().unwrap();
    Frame::Output(Output { id: CallId(id), peer, source: OutputStream::Out, offset, bytes })
}

fn input(id: u64, offset: u64, bytes: &[u8], end: bool) -> Frame<'_> {
    Frame::Input(Input { id: CallId(id), offset, bytes, end })
}

fn result(id: u64) -> Frame<'static> {
    let status = Status::Exited(0);
    Frame::Result(CallResult { id: CallId(id), peer: None, status, value: None, text: "" })
}

fn window(id: u64, bytes: u64) -> Frame<'static> {
    Frame::Window(Window { id: CallId(id), bytes })
}

fn got(session: &mut Session, frame: &Frame<'_>) -> Result<FrameVerdict, SessionError> {
    session.received(frame, Now::default())
}

/// Kind and call of everything that waits, in the order in which it is sent.
fn drain(session: &mut Session) -> Vec<(&'static str, u64)> {
    let mut sent = Vec::new();
    while let Some(message) = session.next_message() {
        let frame = Frame::decode(message).unwrap();
        let id = match &frame {
            Frame::Call(call) => call.id.0,
            Frame::Output(output) => output.id.0,
            Frame::Input(input) => input.id.0,
            Frame::Result(result) => result.id.0,
            Frame::Window(window) => window.id.0,
            _ => 0,
        };
        sent.push((frame.kind(), id));
    }
    sent
}

#[test]
fn call_ids_are_each_two_above_the_one_before_and_no_other() {
    let (mut peer, mut hub) = pair();
    assert_eq!((peer.next_call(), hub.next_call()), (CallId(1), CallId(2)));
    for wrong in [0, 2, 3] {
        let (expected, got_id) = (CallId(1), CallId(wrong));
        let error = SessionError::CallId { expected, got: got_id };
        assert_eq!(got(&mut hub, &call(wrong, 0)), Err(error));
    }
    assert_eq!(got(&mut hub, &call(1, 0)), Ok(FrameVerdict::Deliver));
    assert!(got(&mut hub, &call(1, 0)).is_err());
    assert_eq!(got(&mut hub, &call(3, 0)), Ok(FrameVerdict::Deliver));
    assert!(matches!(peer.send(&call(3, 0)), Err(SendError::Misuse(_))));
    assert_eq!(peer.send(&call(1, 0)), Ok(()));
}

#[test]
fn an_operator_serves_nothing_and_a_peer_takes_no_registration() {
    let limits = Limits::default();
    for (side, purpose, frame, taken) in [
        (Side::Peer, Purpose::Operate, call(2, 0), false),
        (Side::Peer, Purpose::Serve, call(2, 0), true),
        (Side::Hub, Purpose::Operate, call(1, 0), true),
    ] {
        let mut session = Session::new(&Admitted::for_tests(side, purpose), &limits);
        let expected =
            if taken { Ok(FrameVerdict::Deliver) } else { Err(SessionError::Direction("call")) };
        assert_eq!(got(&mut session, &frame), expected);
    }
    let mut hub = Session::new(&Admitted::for_tests(Side::Hub, Purpose::Operate), &limits);
    assert_eq!(got(&mut hub, &output(2, 0, b"x")), Err(SessionError::Direction("output")));
    assert_eq!(got(&mut hub, &result(2)), Err(SessionError::Direction("result")));
    assert!(matches!(hub.send(&call(2, 0)), Err(SendError::Misuse(_))));
}

#[test]
fn output_is_taken_to_the_last_byte_of_credit_and_no_further() {
    let (mut peer, _) = pair();
    peer.send(&call(1, 3)).unwrap();
    assert_eq!(got(&mut peer, &output(1, 0, b"abc")), Ok(FrameVerdict::Deliver));
    assert_eq!(got(&mut peer, &output(1, 3, b"d")), Err(SessionError::Credit(CallId(1))));
    let (_, mut hub) = pair();
    got(&mut hub, &call(1, 3)).unwrap();
    assert_eq!(hub.output(CallId(1), OutputStream::Out, b"abcd"), Ok(3));
    assert_eq!(hub.send(&output(1, 3, b"d")), Err(SendError::NoCredit(CallId(1))));
}

#[test]
fn input_is_taken_in_order_within_its_window_and_not_after_its_end() {
    let (_, mut hub) = pair();
    got(&mut hub, &call(1, 0)).unwrap();
    let full = vec![0; INPUT_WINDOW as usize];
    assert!(matches!(got(&mut hub, &input(1, 1, b"x", false)), Err(SessionError::Offset { .. })));
    assert_eq!(got(&mut hub, &input(1, 0, &full, false)), Ok(FrameVerdict::Deliver));
    let next = input(1, INPUT_WINDOW, b"x", false);
    assert_eq!(got(&mut hub, &next), Err(SessionError::Credit(CallId(1))));
    assert_eq!(got(&mut hub, &input(1, INPUT_WINDOW, b"", true)), Ok(FrameVerdict::Deliver));
    assert_eq!(got(&mut hub, &next), Err(SessionError::AfterEnd(CallId(1))));
}

#[test]
fn credit_for_bytes_that_still_wait_here_is_refused() {
    let (_, mut hub) = pair();
    let most = Limits::default().output_window;
    assert_eq!(got(&mut hub, &call(1, most + 1)), Err(SessionError::Window(CallId(1))));
    got(&mut hub, &call(1, most)).unwrap();
    hub.send(&output(1, 0, b"abc")).unwrap();
    assert_eq!(got(&mut hub, &window(1, 3)), Err(SessionError::Window(CallId(1))));
    assert_eq!(drain(&mut hub), [("output", 1)]);
    assert_eq!(got(&mut hub, &window(1, 3)), Ok(FrameVerdict::Deliver));
    assert_eq!(got(&mut hub, &window(1, 1)), Err(SessionError::Window(CallId(1))));
}

#[test]
fn a_result_goes_behind_the_output_of_its_call_and_ahead_of_the_output_of_others() {
    let (_, mut hub) = pair();
    for id in [1, 3, 5] {
        got(&mut hub, &call(id, 100)).unwrap();
    }
    hub.send(&output(1, 0, b"a")).unwrap();
    hub.send(&result(1)).unwrap();
    hub.send(&output(3, 0, b"b")).unwrap();
    hub.send(&result(5)).unwrap();
    let sent = drain(&mut hub);
    assert_eq!(sent, [("result", 5), ("output", 1), ("output", 3), ("result", 1)]);
    assert_eq!(hub.inbound.len(), 1);
}

#[test]
fn a_frame_that_crosses_the_end_of_its_call_is_ignored_and_one_about_none_is_an_error() {
    let (mut peer, mut hub) = pair();
    peer.send(&call(1, 9)).unwrap();
    got(&mut hub, &call(1, 9)).unwrap();
    hub.send(&result(1)).unwrap();
    assert_eq!(got(&mut peer, &result(1)), Ok(FrameVerdict::Deliver));
    for frame in [result(1), output(1, 0, b"x"), window(1, 1)] {
        assert_eq!(got(&mut peer, &frame), Ok(FrameVerdict::Done));
    }
    let cancel = |id| Frame::Cancel(Cancel { id: CallId(id), reason: "" });
    for frame in [input(1, 0, b"x", false), window(1, 1), cancel(1)] {
        assert_eq!(got(&mut hub, &frame), Ok(FrameVerdict::Done));
    }
    for id in [0, 2, 3] {
        assert_eq!(got(&mut peer, &result(id)), Err(SessionError::NeverMade("result", CallId(id))));
        assert_eq!(got(&mut hub, &cancel(id)), Err(SessionError::NeverMade("cancel", CallId(id))));
    }
}

#[test]
fn a_call_of_many_targets_ends_with_done_or_deny_and_not_with_a_result() {
    let (mut peer, mut hub) = pair();
    for id in [1, 3] {
        peer.send(&to(id, 0, Target::All)).unwrap();
        got(&mut hub, &to(id, 0, Target::All)).unwrap();
        hub.send(&result(id)).unwrap();
        got(&mut peer, &result(id)).unwrap();
        assert!(peer.is_open(CallId(id)) && hub.is_open(CallId(id)));
    }
    let done = Frame::Done(Done { id: CallId(1), answered: 1, failed: 0, missing: 0, claimed: 0 });
    let deny = Frame::Deny(Deny {
        id: Some(CallId(3)),
        code: Code::Unsupported,
        request: "uptime",
        required: None,
        text: "",
    });
    for (id, end) in [(1, done), (3, deny)] {
        hub.send(&end).unwrap();
        got(&mut peer, &end).unwrap();
        assert!(!peer.is_open(CallId(id)) && !hub.is_open(CallId(id)));
    }
}

#[test]
fn a_detached_call_ends_with_its_result_whatever_its_target() {
    let (mut peer, mut hub) = pair();
    let Frame::Call(call) = to(1, 0, Target::All) else { unreachable!() };
    let call = Frame::Call(Call { delivery: Delivery::Detached, ..call });
    peer.send(&call).unwrap();
    got(&mut hub, &call).unwrap();
    hub.send(&result(1)).unwrap();
    got(&mut peer, &result(1)).unwrap();
    assert!(!peer.is_open(CallId(1)) && !hub.is_open(CallId(1)));
}

#[test]
fn as_many_calls_are_open_as_the_limit_says_and_no_more() {
    let limits = Limits { open_calls: 2, ..Limits::default() };
    let (mut peer, mut hub) = (session(Side::Peer, &limits), session(Side::Hub, &limits));
    for id in [1, 3] {
        peer.send(&call(id, 0)).unwrap();
        got(&mut hub, &call(id, 0)).unwrap();
    }
    assert_eq!(peer.send(&call(5, 0)), Err(SendError::Busy));
    assert_eq!(got(&mut hub, &call(5, 0)), Err(SessionError::TooManyCalls(2)));
}

#[test]
fn a_full_lane_takes_nothing_and_loses_nothing() {
    let cost = Lane::cost(call(1, 0).encoded_len());
    let limits = Limits { answer_lane: 2 * cost, ..Limits::default() };
    let mut peer = session(Side::Peer, &limits);
    peer.send(&call(1, 0)).unwrap();
    peer.send(&call(3, 0)).unwrap();
    assert_eq!(peer.send(&call(5, 0)), Err(SendError::Full));
    assert_eq!(peer.next_call(), CallId(5));
    assert_eq!(drain(&mut peer), [("call", 1), ("call", 3)]);
    assert_eq!(peer.send(&call(5, 0)), Ok(()));

    let cost = Lane::cost(output(1, 0, b"a").encoded_len()) as u64;
    let mut hub = session(Side::Hub, &Limits { caller_credit: cost, ..Limits::default() });
    got(&mut hub, &call(1, 9)).unwrap();
    hub.send(&output(1, 0, b"a")).unwrap();
    assert_eq!(hub.send(&output(1, 1, b"b")), Err(SendError::Full));
    assert_eq!(hub.send(&result(1)), Err(SendError::Full));
    assert_eq!(drain(&mut hub), [("output", 1)]);
    assert_eq!(hub.send(&output(1, 1, b"b")), Ok(()));
}

#[test]
fn calls_take_turns_so_that_a_small_one_waits_for_one_message_of_each_other() {
    let (_, mut hub) = pair();
    for id in [1, 3, 5] {
        got(&mut hub, &call(id, 100)).unwrap();
    }
    for id in [1, 3] {
        for at in 0..4 {
            hub.send(&output(id, at, b"x")).unwrap();
        }
    }
    hub.send(&output(5, 0, b"x")).unwrap();
    let ids: Vec<_> = drain(&mut hub).into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids, [1, 3, 5, 1, 3, 1, 3, 1, 3]);
}

#[test]
fn a_window_is_granted_half_at_a_time() {
    let (mut peer, _) = pair();
    peer.send(&call(1, 8)).unwrap();
    drain(&mut peer);
    got(&mut peer, &output(1, 0, b"abcd")).unwrap();
    peer.grant(CallId(1), 3);
    assert_eq!(drain(&mut peer), []);
    peer.grant(CallId(1), 1);
    assert_eq!(drain(&mut peer), [("window", 1)]);
    assert_eq!(got(&mut peer, &output(1, 4, b"efghijkl")), Ok(FrameVerdict::Deliver));
}

#[test]
fn a_window_for_several_peers_is_granted_as_it_is_read() {
    let (mut peer, _) = pair();
    peer.send(&to(1, 8, Target::All)).unwrap();
    drain(&mut peer);
    got(&mut peer, &output(1, 0, b"a")).unwrap();
    peer.grant(CallId(1), 1);
    assert_eq!(drain(&mut peer), [("window", 1)]);
}

#[test]
fn a_call_with_a_window_above_the_bound_is_not_sent_and_the_link_goes_on() {
    let (mut peer, mut hub) = pair();
    let most = Limits::default().output_window;
    assert!(matches!(peer.send(&call(1, most + 1)), Err(SendError::Misuse(_))));
    assert_eq!(peer.next_call(), CallId(1));
    peer.send(&call(1, most)).unwrap();
    assert_eq!(got(&mut hub, &call(1, most)), Ok(FrameVerdict::Deliver));
}

#[test]
fn a_ping_goes_before_everything() {
    let (mut peer, _) = pair();
    peer.send(&call(1, 0)).unwrap();
    peer.heartbeat_mut().beat(crate::time::Mono(1));
    assert_eq!(drain(&mut peer), [("ping", 0), ("call", 1)]);
    assert!(peer.is_quiet());
}

#[test]
fn ten_thousand_calls_leave_no_more_memory_than_a_hundred_and_rest_frees_it() {
    let (mut peer, mut hub) = pair();
    let sizes = |s: &Session| {
        (
            s.answers.capacity(),
            s.turns.capacity(),
            s.scratch.capacity(),
            s.outbound.len(),
            s.inbound.len(),
        )
    };
    let mut early = None;
    for n in 0..10_000 {
        let id = 2 * n + 1;
        peer.send(&call(id, 100)).unwrap();
        got(&mut hub, &call(id, 100)).unwrap();
        hub.send(&output(id, 0, b"x")).unwrap();
        hub.send(&result(id)).unwrap();
        drain(&mut hub);
        drain(&mut peer);
        got(&mut peer, &output(id, 0, b"x")).unwrap();
        got(&mut peer, &result(id)).unwrap();
        if n == 100 {
            early = Some((sizes(&peer), sizes(&hub)));
        }
    }
    assert_eq!(early, Some((sizes(&peer), sizes(&hub))));
    hub.rest();
    assert_eq!(sizes(&hub), (0, 0, 0, 0, 0));
}
