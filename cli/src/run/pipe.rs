//! A call and what flows into it: standard input.
//!
//! An input that cannot be read is not its end: the call is cancelled, and the reason is told.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bowline_shell::call::{CallBuilder, CallEvent, Calling};
use smol::channel::{self, Receiver};
use smol::stream::Stream;

use crate::exit::{self, Failure};
use crate::stdio;

/// Standard input as it is read, piece by piece.
type Chunks = Pin<Box<Receiver<io::Result<Vec<u8>>>>>;

/// A call that is fed with standard input.
pub(super) struct Pipe {
    call: Calling,
    input: Option<Chunks>,
    chunk: Vec<u8>,
    /// Why the input could not be read to its end.
    unread: Option<io::Error>,
}

impl Pipe {
    /// Makes the call.
    pub(super) fn start(call: CallBuilder) -> Self {
        let (call, input) = (call.with_input().start(), Some(Box::pin(input())));
        Self { call, input, chunk: Vec::new(), unread: None }
    }

    pub(super) fn cancel(&mut self) {
        self.call.cancel();
    }

    /// Why the call was cancelled from here, where its input could not be read.
    pub(super) fn failure(&self) -> Option<Failure> {
        let error = self.unread.as_ref()?;
        let message = format!("standard input: {error}. The command was cancelled: {ANOTHER}");
        Some(Failure::new(exit::FAILURES, message))
    }

    /// Feeds the call; the next thing that it tells.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<CallEvent>> {
        loop {
            if !self.chunk.is_empty() {
                match self.call.poll_write(cx, &self.chunk) {
                    Poll::Ready(0) => {
                        // The command takes no more.
                        self.chunk.clear();
                        self.input = None;
                    }
                    Poll::Ready(n) => drop(self.chunk.drain(..n)),
                    Poll::Pending => break,
                }
                continue;
            }
            let Some(input) = &mut self.input else { break };
            match input.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.chunk = chunk,
                Poll::Ready(Some(Err(error))) => {
                    self.input = None;
                    self.unread = Some(error);
                    self.call.cancel();
                }
                Poll::Ready(None) => {
                    self.input = None;
                    self.call.end_input();
                }
                Poll::Pending => break,
            }
        }
        self.call.poll_next(cx)
    }
}

/// What to do about an input that cannot be read.
const ANOTHER: &str = "give it another input, such as </dev/null";

/// Standard input, read by a thread of its own: a terminal cannot be polled.
fn input() -> Receiver<io::Result<Vec<u8>>> {
    let (send, receive) = channel::bounded(1);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        let mut input = stdio::input();
        loop {
            let read = input.read(&mut buffer).map(|n| buffer[..n].to_vec());
            let is_over = !read.as_ref().is_ok_and(|chunk| !chunk.is_empty());
            let is_end = read.as_ref().is_ok_and(Vec::is_empty);
            if is_end || send.send_blocking(read).is_err() || is_over {
                return;
            }
        }
    });
    receive
}
