//! Who runs calls: a worker, a task that runs one call of a command after the other.
//!
//! ```text
//!         begin                 the handler has ended, or was dropped
//!   waits ─────► runs one call ──────────────────────────────────────► replies ─► waits
//!     └─ dismissed: the task ends                       retire: the link has sent its end
//! ```
//!
//! The cell and its memory are the worker's and serve each of its calls, so that a call costs
//! neither a task nor memory once as many workers are there as calls run at one time.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowline_core::id::CommandName;
use bowline_core::wire::frame;

use crate::call::{Call, CallShared, CallState, PIECE, Reply, Stop};
use crate::runtime::{Alarm, Runtime};
use crate::watch::Watch;

/// From the moment at which a handler is told to stop until it is dropped. A program's group has
/// 5 s from TERM to KILL; what is left is for collecting it.
const GRACE: Duration = Duration::from_secs(7);

/// A call that a worker is to run.
#[derive(Debug)]
pub(super) struct Next {
    name: CommandName,
    /// The encoded positional arguments, and behind them the named ones.
    arguments: Vec<u8>,
    /// Bytes of the positional ones.
    positional: usize,
    deadline: Duration,
    counted: Counted,
}

/// A call that runs, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Watch<usize>>);

impl Counted {
    /// It counts from here on, polled or not.
    pub(crate) fn new(running: &Arc<Watch<usize>>) -> Self {
        running.change(|calls| *calls += 1);
        Self(running.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.change(|calls| *calls -= 1);
    }
}

impl CallShared {
    /// Gives the worker of this cell, which is new or retired, a call to run within `deadline`.
    pub(crate) fn begin(&self, call: &frame::Call<'_>, deadline: Duration, counted: Counted) {
        let mut state = self.lock();
        let before = core::mem::take(&mut *state);
        let CallState { mut outward, mut inward, mut arguments, spare, wakers, .. } = before;
        outward.clear();
        inward.clear();
        let (positional, named) = call.arguments.as_bytes();
        arguments.clear();
        arguments.extend_from_slice(positional);
        arguments.extend_from_slice(named);
        let (name, positional) = (call.name, positional.len());
        let next = Some(Next { name, arguments, positional, deadline, counted });
        *state = CallState {
            id: Some(call.id),
            outward,
            inward,
            spare,
            wakers,
            next,
            ..CallState::default()
        };
        state.wake();
    }

    /// The link has done with the call. Whether the worker may be given another: it is not where it
    /// has broken down, or somebody still holds the call that it ran.
    pub(crate) fn retire(&self) -> bool {
        let mut state = self.lock();
        state.id = None;
        state.returned && !state.broken
    }

    /// The worker is given no more calls, and ends once the one that it may run has.
    pub(crate) fn dismiss(&self) {
        let mut state = self.lock();
        state.dismissed = true;
        state.wake();
    }

    /// Takes the memory of a call's arguments back from its handler.
    pub(super) fn take_back(&self, arguments: Vec<u8>) {
        let mut state = self.lock();
        state.returned = true;
        if arguments.capacity() <= PIECE {
            state.arguments = arguments;
        }
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Next>> {
        let mut state = self.lock();
        match state.next.take() {
            Some(next) => Poll::Ready(Some(next)),
            None if state.dismissed => Poll::Ready(None),
            None => {
                state.wait(cx);
                Poll::Pending
            }
        }
    }

    fn break_down(self: &Arc<Self>, reply: Reply) {
        self.lock().broken = true;
        self.reply(reply);
    }
}

/// Runs the calls that `cell` is given by `handler`, one after the other, until it is dismissed.
pub(crate) async fn work<R: Runtime, F>(
    runtime: R,
    cell: Arc<CallShared>,
    handler: Arc<impl Fn(Call) -> F>,
) where
    F: Future<Output: Into<Reply>>,
{
    let mut alarm = Alarm::new(&runtime);
    while let Some(next) = poll_fn(|cx| cell.poll_next(cx)).await {
        let Next { name, arguments, positional, deadline, counted } = next;
        let unless = Unanswered(Some(&cell));
        let until = runtime.now().checked_add(deadline);
        let mut stopping: Option<Stop> = None;
        let reply = {
            let mut work = pin!(handler(Call::new(name, arguments, positional, cell.clone())));
            poll_fn(|cx| {
                if let Poll::Ready(reply) = work.as_mut().poll(cx) {
                    return Poll::Ready(Some(reply.into()));
                }
                if stopping.is_none() {
                    if let Poll::Ready(stop) = cell.poll_stop(cx) {
                        stopping = Some(stop);
                        alarm.set(runtime.now().checked_add(GRACE));
                    } else {
                        // A handler that ends at once needs no timer.
                        alarm.set(until);
                    }
                }
                if alarm.poll(cx).is_pending() {
                    return Poll::Pending;
                }
                if stopping.is_some() {
                    return Poll::Ready(None);
                }
                cell.stop(Stop::Deadline);
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await
        };
        alarm.set(None);
        let stopped = stopping.map(Reply::from);
        let reply = stopped.or(reply);
        unless.answer(reply.unwrap_or_else(|| Reply::failed("the command was dropped")));
        drop(counted);
    }
}

/// Answers a call whose handler panicked, or whose runtime went away: nobody waits for ever. What
/// ended with its process is lost, as it is where the process had no time to say so.
struct Unanswered<'a>(Option<&'a Arc<CallShared>>);

impl Unanswered<'_> {
    fn answer(mut self, reply: Reply) {
        if let Some(cell) = self.0.take() {
            cell.reply(reply);
        }
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(cell) = self.0.take() {
            cell.break_down(match std::thread::panicking() {
                true => Reply::failed("the command broke down"),
                false => Stop::Lost.into(),
            });
        }
    }
}
