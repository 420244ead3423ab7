//! What a call that was made here tells, with no link: its order, its bounds, what is granted.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bowline_core::code::Code;
use bowline_core::id::{CallId, PeerId};
use bowline_core::wire::frame::{CallResult, Delivery, Done, OutputStream, Status};
use bowline_core::wire::value::ValueBuf;

use super::*;
use crate::driver::Posted;

fn id(text: &str) -> PeerId {
    text.parse().unwrap()
}

fn collected(mailbox: &Mailbox) -> Posted {
    let mut letters = Posted::default();
    mailbox.collect(&Context::from_waker(Waker::noop()), &mut letters);
    letters
}

/// A call that was ordered, as its application and its link see it.
struct Made {
    mailbox: Arc<Mailbox>,
    calling: Calling,
    order: CallRequest,
}

impl Made {
    fn new(to: Callee, change: impl FnOnce(CallBuilder) -> CallBuilder) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let builder = CallBuilder::new(mailbox.clone(), to, "uptime".parse().unwrap());
        let calling = change(builder).start();
        let order = collected(&mailbox).orders.remove(0);
        order.cell.sent_as(CallId(1));
        Self { mailbox, calling, order }
    }

    fn all() -> Self {
        Self::new(Callee::All, |call| call)
    }

    fn cell(&self) -> &Arc<CallShared> {
        &self.order.cell
    }

    fn next(&mut self) -> Option<CallEvent> {
        match self.calling.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => event,
            Poll::Pending => panic!("nothing is told"),
        }
    }

    fn waits(&mut self) -> bool {
        self.calling.poll_next(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// Bytes that the link would be granted at its next turn, if the call asked for one.
    fn granted(&self) -> Option<u64> {
        let letters = collected(&self.mailbox);
        let cell = letters.calls.first()?;
        let mut state = cell.lock();
        state.posted = false;
        Some(core::mem::take(&mut state.taken))
    }
}

fn result(peer: &str, status: Status) -> Finished {
    let peer = Some(id(peer));
    Finished::of(&CallResult { id: CallId(1), peer, status, value: None, text: "" })
}

#[test]
fn a_call_for_several_tells_everything_in_its_order_and_ends_once() {
    let mut made = Made::all();
    assert!(made.cell().is_for_several());
    made.cell().accepted(&[]);
    made.cell().accepted(&[id("a"), id("b")]);
    made.cell().output_came(id("a"), OutputStream::Err, b"oops");
    made.cell().answered_by(result("a", Status::Exited(1)));
    made.cell().answered_by(result("b", Status::Exited(0)));
    made.cell().finish(Finished::done(Done {
        id: CallId(1),
        answered: 1,
        failed: 1,
        missing: 0,
        claimed: 4,
    }));
    assert_eq!(made.next(), Some(CallEvent::Accepted { sent: vec![id("a"), id("b")] }));
    let (peer, source, bytes) = (Some(id("a")), OutputStream::Err, b"oops".to_vec());
    assert_eq!(made.next(), Some(CallEvent::Output { peer, source, bytes }));
    assert_eq!(made.next(), Some(CallEvent::Answered(result("a", Status::Exited(1)))));
    assert_eq!(made.next(), Some(CallEvent::Answered(result("b", Status::Exited(0)))));
    let Some(CallEvent::Finished(end)) = made.next() else { panic!("no end") };
    assert_eq!(end.counts, Some(Counts { answered: 1, failed: 1, missing: 0, claimed: 4 }));
    assert_eq!((end.peer, end.is_success()), (None, false));
    assert_eq!(made.next(), None);
}

#[test]
fn output_is_granted_again_once_it_is_taken_and_an_answer_asks_for_nothing() {
    let mut made = Made::all();
    made.cell().output_came(id("a"), OutputStream::Out, b"12345");
    made.cell().answered_by(result("a", Status::Exited(0)));
    assert_eq!(made.granted(), None);
    made.next();
    assert_eq!(made.granted(), Some(5));
    made.next();
    assert_eq!(made.granted(), None);
}

#[test]
fn what_a_dropped_call_still_says_holds_nobody_back() {
    let Made { mailbox, calling, order: CallRequest { cell, .. } } = Made::all();
    cell.output_came(id("a"), OutputStream::Out, b"unread");
    drop(calling);
    let letters = collected(&mailbox);
    assert_eq!(letters.calls.len(), 1);
    {
        let mut state = cell.lock();
        assert!(state.cancel && state.told.is_empty());
        assert_eq!(core::mem::take(&mut state.taken), 6);
        state.posted = false;
    }
    // It was on its way when the call was dropped.
    cell.accepted(&[id("a")]);
    cell.output_came(id("a"), OutputStream::Out, b"late");
    cell.answered_by(result("a", Status::Exited(0)));
    assert_eq!(collected(&mailbox).calls.len(), 1);
    let state = cell.lock();
    assert_eq!((state.taken, state.told.len(), state.told_peers), (4, 0, 0));
}

#[test]
fn as_many_bytes_of_answers_may_wait_unread_as_the_bound_says_and_one_more_ends_the_call() {
    let mut made = Made::all();
    let mut answer = result("a", Status::Exited(0));
    answer.value = Some(vec![0; 1 << 20]);
    for _ in 0..UNREAD_BYTES >> 20 {
        made.cell().answered_by(answer.clone());
    }
    assert!(made.cell().lock().finished.is_none());
    // What is read makes room.
    made.next();
    answer.value = Some(vec![0; (1 << 20) - 3]);
    answer.text = "abc".into();
    made.cell().answered_by(answer);
    assert!(made.cell().lock().finished.is_none());
    made.cell().answered_by(Finished::failed(Code::Failed, "x"));
    assert!(made.cell().lock().cancel);
    let Some(CallEvent::Finished(end)) = made.next() else { panic!("no end") };
    assert_eq!(end.status, Status::Failed(Code::Busy));
}

#[test]
fn input_that_comes_in_single_bytes_takes_little_more_than_its_bytes() {
    let mailbox = Arc::new(Mailbox::default());
    let cell = CallShared::new(CallSide::Runs, Some(CallId(2)), &mailbox);
    let bytes: Vec<u8> = (0..65_536_u32).map(|n| (n % 251) as u8).collect();
    bytes.iter().for_each(|&byte| cell.input_came(&[byte]));
    let state = cell.lock();
    assert_eq!(state.inward.len(), bytes.len() / PIECE);
    assert!(state.inward.iter().all(|piece| piece.bytes.capacity() <= 2 * PIECE));
    let came: Vec<u8> = state.inward.iter().flat_map(|piece| piece.bytes.clone()).collect();
    assert_eq!(came, bytes);
}

#[test]
fn as_many_peers_may_wait_unread_as_the_bound_says_and_one_more_ends_the_call() {
    let mut made = Made::all();
    let sent: Vec<PeerId> = (0..UNREAD_PEERS / 2).map(|n| id(&format!("p{n}"))).collect();
    made.cell().accepted(&sent);
    for _ in 0..UNREAD_PEERS - sent.len() {
        made.cell().answered_by(result("a", Status::Exited(0)));
    }
    assert!(made.cell().lock().finished.is_none());
    // What is read makes room.
    made.next();
    made.cell().accepted(&sent);
    assert!(made.cell().lock().finished.is_none());
    made.cell().answered_by(result("a", Status::Exited(0)));
    assert!(made.cell().lock().cancel);
    let Some(CallEvent::Finished(end)) = made.next() else { panic!("no end") };
    assert_eq!(end.status, Status::Failed(Code::Busy));
    assert_eq!(made.next(), None);
}

#[test]
fn a_call_for_one_peer_waits_until_its_one_answer() {
    let mut made = Made::new(Callee::Peer(id("a")), |call| call);
    assert!(!made.cell().is_for_several() && made.waits());
    assert_eq!(made.order.delivery, Delivery::Attached);
    made.cell().finish(result("a", Status::Exited(3)));
    assert_eq!(made.next(), Some(CallEvent::Finished(result("a", Status::Exited(3)))));
}

#[test]
fn a_detached_call_ends_with_the_name_under_which_it_is_kept_and_takes_no_input() {
    let mut made = Made::new(Callee::All, |call| call.with_input().detach());
    assert!(!made.cell().is_for_several());
    assert_eq!(made.order.delivery, Delivery::Detached);
    let written = made.calling.poll_write(&mut Context::from_waker(Waker::noop()), b"x");
    assert_eq!(written, Poll::Ready(0));
    let name = ValueBuf::text("1-7");
    let value = Some(name.as_value());
    let status = Status::Exited(0);
    let kept = CallResult { id: CallId(1), peer: None, status, value, text: "" };
    made.cell().finish(Finished::of(&kept));
    let Some(CallEvent::Finished(end)) = made.next() else { panic!("no end") };
    assert_eq!(end.kept_as(), Some("1-7"));
    assert_eq!(result("a", Status::Exited(0)).kept_as(), None);
}
