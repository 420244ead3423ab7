//! The bytes of one pipe: at most one buffer of them is in our hands at a time.
//!
//! A pipe is read when what was read before has been taken, so that whoever takes slowly holds
//! back whoever writes. Each pump does a bounded number of steps and says why it ended.

use std::task::{Context, Poll};

use bowline_core::buffer::Buffer;

use super::Gone;
use crate::runtime::{PipeReader, PipeWriter};

/// Why a pump ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Its turn was over; there may be more at once, and nothing wakes the task.
    Busy,
    /// It waits for whoever takes the bytes.
    Blocked,
    /// It waits for whoever gives the bytes.
    Quiet,
    /// Nothing will come any more, and nothing is held.
    Ended,
}

/// One of a program's outputs.
#[derive(Debug)]
pub(super) struct Outlet<P> {
    /// `None` at its end.
    pipe: Option<P>,
    held: Buffer,
    read: u64,
}

impl<P: PipeReader> Outlet<P> {
    pub(super) fn new(pipe: P) -> Self {
        Self { pipe: Some(pipe), held: Buffer::new(), read: 0 }
    }

    /// How many bytes were ever read.
    pub(super) fn total(&self) -> u64 {
        self.read
    }

    /// Reads, and offers what was read to `take`, which says how many of the first bytes it took.
    pub(super) fn pump(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Context<'_>, &[u8]) -> Poll<Result<usize, Gone>>,
    ) -> Result<Flow, Gone> {
        for _ in 0..STEPS {
            if !self.held.is_empty() {
                match take(cx, self.held.filled()) {
                    // Whoever takes nothing, and does not wait, will never take any.
                    Poll::Ready(Ok(0) | Err(Gone)) => return Err(Gone),
                    Poll::Ready(Ok(n)) => self.held.consume(n),
                    Poll::Pending => return Ok(Flow::Blocked),
                }
                continue;
            }
            let Some(pipe) = &mut self.pipe else { return Ok(Flow::Ended) };
            match pipe.poll_read(cx, self.held.space(BUFFER)) {
                // A pipe that cannot be read gives no more than one that has ended.
                Poll::Ready(Ok(0) | Err(_)) => self.pipe = None,
                Poll::Ready(Ok(n)) => {
                    self.held.fill(n);
                    self.read = self.read.saturating_add(n as u64);
                }
                Poll::Pending => return Ok(Flow::Quiet),
            }
        }
        Ok(Flow::Busy)
    }
}

/// A program's standard input.
#[derive(Debug)]
pub(super) struct Inlet<P> {
    /// `None` once it was closed, by either side.
    pipe: Option<P>,
    held: Buffer,
    ended: bool,
}

impl<P: PipeWriter> Inlet<P> {
    pub(super) fn new(pipe: P) -> Self {
        Self { pipe: Some(pipe), held: Buffer::new(), ended: false }
    }

    /// Asks `give` for input, and writes it. The input of a program that has closed its end is
    /// taken all the same, so that whoever sends it is not held up for ever.
    pub(super) fn pump(
        &mut self,
        cx: &mut Context<'_>,
        mut give: impl FnMut(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, Gone>>,
    ) -> Result<Flow, Gone> {
        for _ in 0..STEPS {
            if !self.held.is_empty() {
                let Some(pipe) = &mut self.pipe else {
                    self.held.clear();
                    continue;
                };
                match pipe.poll_write(cx, self.held.filled()) {
                    Poll::Ready(Ok(0) | Err(_)) => self.pipe = None,
                    Poll::Ready(Ok(n)) => self.held.consume(n),
                    Poll::Pending => return Ok(Flow::Blocked),
                }
                continue;
            }
            if self.ended {
                self.pipe = None;
                return Ok(Flow::Ended);
            }
            match give(cx, self.held.space(BUFFER)) {
                Poll::Ready(Ok(0)) => self.ended = true,
                Poll::Ready(Ok(n)) => self.held.fill(n),
                Poll::Ready(Err(Gone)) => return Err(Gone),
                Poll::Pending => return Ok(Flow::Quiet),
            }
        }
        Ok(Flow::Busy)
    }

    /// Closes it: the program reads the end of its input, and no more is asked for.
    pub(super) fn close(&mut self) {
        self.pipe = None;
        self.held.clear();
        self.ended = true;
    }
}

/// Bytes read at a time: a quarter of a pipe on Linux, and one TLS record.
const BUFFER: usize = 16 << 10;

/// Reads, writes and offers in one pump, so that `yes` leaves a turn to others.
const STEPS: usize = 16;
