//! One call between an application's task and its link's task.
//!
//! A `CallShared` is what they share: bytes that wait each way, the wish to end, the end. The
//! link's task moves bytes as credit and room allow (`CallShared::serve`); the application's task
//! waits where there is no room ([`Call`], [`Calling`]). Neither waits for the other while holding
//! the lock.

mod argument;
mod event;
mod io;
mod labels;
mod made;
mod order;
mod output;
mod reply;
mod run;
#[cfg(test)]
mod tests;
mod worker;

pub use argument::Argument;
pub use event::{CallEvent, Counts, Finished};
pub use io::{CallIo, Gone, Stop};
pub use labels::{LabelTests, LabelTestsError};
pub use made::{CallBuilder, Calling};
pub(crate) use order::{CallRequest, Callee, NoRoom};
pub use output::{CallError, OUTPUT_LIMIT, Output};
pub use reply::{Failure, Reply};
pub use run::Call;
pub(crate) use worker::{Counted, work};

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bowline_core::code::Code;
use bowline_core::id::{CallId, PeerId};
use bowline_core::link::Link;
use bowline_core::session::SendError;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{CallResult, Cancel, OutputStream, Status};

use crate::driver::Mailbox;

use worker::Next;

/// Bytes that wait on their way out, at most.
const OUTWARD: usize = 64 << 10;
/// Bytes of input that are held in one piece, at most, where they came in smaller ones: each piece
/// takes memory of its own.
const PIECE: usize = 16 << 10;
/// Bytes of values and texts that came with answers of peers and that the application has not
/// looked at, at most (64 MiB). Like [`UNREAD_PEERS`], they need no credit.
const UNREAD_BYTES: usize = 64 << 20;
/// Peers of one call that the application was told of and has not looked at, at most. No credit
/// holds a hub back that answers for peers without end.
const UNREAD_PEERS: usize = 100_000;

/// A call, shared by the task that runs or made it and the task of its link.
#[derive(Debug)]
pub(crate) struct CallShared {
    side: CallSide,
    mailbox: Weak<Mailbox>,
    state: Mutex<CallState>,
}

/// Which end of the call this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallSide {
    /// It runs the command.
    Runs,
    /// It made the call, and one answer ends it.
    Made,
    /// It made the call for several peers, and their answers do not end it.
    MadeForSeveral,
}

#[derive(Debug, Default)]
pub(crate) struct CallState {
    /// The call's id on its link; none before it was sent.
    id: Option<CallId>,
    /// Bytes on their way out: output of a call that runs here, input of one made here.
    outward: VecDeque<Piece>,
    outward_len: usize,
    /// Nothing follows `outward`, and whether the link was told.
    end: OutwardEnd,
    /// Input that came for a call that runs here.
    inward: VecDeque<Piece>,
    /// What a call made here tells, before its end.
    told: VecDeque<CallEvent>,
    /// Peers in `told` that were accepted or answered.
    told_peers: usize,
    /// Bytes that came with them.
    told_bytes: usize,
    /// Input has ended; of a call made here, its end was told.
    inward_ended: bool,
    /// Bytes taken by the application, to be granted again.
    taken: u64,
    /// How a call that ran here ended, to be sent.
    reply: Option<Reply>,
    /// The caller wants no more.
    cancel: bool,
    cancel_sent: bool,
    /// Nobody takes what a call made here tells.
    unwanted: bool,
    /// Why a call that runs here has to stop.
    stop: Option<Stop>,
    /// How a call made here ended.
    finished: Option<Finished>,
    /// The link's task knows that there is something.
    posted: bool,
    wakers: Vec<Waker>,
    /// What a worker that waits is to run.
    next: Option<Next>,
    /// The worker is given no more calls.
    dismissed: bool,
    /// The handler has let go of its call.
    returned: bool,
    /// The worker has ended before its call had.
    broken: bool,
    /// Memory of arguments, for those of the next call.
    arguments: Vec<u8>,
    /// Memory of a piece that is gone, for the next one.
    spare: Vec<u8>,
}

/// Bytes of one source, of which some may have gone.
#[derive(Debug)]
struct Piece {
    source: OutputStream,
    bytes: Vec<u8>,
    done: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OutwardEnd {
    #[default]
    Open,
    Wanted,
    Sent,
}

/// Whether a call still needs its link's task at the next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TurnResult {
    /// It waits for credit or room.
    Waits,
    /// It has nothing for the link.
    Idle,
    /// It is over on this link.
    Over,
}

