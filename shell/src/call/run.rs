//! A call that runs here: what a command's handler is given, and what it gives back.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bowline_core::code::Code;
use bowline_core::id::CommandName;
use bowline_core::link::UNFINISHED;
use bowline_core::wire::frame::{Source, Status};
use bowline_core::wire::value::{Arguments, Value, ValueBuf};

use crate::call::Cell;
use crate::process::{CallIo, Gone, Stop};

/// One call of a command, as its handler sees it.
///
/// Output is held back by the caller's credit; input comes as the caller sends it. A handler that
/// is to stop is told by [`Call::stopped`], and dropped 7 s later.
#[derive(Debug)]
pub struct Call {
    name: CommandName,
    positional: Vec<u8>,
    named: Vec<u8>,
    cell: Arc<Cell>,
}

impl Call {
    pub(crate) fn new(name: CommandName, arguments: Arguments<'_>, cell: Arc<Cell>) -> Self {
        let (positional, named) = arguments.as_bytes();
        Self { name, positional: positional.to_vec(), named: named.to_vec(), cell }
    }

    pub(crate) fn cell(&self) -> Arc<Cell> {
        self.cell.clone()
    }

    /// The command's name.
    #[must_use]
    pub fn name(&self) -> CommandName {
        self.name
    }

    /// The arguments, as the caller gave them.
    #[must_use]
    pub fn arguments(&self) -> Arguments<'_> {
        // These are the bytes of arguments that were checked, so the default is never taken.
        Arguments::parse(&self.positional, &self.named).unwrap_or_default()
    }

    /// The text of a named argument; `None` where it is missing or not text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.arguments().named().find(|(given, _)| *given == name)?;
        value.text()
    }

    /// Writes to the caller's standard output, or standard error; waits for credit.
    ///
    /// # Errors
    /// [`Gone`]: the link is gone, nobody listens.
    pub async fn write(&mut self, source: Source, mut bytes: &[u8]) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let taken = poll_fn(|cx| self.poll_write(cx, source, bytes)).await?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Writes text to the caller's standard output.
    ///
    /// # Errors
    /// As [`Call::write`].
    pub async fn print(&mut self, text: &str) -> Result<(), Gone> {
        self.write(Source::Out, text.as_bytes()).await
    }

    /// Reads the caller's standard input; 0 is its end.
    ///
    /// # Errors
    /// [`Gone`]: the link is gone.
    pub async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Gone> {
        poll_fn(|cx| self.poll_input(cx, buffer)).await
    }

    /// Waits until the call has to stop: cancelled, out of time, or nobody listens.
    pub async fn stopped(&mut self) -> Stop {
        poll_fn(|cx| self.poll_stop(cx)).await
    }
}

impl CallIo for Call {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        source: Source,
        bytes: &[u8],
    ) -> Poll<Result<usize, Gone>> {
        let mut state = self.cell.lock();
        if state.stop == Some(Stop::Lost) {
            return Poll::Ready(Err(Gone));
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let taken = state.poll_out(cx, source, bytes);
        if taken.is_ready() {
            self.cell.post(&mut state);
        }
        taken.map(Ok)
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Gone>> {
        let mut state = self.cell.lock();
        if state.stop == Some(Stop::Lost) {
            return Poll::Ready(Err(Gone));
        }
        let Some(piece) = state.inward.front_mut() else {
            if state.inward_ended {
                return Poll::Ready(Ok(0));
            }
            state.wait(cx);
            return Poll::Pending;
        };
        let left = &piece.bytes[piece.done..];
        let n = left.len().min(buffer.len());
        buffer[..n].copy_from_slice(&left[..n]);
        piece.done += n;
        if piece.done == piece.bytes.len() {
            state.inward.pop_front();
        }
        state.taken += n as u64;
        self.cell.post(&mut state);
        Poll::Ready(Ok(n))
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        self.cell.poll_stop(cx)
    }
}

impl Cell {
    /// Why the call has to stop, once it has to.
    pub(crate) fn poll_stop(&self, cx: &Context<'_>) -> Poll<Stop> {
        let mut state = self.lock();
        match state.stop {
            Some(stop) => Poll::Ready(stop),
            None => {
                state.wait(cx);
                Poll::Pending
            }
        }
    }

    /// How the call ended; it goes out behind all output.
    pub(crate) fn reply(self: &Arc<Self>, reply: Reply) {
        let mut state = self.lock();
        state.reply.get_or_insert(reply);
        self.post(&mut state);
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// By itself; 0 is success.
    Exit(i64),
    /// By itself, with a value beside its output.
    Value(ValueBuf),
    /// By this signal.
    Signal(u64),
    /// By itself with this code, but whoever held its outputs after it was killed: some output may
    /// be missing. No success, whatever the code.
    ExitCut(i64),
    /// The same, by this signal.
    SignalCut(u64),
    /// It did not run, or not to its end: the code says which, the sentence is for a person.
    Fail(Code, String),
}

impl Reply {
    /// A failure of the command's own.
    #[must_use]
    pub fn failed(text: impl Into<String>) -> Self {
        Self::Fail(Code::Failed, text.into())
    }

    pub(super) fn too_big() -> Self {
        Self::failed("the command's value is larger than a message may be")
    }

    pub(super) fn parts(&self) -> (Status, &str) {
        match self {
            Self::Exit(code) => (Status::Exited(*code), ""),
            Self::Value(_) => (Status::Exited(0), ""),
            Self::Signal(signal) => (Status::Signalled(*signal), ""),
            Self::ExitCut(code) => (Status::ExitedCut(*code), ""),
            Self::SignalCut(signal) => (Status::SignalledCut(*signal), ""),
            Self::Fail(code, text) => (Status::Failed(*code), text),
        }
    }

    pub(super) fn value(&self) -> Option<Value<'_>> {
        match self {
            Self::Value(value) => Some(value.as_value()),
            Self::Exit(_)
            | Self::Signal(_)
            | Self::ExitCut(_)
            | Self::SignalCut(_)
            | Self::Fail(..) => None,
        }
    }
}

impl From<()> for Reply {
    fn from((): ()) -> Self {
        Self::Exit(0)
    }
}

impl From<i32> for Reply {
    fn from(code: i32) -> Self {
        Self::Exit(code.into())
    }
}

impl From<Stop> for Reply {
    fn from(stop: Stop) -> Self {
        let code = match stop {
            Stop::Cancelled => Code::Cancelled,
            Stop::Deadline => Code::Deadline,
            Stop::Leaving => Code::GoingAway,
            Stop::Lost => Code::Lost,
        };
        let text = match stop {
            Stop::Leaving => UNFINISHED,
            Stop::Cancelled | Stop::Deadline | Stop::Lost => code.row().meaning,
        };
        Self::Fail(code, text.to_owned())
    }
}

impl<T: Into<Self>> From<Result<T, Gone>> for Reply {
    fn from(result: Result<T, Gone>) -> Self {
        match result {
            Ok(reply) => reply.into(),
            Err(Gone) => Stop::Lost.into(),
        }
    }
}
