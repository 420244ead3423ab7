//! A call that runs here: what a command's handler is given.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bowline_core::id::CommandName;
use bowline_core::wire::frame::OutputStream;
use bowline_core::wire::value::{Arguments, Scalar, Value};

use crate::call::{CallIo, CallShared, Gone, Reply, Stop};

/// One call of a command, as its handler sees it.
///
/// Output is held back by the caller's credit; input comes as the caller sends it. A handler that
/// is to stop is told by [`Call::stopped`], and dropped 7 s later.
#[derive(Debug)]
pub struct Call {
    name: CommandName,
    /// The encoded positional arguments, and behind them the named ones.
    arguments: Vec<u8>,
    /// Bytes of the positional ones.
    positional: usize,
    cell: Arc<CallShared>,
}

impl Call {
    pub(super) fn new(
        name: CommandName,
        arguments: Vec<u8>,
        positional: usize,
        cell: Arc<CallShared>,
    ) -> Self {
        Self { name, arguments, positional, cell }
    }

    /// The command's name.
    #[must_use]
    pub fn name(&self) -> CommandName {
        self.name
    }

    /// The arguments, as the caller gave them.
    #[must_use]
    pub fn arguments(&self) -> Arguments<'_> {
        let (positional, named) = self.arguments.split_at(self.positional);
        // These are the bytes of arguments that were checked, so the default is never taken.
        Arguments::parse(positional, named).unwrap_or_default()
    }

    /// The argument with this name; `None` where it is missing.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<Value<'_>> {
        self.arguments().named().find_map(|(given, value)| (given == name).then_some(value))
    }

    /// The text of a named argument; `None` where it is missing or not text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.arg(name)?.text()
    }

    /// The whole number of a named argument; `None` where it is missing, or none of −2^63 … 2^63−1.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.arg(name)?.scalar()? {
            Scalar::Integer(value) => value.try_into().ok(),
            _ => None,
        }
    }

    /// Writes to the caller's standard output, or standard error; waits for credit.
    ///
    /// # Errors
    /// [`Gone`]: the link is gone, nobody listens.
    pub async fn write(&mut self, source: OutputStream, mut bytes: &[u8]) -> Result<(), Gone> {
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
        self.write(OutputStream::Out, text.as_bytes()).await
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

/// Nothing of the call can come any more: its worker may be given another.
impl Drop for Call {
    fn drop(&mut self) {
        self.cell.take_back(core::mem::take(&mut self.arguments));
    }
}

impl CallIo for Call {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        source: OutputStream,
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
            state.drop_inward();
        }
        state.taken += n as u64;
        self.cell.post(&mut state);
        Poll::Ready(Ok(n))
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        self.cell.poll_stop(cx)
    }
}

impl CallShared {
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
