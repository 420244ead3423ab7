//! The classes of an outbox: each to its bound and no further, and none at another's cost.

use super::*;

fn value(id: u64) -> CallResult<'static> {
    CallResult { id: CallId(id), peer: None, status: Status::Exited(0), value: None, text: "" }
}

#[test]
fn answers_stop_at_their_bound_and_ends_and_flow_go_on() {
    let first = uptime(2, "web-1");
    let limits = Limits { answer_lane: first.encoded_len() + 1, ..Limits::default() };
    let mut outbox = Outbox::default();
    assert!(outbox.push(&first, &limits), "below the bound");
    assert!(outbox.push(&uptime(4, "web-1"), &limits), "one byte below the bound");
    assert!(!outbox.push(&uptime(6, "web-1"), &limits));
    for frame in [Frame::Result(value(1)), output(1), cancel(2), window(1, 1)] {
        assert!(outbox.push(&frame, &limits), "{}", frame.kind());
    }
    outbox.swap(&mut Outbox::default());
    assert!(outbox.push(&uptime(6, "web-1"), &limits), "room again once it was taken");
}

#[test]
fn flow_stops_at_twice_what_a_caller_may_hold() {
    let half = output(1).encoded_len() as u64;
    let limits = Limits { caller_credit: half, ..Limits::default() };
    let mut outbox = Outbox::default();
    assert!(outbox.push(&output(1), &limits));
    assert!(outbox.push(&output(1), &limits));
    assert_eq!(outbox.flow() as u64, 2 * half);
    assert!(!outbox.push(&output(1), &limits));
    assert!(outbox.push(&uptime(2, "web-1"), &limits));
}

#[test]
fn a_frame_of_a_message_goes_and_one_that_is_a_byte_longer_does_not() {
    let message = output(1).encoded_len();
    let mut outbox = Outbox::default();
    assert!(!outbox.push(&output(1), &Limits { message: message - 1, ..Limits::default() }));
    assert!(outbox.is_empty());
    assert!(outbox.push(&output(1), &Limits { message, ..Limits::default() }));
}

#[test]
fn windows_that_nobody_reads_are_added_up_and_end_no_call() {
    let mut hub = hub_with(Limits { answer_lane: 200, ..Limits::default() }, Role::Member);
    let (web, other) = (serve(&mut hub, "web-1"), serve(&mut hub, "web-2"));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    input(&mut hub, op, &uptime(3, "web-2"));
    for _ in 0..1000 {
        input(&mut hub, web, &window(2, 1));
    }
    input(&mut hub, other, &window(2, 9));
    assert_eq!(sent(&mut hub, op), ["window 1 1000", "window 3 9"]);
    assert_eq!(sent(&mut hub, op), [] as [String; 0], "once");
}

#[test]
fn a_window_alone_wakes_its_link_and_is_not_lost_behind_what_is_still_held() {
    let mut hub = hub();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    input(&mut hub, op, &uptime(1, "web-1"));
    let mut held = Outbox::default();
    hub.take_outbox(web, &mut held);
    while hub.poll_wake().is_some() {}
    input(&mut hub, op, &window(1, 2));
    input(&mut hub, op, &window(1, 3));
    assert_eq!((hub.poll_wake(), hub.poll_wake()), (Some(web), None), "once for both");
    hub.close_all(Code::GoingAway);
    assert_eq!(hub.take_outbox(web, &mut held), None, "the window waits");
    assert!(matches!(held.front(), Some(Frame::Call(_))), "what was held goes first");
    held.pop();
    assert!(held.is_empty());
    assert_eq!(hub.take_outbox(web, &mut held), Some(Code::GoingAway));
    assert_eq!(held.front(), Some(Frame::Window(Window { id: CallId(2), bytes: 5 })));
}

#[test]
fn a_hub_that_closes_tells_every_session_and_nobody_else() {
    let mut hub = hub();
    let pending = hub.arrive(somewhere(), Now::default()).unwrap();
    let (web, op) = (serve(&mut hub, "web-1"), join(&mut hub, "op", Purpose::Operate));
    while hub.poll_wake().is_some() {}
    hub.close_all(Code::GoingAway);
    assert_eq!((hub.poll_wake(), hub.poll_wake()), (Some(web), Some(op)));
    assert_eq!(hub.poll_wake(), None);
    for link in [web, op] {
        assert_eq!(hub.take_outbox(link, &mut Outbox::default()), Some(Code::GoingAway));
    }
    assert_eq!(hub.take_outbox(pending, &mut Outbox::default()), None);
}
