//! The open calls of one direction on one link, with their credit and what waits to be sent.

use std::collections::VecDeque;

use crate::id::CallId;
use crate::limits::INPUT_WINDOW;
use crate::session::encoded::{Ends, Opening};
use crate::session::lanes::Lane;
use crate::wire::frame::OutputStream;

/// Calls in the order of their ids.
#[derive(Debug)]
pub(super) struct OpenCalls {
    open: VecDeque<(CallId, Open)>,
    next: CallId,
    /// Bytes of the arguments of all that are open.
    arguments: usize,
    /// Queues of ended calls, for the next ones.
    spare: Vec<Lane>,
}

/// How many queues of ended calls are kept, and how much memory each of them may have.
const SPARE: usize = 64;
const SPARE_BYTES: usize = 16 << 10;

/// One open call, seen from one end. "Sent" is output where this end runs the call, and input
/// where it made it; "received" is the other.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Bytes that this end may still send.
    pub(super) send_credit: u64,
    /// Bytes sent, by source; input counts in the first.
    pub(super) sent: [u64; 2],
    /// Bytes that the other end may still send.
    pub(super) receive_credit: u64,
    /// Bytes received, by source.
    pub(super) received: [u64; 2],
    /// Credit to give with the next Window.
    pub(super) owed: u64,
    /// The call has one target, or is detached, so its Result is its end and its offsets are one
    /// sequence.
    pub(super) single: bool,
    /// Input has ended, in whichever direction it flows.
    pub(super) input_ended: bool,
    /// The call has ended here; what is queued still goes out.
    pub(super) finished: bool,
    /// The call is in the session's list of turns.
    pub(super) listed: bool,
    /// Frames that go out in the call's turn.
    pub(super) queue: Lane,
    /// Bytes of output or input in the queue, without their frames.
    pub(super) waiting: u64,
    /// Bytes of its arguments.
    pub(super) arguments: usize,
    /// Peers that were named as those that it went to, or waits for; and answers that came of them.
    pub(super) named: u64,
    /// See [`Open::named`].
    pub(super) answers: u64,
}

impl Open {
    /// Where a source's bytes are counted.
    pub(super) fn place(source: OutputStream) -> usize {
        match source {
            OutputStream::Out => 0,
            OutputStream::Err => 1,
        }
    }
}

impl OpenCalls {
    /// No calls; the first will be `first`, each later one two above.
    pub(super) fn new(first: u64) -> Self {
        Self { open: VecDeque::new(), next: CallId(first), arguments: 0, spare: Vec::new() }
    }

    /// The id of the next call.
    pub(super) fn next(&self) -> CallId {
        self.next
    }

    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Bytes of the arguments of all that are open.
    pub(super) fn arguments(&self) -> usize {
        self.arguments
    }

    /// Whether an id is of this direction.
    pub(super) fn owns(&self, id: CallId) -> bool {
        id.0 % 2 == self.next.0 % 2
    }

    /// Whether a call of this id was ever made.
    pub(super) fn was_made(&self, id: CallId) -> bool {
        id.0 != 0 && id < self.next
    }

    /// Opens a call whose id is [`OpenCalls::next`]. The caller's credit is for output; input
    /// starts with what every call starts with.
    pub(super) fn open(&mut self, call: Opening, made_here: CallOrigin) {
        let Opening { id, window, single, arguments } = call;
        let (send_credit, receive_credit) = match made_here {
            CallOrigin::Here => (INPUT_WINDOW, window),
            CallOrigin::There => (window, INPUT_WINDOW),
        };
        let queue = self.spare.pop().unwrap_or_default();
        self.arguments += arguments;
        let open =
            Open { send_credit, receive_credit, single, queue, arguments, ..Open::default() };
        self.open.push_back((id, open));
        self.next = CallId(id.0.saturating_add(2));
    }

    pub(super) fn is_open(&self, id: CallId) -> bool {
        self.get(id).is_some_and(|open| !open.finished)
    }

    /// The calls whose end was not sent.
    pub(super) fn unfinished(&self) -> Vec<CallId> {
        self.open.iter().filter(|(_, open)| !open.finished).map(|&(id, _)| id).collect()
    }

    pub(super) fn get(&self, id: CallId) -> Option<&Open> {
        let at = self.open.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.open[at].1)
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Open> {
        let at = self.open.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&mut self.open[at].1)
    }

    /// Forgets a call. What was queued is dropped; its bytes are returned, to be uncounted.
    pub(super) fn remove(&mut self, id: CallId) -> usize {
        let at = self.open.binary_search_by_key(&id, |(id, _)| *id);
        let Some((_, mut open)) = at.ok().and_then(|at| self.open.remove(at)) else { return 0 };
        self.arguments -= open.arguments;
        let queued = open.queue.len();
        if self.spare.len() < SPARE && open.queue.capacity() <= SPARE_BYTES {
            open.queue.clear();
            self.spare.push(open.queue);
        }
        queued
    }

    /// Frees what no open call uses.
    pub(super) fn rest(&mut self) {
        self.spare = Vec::new();
        if self.open.is_empty() {
            self.open = VecDeque::new();
        }
        for (_, open) in &mut self.open {
            open.queue.rest();
        }
    }
}

impl Ends {
    /// Whether an answer ends this call.
    pub(super) fn is_over(self, open: &Open) -> bool {
        match self {
            Self::Always => true,
            Self::IfSingle => open.single,
            Self::Never => false,
        }
    }
}

/// Who made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallOrigin {
    Here,
    There,
}
