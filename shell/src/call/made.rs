//! A call that was made here: its output as it comes, its input, its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowline_core::capability::Capability;
use bowline_core::code::Code;
use bowline_core::id::{CallId, CommandName, PeerId};
use bowline_core::link::Link;
use bowline_core::session::SendError;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{self, CallResult, Delivery, Source, Status, Target};
use bowline_core::wire::value::{ArgumentsBuf, Value};

use crate::call::{Cell, CellSide, End, State};
use crate::driver::Mailbox;

/// Bytes of output that may be on their way before the application takes them.
const WINDOW: u64 = 256 << 10;

/// A call that is to be made.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) cell: Arc<Cell>,
    target: Option<PeerId>,
    name: CommandName,
    arguments: ArgumentsBuf,
    deadline: Duration,
}

/// A lane is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl Order {
    /// Tells the application that there is no link for it.
    pub(crate) fn lost(self) {
        self.cell.finish(Finished::failed(Code::Lost, Code::Lost.row().meaning));
    }

    /// Sends the call; the id that it got, and none where it failed and its application was told.
    ///
    /// # Errors
    /// [`NoRoom`]: nothing was sent; try again after the next transmit.
    pub(crate) fn send(&self, link: &mut Link) -> Result<Option<CallId>, NoRoom> {
        let Some(id) = link.next_call() else {
            self.cell.finish(Finished::failed(Code::Lost, Code::Lost.row().meaning));
            return Ok(None);
        };
        let call = frame::Call {
            id,
            target: self.target.map_or(Target::Hub, Target::Peer),
            name: self.name,
            arguments: self.arguments.as_arguments(),
            deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            window: WINDOW,
            delivery: Delivery::Attached,
        };
        let failed = match link.send(&Frame::Call(call)) {
            Ok(()) => {
                self.cell.sent_as(id);
                return Ok(Some(id));
            }
            Err(SendError::Full) => return Err(NoRoom),
            Err(SendError::Busy) => Finished::failed(Code::Busy, Code::Busy.row().meaning),
            Err(SendError::Closed) => Finished::failed(Code::Lost, Code::Lost.row().meaning),
            Err(error) => Finished::failed(Code::BadArgument, &error.to_string()),
        };
        self.cell.finish(failed);
        Ok(None)
    }
}

/// A call in the making: [`Session::call`](crate::peer::Session::call).
#[derive(Debug)]
#[must_use = "nothing is called before start"]
pub struct CallBuilder {
    mailbox: Arc<Mailbox>,
    target: Option<PeerId>,
    name: CommandName,
    arguments: ArgumentsBuf,
    deadline: Duration,
    input: bool,
}

impl CallBuilder {
    pub(crate) fn new(mailbox: Arc<Mailbox>, target: Option<PeerId>, name: CommandName) -> Self {
        let deadline = Duration::from_secs(24 * 60 * 60);
        let arguments = ArgumentsBuf::new();
        Self { mailbox, target, name, arguments, deadline, input: false }
    }

    /// The arguments; none without.
    pub fn arguments(mut self, arguments: ArgumentsBuf) -> Self {
        self.arguments = arguments;
        self
    }

    /// How long the call may take; 24 h without.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The command will get input, by [`Calling::write`] and [`Calling::end_input`]; without, its
    /// input is empty.
    pub fn with_input(mut self) -> Self {
        self.input = true;
        self
    }

    /// Makes the call.
    pub fn start(self) -> Calling {
        let cell = Cell::new(CellSide::Made, None, &self.mailbox);
        if !self.input {
            cell.lock().end = End::Wanted;
        }
        let Self { mailbox, target, name, arguments, deadline, .. } = self;
        mailbox.order(Order { cell: cell.clone(), target, name, arguments, deadline });
        Calling { cell }
    }
}

/// A call that was made. Dropping it cancels what has not ended.
#[derive(Debug)]
pub struct Calling {
    cell: Arc<Cell>,
}

