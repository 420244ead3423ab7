//! A call and what flows into it: standard input.

use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll};

use bowline_shell::call::{CallBuilder, CallEvent, Calling};
use smol::channel::{self, Receiver};
use smol::stream::Stream;

/// A call that is fed with standard input.
pub(super) struct Pipe {
    call: Calling,
    input: Option<Pin<Box<Receiver<Vec<u8>>>>>,
    chunk: Vec<u8>,
}

impl Pipe {
    /// Makes the call.
    pub(super) fn start(call: CallBuilder) -> Self {
        Self { call: call.with_input().start(), input: Some(Box::pin(input())), chunk: Vec::new() }
    }

    pub(super) fn cancel(&mut self) {
        self.call.cancel();
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
                Poll::Ready(Some(chunk)) => self.chunk = chunk,
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

/// Standard input, read by a thread of its own: a terminal cannot be polled.
fn input() -> Receiver<Vec<u8>> {
    let (send, receive) = channel::bounded(1);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        let mut input = std::io::stdin().lock();
        while let Ok(n) = input.read(&mut buffer) {
            if n == 0 || send.send_blocking(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}
