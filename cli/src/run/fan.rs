//! A command on several peers at once: what is told of it, by one call that the hub spreads.

use std::task::{Context, Poll};

use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::wire::frame::{OutputStream, Status};
use bowline_shell::call::{CallEvent, Counts, Finished};

use super::pipe::Pipe;
use crate::exit::{self, Failure};

/// A command that runs on several peers.
pub(super) trait Fan {
    /// The next thing to tell; nothing is asked after [`Told::Over`].
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Told>;

    /// Asks each peer to stop; their ends still come.
    fn cancel(&mut self);

    /// How many peers it was not sent to yet.
    fn waiting(&self) -> usize;

    /// How many peers only claim the labels asked for, where the hub's own count does not say it.
    fn claimed(&self) -> u64;
}

/// One thing that is told.
#[derive(Debug)]
pub(super) enum Told {
    /// The command was sent to these.
    Sent(Vec<PeerId>),
    /// Bytes that it wrote on one of them.
    Output { peer: PeerId, source: OutputStream, bytes: Vec<u8> },
    /// It ended on one of them, or did not start there.
    Ended(Answer),
    /// Nothing follows: the hub's own count where it has one, or why there are no more answers.
    Over(Result<Option<Counts>, Failure>),
}

/// How a command ended on one peer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) peer: Option<PeerId>,
    pub(super) status: Status,
    pub(super) text: Line,
}

impl From<Finished> for Answer {
    fn from(Finished { peer, status, text, .. }: Finished) -> Self {
        Self { peer, status, text }
    }
}

impl Fan for Pipe {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Told> {
        loop {
            return Poll::Ready(match core::task::ready!(self.poll(cx)) {
                Some(CallEvent::Accepted { sent }) => Told::Sent(sent),
                Some(CallEvent::Output { peer: Some(peer), source, bytes }) => {
                    Told::Output { peer, source, bytes }
                }
                Some(CallEvent::Answered(answer)) => Told::Ended(answer.into()),
                Some(CallEvent::Finished(end)) => {
                    Told::Over(self.failure().map_or_else(|| over(&end), Err))
                }
                None => Told::Over(Err(Failure::new(exit::FAILURES, "the call has no end"))),
                Some(_) => continue,
            });
        }
    }

    fn cancel(&mut self) {
        self.cancel();
    }

    /// The hub goes through them at once.
    fn waiting(&self) -> usize {
        0
    }

    /// The hub counts them.
    fn claimed(&self) -> u64 {
        0
    }
}

fn over(end: &Finished) -> Result<Option<Counts>, Failure> {
    match (end.counts, end.status) {
        (Some(counts), _) => Ok(Some(counts)),
        (None, Status::Failed(code)) => Err(Failure::call(code, end)),
        (None, _) => Err(Failure::new(exit::FAILURES, "the hub answered for nobody")),
    }
}