/// One thing that a call tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallEvent {
    /// Bytes that the command wrote.
    Output {
        /// The peer that it runs on.
        peer: Option<PeerId>,
        /// Which output.
        source: Source,
        /// The bytes, at least one.
        bytes: Vec<u8>,
    },
    /// The end; nothing follows.
    Finished(Finished),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finished {
    /// The peer that answered; none where the hub did.
    pub peer: Option<PeerId>,
    /// How.
    pub status: Status,
    /// What the command returned beside its output: one encoded value.
    pub value: Option<Vec<u8>>,
    /// A sentence for a person, where it failed.
    pub text: String,
    /// The capability that was missing, where the call was denied.
    pub required: Option<Capability>,
}

impl Finished {
    pub(crate) fn failed(code: Code, text: &str) -> Self {
        let status = Status::Failed(code);
        Self { peer: None, status, value: None, text: text.to_owned(), required: None }
    }

    pub(crate) fn of(result: &CallResult<'_>) -> Self {
        Self {
            peer: result.peer,
            status: result.status,
            value: result.value.map(|value| value.as_bytes().to_vec()),
            text: result.text.to_owned(),
            required: None,
        }
    }

    pub(crate) fn denied(deny: &frame::Deny<'_>) -> Self {
        Self { required: deny.required, ..Self::failed(deny.code, deny.text) }
    }

    /// The value that came with it.
    #[must_use]
    pub fn value(&self) -> Option<Value<'_>> {
        // It was read from a frame, so it parses.
        self.value.as_deref().and_then(|bytes| Value::parse(bytes).ok())
    }

    /// Whether the command ended by itself with code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == Status::Exited(0)
    }
}

impl Calling {
    /// The next output, or the end; `None` after the end.
    pub async fn next(&mut self) -> Option<CallEvent> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`Calling::next`].
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<CallEvent>> {
        let mut state = self.cell.lock();
        if let Some(piece) = state.inward.pop_front() {
            state.taken += piece.bytes.len() as u64;
            self.cell.post(&mut state);
            let (peer, source, bytes) = (piece.peer, piece.source, piece.bytes);
            return Poll::Ready(Some(CallEvent::Output { peer, source, bytes }));
        }
        if state.inward_ended {
            return Poll::Ready(None);
        }
        if let Some(finished) = state.finished.clone() {
            state.inward_ended = true;
            return Poll::Ready(Some(CallEvent::Finished(finished)));
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Waits for the end; output before it is dropped.
    pub async fn finished(mut self) -> Finished {
        loop {
            match self.next().await {
                Some(CallEvent::Finished(finished)) => return finished,
                Some(CallEvent::Output { .. }) => {}
                None => return Finished::failed(Code::Lost, Code::Lost.row().meaning),
            }
        }
    }

    /// Gives the command input; waits for room. How many of the first bytes were taken: none once
    /// the call is over.
    pub async fn write(&mut self, bytes: &[u8]) -> usize {
        poll_fn(|cx| self.poll_write(cx, bytes)).await
    }

    /// As [`Calling::write`].
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let mut state = self.cell.lock();
        if state.finished.is_some() || state.end != End::Open || bytes.is_empty() {
            return Poll::Ready(0);
        }
        let taken = state.poll_out(cx, Source::Out, bytes);
        if taken.is_ready() {
            self.cell.post(&mut state);
        }
        taken
    }

    /// The command gets no more input.
    pub fn end_input(&mut self) {
        self.tell(|state| {
            if state.end == End::Open {
                state.end = End::Wanted;
            }
        });
    }

    /// Asks the command to stop; its end still comes.
    pub fn cancel(&mut self) {
        self.tell(|state| state.cancel = true);
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.cell.lock();
        if state.finished.is_none() {
            change(&mut state);
            self.cell.post(&mut state);
        }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        // What was not taken is not wanted any more, and must not hold the command back.
        self.tell(|state| {
            state.cancel = true;
            let unread: usize = state.inward.iter().map(|piece| piece.bytes.len()).sum();
            state.taken += unread as u64;
            state.inward.clear();
        });
    }
}