impl CallShared {
    pub(crate) fn new(side: CallSide, id: Option<CallId>, mailbox: &Arc<Mailbox>) -> Arc<Self> {
        let state = CallState { id, ..CallState::default() };
        Arc::new(Self { side, mailbox: Arc::downgrade(mailbox), state: Mutex::new(state) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the link's task that there is something, once until it has looked.
    fn post(self: &Arc<Self>, state: &mut CallState) {
        if !core::mem::replace(&mut state.posted, true)
            && let Some(mailbox) = self.mailbox.upgrade()
        {
            mailbox.call(self.clone());
        }
    }

    /// The link's task moves what it can.
    pub(crate) fn serve(&self, link: &mut Link) -> TurnResult {
        let mut state = self.lock();
        state.posted = false;
        let Some(id) = state.id else { return TurnResult::Idle };
        if state.taken > 0 {
            link.grant(id, state.taken);
            state.taken = 0;
        }
        let before = state.outward_len;
        let served = match self.side {
            CallSide::Runs => state.serve_run(id, link),
            CallSide::Made | CallSide::MadeForSeveral => state.serve_made(id, link),
        };
        if state.outward_len < before {
            state.wake();
        }
        served
    }

    /// The id under which the call went out.
    pub(crate) fn sent_as(&self, id: CallId) {
        self.lock().id = Some(id);
    }

    /// Input came for a call that runs here.
    pub(crate) fn input_came(&self, bytes: &[u8]) {
        let mut state = self.lock();
        if !bytes.is_empty() {
            match state.inward.back_mut() {
                Some(piece) if piece.bytes.len() + bytes.len() <= PIECE => {
                    piece.bytes.extend_from_slice(bytes);
                }
                _ => {
                    let piece = state.piece(OutputStream::Out, bytes);
                    state.inward.push_back(piece);
                }
            }
        }
        state.wake();
    }

    /// Output came for a call made here.
    pub(crate) fn output_came(self: &Arc<Self>, peer: PeerId, source: OutputStream, bytes: &[u8]) {
        let mut state = self.lock();
        if state.unwanted {
            state.taken += bytes.len() as u64;
            return self.post(&mut state);
        }
        let (peer, bytes) = (Some(peer), bytes.to_vec());
        state.told.push_back(CallEvent::Output { peer, source, bytes });
        state.wake();
    }

    /// A call made here went to these peers.
    pub(crate) fn accepted(self: &Arc<Self>, sent: &[PeerId]) {
        if !sent.is_empty() {
            self.tell(sent.len(), CallEvent::Accepted { sent: sent.to_vec() });
        }
    }

    /// Whether an answer of a peer is not yet the end.
    pub(crate) fn is_for_several(&self) -> bool {
        self.side == CallSide::MadeForSeveral
    }

    /// A call for several peers ended on one of them.
    pub(crate) fn answered_by(self: &Arc<Self>, finished: Finished) {
        self.tell(1, CallEvent::Answered(finished));
    }

    fn tell(self: &Arc<Self>, peers: usize, event: CallEvent) {
        let mut state = self.lock();
        if state.unwanted {
            return;
        }
        let bytes = event.held();
        let room = state.told_peers + peers <= UNREAD_PEERS;
        if !room || state.told_bytes + bytes > UNREAD_BYTES {
            let text = format!(
                "more than {UNREAD_PEERS} answers, or {UNREAD_BYTES} bytes of them, wait to be looked at"
            );
            state.finished.get_or_insert(Finished::failed(Code::Busy, &text));
            state.cancel = true;
            state.discard();
            self.post(&mut state);
        } else {
            state.told_peers += peers;
            state.told_bytes += bytes;
            state.told.push_back(event);
        }
        state.wake();
    }

    /// No more input will come.
    pub(crate) fn input_ended(&self) {
        let mut state = self.lock();
        state.inward_ended = true;
        state.wake();
    }

    /// A call that runs here has to stop; the first reason counts.
    pub(crate) fn stop(&self, stop: Stop) {
        let mut state = self.lock();
        state.stop.get_or_insert(stop);
        state.wake();
    }

    /// The call's id on its link and how it ended, for a call that ran here.
    pub(crate) fn answered(&self) -> Option<(CallId, Status)> {
        let state = self.lock();
        Some((state.id?, state.reply.as_ref()?.parts().0))
    }

    /// A call made here has ended.
    pub(crate) fn finish(&self, finished: Finished) {
        let mut state = self.lock();
        state.finished.get_or_insert(finished);
        state.wake();
    }
}

impl CallState {
    fn serve_run(&mut self, id: CallId, link: &mut Link) -> TurnResult {
        while let Some(piece) = self.outward.front_mut() {
            match link.output(id, piece.source, &piece.bytes[piece.done..]) {
                Ok(0) => return TurnResult::Waits,
                Ok(n) => self.gone(n),
                Err(_) => return TurnResult::Over,
            }
        }
        let Some(reply) = &self.reply else { return TurnResult::Idle };
        let (status, text) = reply.parts();
        let value = reply.value();
        match link.send(&Frame::Result(CallResult { id, peer: None, status, value, text })) {
            Ok(()) => TurnResult::Over,
            Err(SendError::Full) => TurnResult::Waits,
            Err(SendError::TooBig) => {
                self.reply = Some(Reply::too_big());
                TurnResult::Waits
            }
            Err(_) => TurnResult::Over,
        }
    }

    fn serve_made(&mut self, id: CallId, link: &mut Link) -> TurnResult {
        if self.cancel && !self.cancel_sent {
            let reason = "the caller cancelled";
            match link.send(&Frame::Cancel(Cancel { id, reason })) {
                Err(SendError::Full) => return TurnResult::Waits,
                Ok(()) | Err(_) => self.cancel_sent = true,
            }
        }
        while let Some(piece) = self.outward.front_mut() {
            match link.input(id, &piece.bytes[piece.done..], false) {
                Ok(0) => return TurnResult::Waits,
                Ok(n) => self.gone(n),
                Err(_) => return TurnResult::Over,
            }
        }
        if self.end == OutwardEnd::Wanted && link.input(id, &[], true).is_ok() {
            self.end = OutwardEnd::Sent;
        }
        TurnResult::Idle
    }

    /// The first `n` bytes of the first piece are with the link.
    fn gone(&mut self, n: usize) {
        self.outward_len -= n;
        if let Some(piece) = self.outward.front_mut() {
            piece.done += n;
            if piece.done == piece.bytes.len()
                && let Some(piece) = self.outward.pop_front()
            {
                self.keep(piece);
            }
        }
    }

    /// The first piece of input was taken to its end.
    fn drop_inward(&mut self) {
        if let Some(piece) = self.inward.pop_front() {
            self.keep(piece);
        }
    }

    /// Bytes in a piece of their own.
    fn piece(&mut self, source: OutputStream, from: &[u8]) -> Piece {
        let mut bytes = core::mem::take(&mut self.spare);
        bytes.clear();
        bytes.extend_from_slice(from);
        Piece { source, bytes, done: 0 }
    }

    /// Keeps the memory of a piece that is gone for the next one.
    fn keep(&mut self, piece: Piece) {
        if piece.bytes.capacity() <= PIECE {
            self.spare = piece.bytes;
        }
    }

    /// Takes bytes on their way out; pending where too many wait.
    fn poll_out(&mut self, cx: &Context<'_>, source: OutputStream, bytes: &[u8]) -> Poll<usize> {
        let n = bytes.len().min(OUTWARD - self.outward_len);
        if n == 0 {
            self.wait(cx);
            return Poll::Pending;
        }
        let piece = self.piece(source, &bytes[..n]);
        self.outward.push_back(piece);
        self.outward_len += n;
        Poll::Ready(n)
    }

    /// The next thing that was told. Output that is taken is granted again.
    fn take_told(&mut self) -> Option<CallEvent> {
        let event = self.told.pop_front()?;
        self.told_bytes -= event.held();
        match &event {
            CallEvent::Output { bytes, .. } => self.taken += bytes.len() as u64,
            CallEvent::Accepted { sent } => self.told_peers -= sent.len(),
            CallEvent::Answered(_) => self.told_peers -= 1,
            CallEvent::Finished(_) => {}
        }
        Some(event)
    }

    /// Takes everything that was told, for nobody.
    fn discard(&mut self) {
        self.unwanted = true;
        while self.take_told().is_some() {}
    }

    fn wait(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }

    fn wake(&mut self) {
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}
