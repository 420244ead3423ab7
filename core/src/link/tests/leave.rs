//! A peer that leaves: Goaway at once, Close once no call is open, and what bounds that.

use core::time::Duration;

use super::properties::call;
use super::scenario::*;
use crate::code::{CloseCode, Code};
use crate::id::CallId;
use crate::link::{EndReason, TimerKind, wind_up};
use crate::session::SendError;
use crate::wire::Frame;
use crate::wire::frame::{CallResult, Goaway, Status};

const SECOND: Duration = Duration::from_secs(1);
const BOUND: Duration = Duration::from_secs(3);

/// A world in which the peer runs so many calls of the hub.
fn running(plan: &Plan, calls: u64) -> World {
    let mut world = plan.admitted();
    for n in 1..=calls {
        world.hub.link.send(&Frame::Call(call(2 * n))).unwrap();
    }
    world.run();
    assert_eq!(world.peer.told.len() as u64, calls);
    world.peer.told.clear();
    world
}

fn result(id: u64) -> Frame<'static> {
    let (id, status) = (CallId(id), Status::Exited(7));
    Frame::Result(CallResult { id, peer: None, status, value: None, text: "" })
}

fn statuses(end: &End) -> Vec<Status> {
    let frames = end.frames.iter().map(|bytes| Frame::decode(bytes).unwrap());
    let results = frames.filter_map(|frame| match frame {
        Frame::Result(result) => Some(result.status),
        _ => None,
    });
    results.collect()
}

#[test]
fn a_peer_with_no_call_open_leaves_at_once_with_one_goaway() {
    for plan in [Plan::plain(), Plan::tofu()] {
        let mut world = plan.admitted();
        world.peer.link.leave(Code::GoingAway, BOUND, world.now);
        world.run();
        assert_eq!(world.peer.told, ["ended closed here: going-away"]);
        let sentence = Code::GoingAway.row().meaning;
        let left = format!("ended the other end left: going-away: {sentence}");
        assert_eq!(world.hub.told, ["frame goaway", &left]);
    }
}

#[test]
fn open_calls_have_their_time_and_the_link_ends_with_the_last_of_them() {
    let mut world = running(&Plan::tofu(), 2);
    world.peer.link.leave(Code::GoingAway, BOUND, world.now);
    world.run();
    assert_eq!(
        (world.hub.told.as_slice(), world.peer.told.len()),
        (&["frame goaway".to_owned()][..], 0)
    );
    world.peer.link.send(&result(2)).unwrap();
    world.pass(2 * SECOND);
    world.run();
    assert!(world.peer.ended.is_none());
    world.peer.link.send(&result(4)).unwrap();
    world.run();
    assert_eq!(statuses(&world.hub), [Status::Exited(7); 2]);
    assert_eq!(world.hub.told[..3], ["frame goaway", "frame result", "frame result"]);
    assert_eq!(*world.peer.reason(), EndReason::Closed(Code::GoingAway));
    assert!(matches!(world.hub.reason(), EndReason::Goaway { code: Code::GoingAway, .. }));
}

#[test]
fn a_call_that_outlasts_its_time_is_told_of_and_its_end_is_waited_for() {
    let mut world = running(&Plan::plain(), 1);
    world.peer.link.leave(Code::GoingAway, BOUND, world.now);
    world.run();
    assert_eq!(world.next_deadline(), Some(TimerKind::Leaving));
    world.run();
    assert_eq!(world.peer.told, ["overdue"]);
    world.pass(SECOND);
    world.peer.link.send(&result(2)).unwrap();
    world.run();
    assert_eq!(statuses(&world.hub), [Status::Exited(7)]);
    assert_eq!(world.peer.told, ["overdue", "ended closed here: going-away"]);
}

#[test]
fn a_call_that_never_ends_holds_the_link_for_no_longer_than_its_wind_up() {
    for (within, both) in [(0, 4800), (1000, 4800), (3000, 4800), (60_000, 61_800)] {
        let within = Duration::from_millis(within);
        let mut world = running(&Plan::plain(), 1);
        let began = world.now.mono;
        world.peer.link.leave(Code::GoingAway, within, world.now);
        // A second word lengthens nothing.
        world.peer.link.leave(Code::GoingAway, 100 * within, world.now);
        while world.peer.ended.is_none() {
            world.run();
            world.next_deadline();
            world.run();
        }
        assert_eq!(world.now.mono.since(began), Duration::from_millis(both));
        assert_eq!(within + wind_up(within), Duration::from_millis(both));
        assert_eq!(*world.peer.reason(), EndReason::Closed(Code::GoingAway));
        assert!(world.peer.told.contains(&"overdue".to_owned()));
        assert_eq!(statuses(&world.hub), [Status::Failed(Code::GoingAway)]);
    }
}

#[test]
fn a_call_that_crosses_goaway_is_answered_as_draining_and_not_told() {
    let mut world = running(&Plan::plain(), 1);
    world.peer.link.leave(Code::GoingAway, BOUND, world.now);
    world.hub.link.send(&Frame::Call(call(4))).unwrap();
    world.run();
    assert_eq!(world.peer.told, [""; 0]);
    assert_eq!(statuses(&world.hub), [Status::Failed(Code::Draining)]);
    assert!(world.peer.ended.is_none(), "the other call goes on");
}

#[test]
fn an_end_that_said_or_heard_goaway_makes_no_call() {
    let mut world = running(&Plan::plain(), 1);
    world.peer.link.leave(Code::GoingAway, BOUND, world.now);
    assert_eq!(world.peer.link.send(&Frame::Call(call(1))), Err(SendError::Leaving));
    let mut world = Plan::plain().admitted();
    let goaway = Goaway { code: Code::GoingAway, text: "", reconnect_after: Some(3) };
    world.hub.link.send(&Frame::Goaway(goaway)).unwrap();
    world.run();
    assert_eq!(world.peer.link.send(&Frame::Call(call(1))), Err(SendError::Leaving));
    assert!(world.peer.link.is_admitted() && world.hub.link.is_admitted());
}

#[test]
fn a_hub_that_said_goaway_before_closes_without_another_and_its_wait_is_heard() {
    let mut world = running(&Plan::tofu(), 1);
    let goaway = Goaway { code: Code::GoingAway, text: "", reconnect_after: Some(3) };
    world.hub.link.send(&Frame::Goaway(goaway)).unwrap();
    world.run();
    assert_eq!(world.peer.told, ["frame goaway"]);
    world.peer.link.send(&result(2)).unwrap();
    world.run();
    world.hub.link.close(Code::GoingAway, world.now);
    world.run();
    assert_eq!(world.peer.told.len(), 2, "{:?}", world.peer.told);
    assert_eq!(world.peer.reason().retry_after(), Some(3));
    assert_eq!(world.hub.told, ["frame result", "ended closed here: going-away"]);
}

#[test]
fn an_end_for_another_reason_is_said_after_goaway() {
    let mut world = running(&Plan::plain(), 1);
    world.peer.link.leave(Code::GoingAway, BOUND, world.now);
    world.run();
    world.hub.link.close(Code::Revoked, world.now);
    world.run();
    let EndReason::Goaway { code, .. } = world.peer.reason() else { panic!("{world:?}") };
    assert_eq!((*code, code.close()), (Code::Revoked, CloseCode::REVOKED));
}

#[test]
fn a_link_that_is_not_admitted_ends_at_once() {
    let mut peer = End::new(Plan::tofu().peer_link());
    peer.link.leave(Code::GoingAway, BOUND, start());
    let _ = peer.sent(start());
    peer.drain();
    assert_eq!(peer.told, ["ended closed here: going-away"]);
}
