//! A hub that keeps no rule, at a peer's session: each bound at what it is, and one beyond.

use super::*;
use crate::wire::frame::{Accepted, Registered};
use crate::wire::value::ArgumentsBuf;

fn registered() -> Frame<'static> {
    Frame::Registered(Registered { count: 0 })
}

fn register() -> Frame<'static> {
    Frame::Register(crate::wire::frame::Register { commands: Vec::new() })
}

#[test]
fn a_registered_answers_a_register_and_one_more_is_an_error() {
    let (mut peer, _) = pair();
    assert_eq!(got(&mut peer, &registered()), Err(SessionError::NotAsked));
    for registers in 1..4 {
        (0..registers).for_each(|_| peer.send(&register()).unwrap());
        (0..registers).for_each(|_| {
            assert_eq!(got(&mut peer, &registered()), Ok(FrameVerdict::Deliver));
        });
        assert_eq!(got(&mut peer, &registered()), Err(SessionError::NotAsked));
    }
}

/// A call of the hub whose arguments take so many bytes in all.
fn called(peer: &mut Session, id: u64, bytes: usize) -> Result<FrameVerdict, SessionError> {
    let mut arguments = ArgumentsBuf::new();
    // The list's own byte, and the text's length in two or three.
    let text = bytes - if bytes < 2 + 256 { 3 } else { 4 };
    arguments.push_text(&"x".repeat(text)).unwrap();
    assert_eq!(arguments.as_arguments().len(), bytes);
    let (name, delivery) = ("uptime".parse().unwrap(), Delivery::Attached);
    let target = Target::Peer("web-1".parse().unwrap());
    let arguments = arguments.as_arguments();
    let (id, deadline_ms, window) = (CallId(id), u64::MAX, 0);
    let call = Call { id, target, name, arguments, deadline_ms, window, delivery };
    got(peer, &Frame::Call(call))
}

#[test]
fn arguments_of_open_calls_fill_their_bound_and_a_call_beyond_it_is_answered_busy() {
    let limits = Limits { open_arguments: 1000, ..Limits::default() };
    let mut peer = session(Side::Peer, &limits);
    assert_eq!(called(&mut peer, 2, 600), Ok(FrameVerdict::Deliver));
    assert_eq!(called(&mut peer, 4, 401), Ok(FrameVerdict::Done), "one byte beyond");
    assert_eq!(
        called(&mut peer, 6, 400),
        Ok(FrameVerdict::Deliver),
        "what was refused takes nothing"
    );
    assert!(!peer.is_open(CallId(4)) && peer.is_open(CallId(6)));
    let message = peer.next_message().unwrap();
    let Frame::Result(result) = Frame::decode(message).unwrap() else { panic!() };
    assert_eq!((result.id, result.status), (CallId(4), Status::Failed(Code::Busy)));
    // What ends makes room.
    peer.send(&self::result(2)).unwrap();
    assert_eq!(called(&mut peer, 8, 600), Ok(FrameVerdict::Deliver));
    assert_eq!(called(&mut peer, 10, 200), Ok(FrameVerdict::Done));
}

#[test]
fn a_hub_that_goes_on_with_calls_that_are_refused_and_reads_nothing_is_left() {
    let limits = Limits { open_arguments: 100, answer_lane: 1 << 10, ..Limits::default() };
    let mut peer = session(Side::Peer, &limits);
    let error = (0..100).find_map(|n| called(&mut peer, 2 + 2 * n, 200).err());
    assert!(matches!(error, Some(SessionError::TooManyCalls(_))), "{error:?}");
}

#[test]
fn a_call_for_several_is_answered_for_as_many_peers_as_its_bound_and_no_more() {
    let limits = Limits { call_peers: 3, ..Limits::default() };
    let too_many = Err(SessionError::TooManyAnswers { id: CallId(1), most: 3 });
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let accepted = |sent: &[&str], queued: &[&str]| {
        Frame::Accepted(Accepted { id: CallId(1), sent: names(sent), queued: names(queued) })
    };
    let mut peer = session(Side::Peer, &limits);
    peer.send(&to(1, 0, Target::All)).unwrap();
    assert_eq!(got(&mut peer, &accepted(&["a", "b"], &["c"])), Ok(FrameVerdict::Deliver));
    // An id that repeats is counted like any other.
    assert_eq!(got(&mut peer, &accepted(&["a"], &[])), too_many);
    let mut peer = session(Side::Peer, &limits);
    peer.send(&to(1, 0, Target::All)).unwrap();
    (0..3).for_each(|_| assert_eq!(got(&mut peer, &result(1)), Ok(FrameVerdict::Deliver)));
    assert_eq!(got(&mut peer, &result(1)), too_many);
}

#[test]
fn answers_to_a_call_that_has_ended_are_passed_over_and_to_one_that_was_never_made_they_are_not() {
    let (mut peer, _) = pair();
    peer.send(&call(1, 100)).unwrap();
    assert_eq!(got(&mut peer, &result(1)), Ok(FrameVerdict::Deliver));
    let done = Frame::Done(Done { id: CallId(1), answered: 1, failed: 0, missing: 0, claimed: 0 });
    for late in [result(1), output(1, 0, b"late"), window(1, u64::MAX), done] {
        assert_eq!(got(&mut peer, &late), Ok(FrameVerdict::Done), "{}", late.kind());
    }
    for forged in [result(3), output(3, 0, b"never"), window(3, 1), result(0)] {
        let kind = forged.kind();
        let error = got(&mut peer, &forged);
        assert!(matches!(error, Err(SessionError::NeverMade(of, _)) if of == kind), "{error:?}");
    }
}

#[test]
fn credit_without_end_is_an_error_however_it_is_given() {
    for bytes in [1 << 20, 1 << 63, u64::MAX] {
        let (mut peer, _) = pair();
        assert_eq!(got(&mut peer, &call(2, 1)), Ok(FrameVerdict::Deliver));
        assert_eq!(got(&mut peer, &window(2, bytes)), Err(SessionError::Window(CallId(2))));
    }
    let (mut peer, _) = pair();
    assert_eq!(got(&mut peer, &call(2, 1 << 19)), Ok(FrameVerdict::Deliver));
    assert_eq!(got(&mut peer, &window(2, 1 << 19)), Ok(FrameVerdict::Deliver));
    assert_eq!(got(&mut peer, &window(2, 1)), Err(SessionError::Window(CallId(2))));
}
