//! A call and what flows into it: standard input.

use std::io::Read;
use std::task::{Context, Poll};

use bowline_shell::call::{CallBuilder, CallEvent, Calling};
use tokio::sync::mpsc;

/// A call that is fed with standard input.
pub(super) struct Pipe {
    call: Calling,
    input: Option<mpsc::Receiver<Vec<u8>>>,
    chunk: Vec<u8>,
}

impl Pipe {
    /// Makes the call.
    pub(super) fn start(call: CallBuilder) -> Self {
        Self { call: call.with_input().start(), input: Some(input()), chunk: Vec::new() }
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
            match input.poll_recv(cx) {
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
fn input() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        let mut input = std::io::stdin().lock();
        while let Ok(n) = input.read(&mut buffer) {
            if n == 0 || send.blocking_send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}
