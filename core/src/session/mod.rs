//! A link after admission: which frame may come now, per-link call ids, credit, lanes, heartbeat.
//!
//! A session checks and counts; it does not decide what a call means (`hub`, or the application)
//! and moves no bytes itself (`link`). Frames that are to be sent wait here, in lanes:
//!
//! 1. pings and pongs, at most one of each;
//! 2. answers: calls, results, registrations, cancels, in the order of `send`;
//! 3. flow: windows, output and input, a message at a time from each call in turn.
//!
//! A Result waits behind its own call's output. [`Session::gather`] writes what waits into the
//! socket as late as there is room for it.
//!
//! An end that has said Goaway, or heard it, makes no more calls (`spec: session §10`). A peer's
//! session answers by itself those that come after that; at a hub that is the hub's.
//!
//! Call ids are their sender's: odd from a peer, even from a hub, each two above the one before.
//! So an id tells who made the call, and one that is not open has either ended, and the frame
//! crossed its end and is ignored, or was never made, and the frame is a protocol error.

mod calls;
mod direction;
mod encoded;
mod error;
mod heartbeat;
mod lanes;
mod receive;
mod send;
#[cfg(test)]
mod tests;

pub use encoded::Encoded;
pub(crate) use encoded::FrameFacts;
pub use error::{SendError, SessionError};
pub use heartbeat::Heartbeat;

use std::collections::VecDeque;

use crate::auth::Admitted;
use crate::buffer::Buffer;
use crate::code::Code;
use crate::id::{CallId, PeerId};
use crate::limits::Limits;
use crate::socket::Socket;
use crate::wire::frame::Purpose;

use calls::OpenCalls;
use lanes::Lane;

/// Which end of a link this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that accepted.
    Hub,
    /// The one that connected.
    Peer,
}

/// What a frame that was received asks of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameVerdict {
    /// It goes to the application, or to the hub.
    Deliver,
    /// It was the session's own, or crossed the end of its call.
    Done,
    /// It was the answer to a heartbeat.
    RoundTrip(core::time::Duration),
    /// It is about the session's credential.
    Renewal,
    /// The other end is leaving.
    Goaway,
}

/// One admitted link.
#[derive(Debug)]
pub struct Session {
    side: Side,
    purpose: Purpose,
    peer: PeerId,
    limits: Limits,
    /// Bytes of the largest message that the other end takes.
    message: usize,
    /// Calls that the other end takes at one time.
    open_calls: usize,
    /// Calls that this end made.
    outbound: OpenCalls,
    /// Calls that this end runs.
    inbound: OpenCalls,
    /// When the credential ends, seconds since 1970.
    expires: Option<u64>,
    heartbeat: Heartbeat,
    /// Registers that were sent and not answered yet.
    registering: u64,
    /// This end said Goaway with this code.
    leaving: Option<Code>,
    /// The other end said Goaway.
    left: bool,
    answers: Lane,
    /// Calls with a window or queued bytes to send, each once.
    turns: VecDeque<CallId>,
    /// Bytes queued in all calls.
    queued: usize,
    /// Where a frame is encoded before it is queued.
    scratch: Vec<u8>,
}

impl Session {
    /// The session that `admitted` begins.
    #[must_use]
    pub fn new(admitted: &Admitted, limits: &Limits) -> Self {
        let side = if admitted.is_hub() { Side::Hub } else { Side::Peer };
        let (made, run) = match side {
            Side::Hub => (2, 1),
            Side::Peer => (1, 2),
        };
        let message = usize::try_from(admitted.limits.message).unwrap_or(usize::MAX);
        let open_calls = usize::try_from(admitted.limits.open_calls).unwrap_or(usize::MAX);
        Self {
            side,
            purpose: admitted.purpose,
            peer: admitted.peer,
            message: message.min(limits.message),
            open_calls: open_calls.min(limits.open_calls),
            outbound: OpenCalls::new(made),
            inbound: OpenCalls::new(run),
            expires: admitted.expires,
            heartbeat: Heartbeat::default(),
            registering: 0,
            leaving: None,
            left: false,
            answers: Lane::default(),
            turns: VecDeque::new(),
            queued: 0,
            scratch: Vec::new(),
            limits: limits.clone(),
        }
    }

    /// The id that the next call of this end has to carry.
    #[must_use]
    pub fn next_call(&self) -> CallId {
        self.outbound.next()
    }

    /// When the session ends, seconds since 1970; `None` where its credential does not.
    #[must_use]
    pub fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// The session has another credential, which ends then.
    pub(crate) fn set_expires(&mut self, expires: Option<u64>) {
        self.expires = expires;
    }

    /// Whether the call is still open here.
    #[must_use]
    pub fn is_open(&self, id: CallId) -> bool {
        self.table(id).is_some_and(|calls| calls.is_open(id))
    }

    /// Whether no call is open, made here or there, and nothing of one waits to be sent.
    #[must_use]
    pub fn has_no_calls(&self) -> bool {
        self.outbound.len() == 0 && self.inbound.len() == 0
    }

    /// The code of the Goaway that this end said.
    #[must_use]
    pub fn leaving(&self) -> Option<Code> {
        self.leaving
    }

    /// How many bytes of output or input this end may send for a call now; zero where it is over.
    #[must_use]
    pub fn room(&self, id: CallId) -> usize {
        let Some(open) = self.table(id).and_then(|calls| calls.get(id)) else { return 0 };
        let credit = usize::try_from(open.send_credit).unwrap_or(usize::MAX);
        credit
            .min(self.limits.call_queue.saturating_sub(open.queue.len()))
            .min(self.limits.output_lane.saturating_sub(self.queued))
    }

    /// Whether nothing waits to be sent.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.answers.is_empty() && self.turns.is_empty() && !self.heartbeat.owes()
    }

    /// The heartbeat: when to ping, and how long an answer took.
    pub fn heartbeat_mut(&mut self) -> &mut Heartbeat {
        &mut self.heartbeat
    }

    /// Writes what waits into `socket` until `out` holds `until` bytes or nothing waits.
    pub fn gather(&mut self, socket: &mut Socket, out: &mut Buffer, until: usize) {
        while out.len() < until {
            let Some(message) = self.next_message() else { return };
            socket.write(message, out);
        }
    }

    /// Encodes the frame whose turn it is.
    fn next_message(&mut self) -> Option<&[u8]> {
        let taken = self.heartbeat.write(&mut self.scratch)
            || self.answers.take(&mut self.scratch).is_some()
            || self.take_turn();
        taken.then_some(self.scratch.as_slice())
    }

    /// Frees every empty buffer.
    pub fn rest(&mut self) {
        self.answers.rest();
        self.outbound.rest();
        self.inbound.rest();
        self.scratch = Vec::new();
        if self.turns.is_empty() {
            self.turns = VecDeque::new();
        }
    }

    /// The table that an id belongs to; none for 0, which is nobody's.
    fn table(&self, id: CallId) -> Option<&OpenCalls> {
        match (id.0, self.outbound.owns(id)) {
            (0, _) => None,
            (_, true) => Some(&self.outbound),
            (_, false) => Some(&self.inbound),
        }
    }
}
