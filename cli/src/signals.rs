//! Signals, as a future.

use std::future::poll_fn;

use bowline_shell::runtime::{Runtime, Signal, Signals};
use bowline_tokio::{Tokio, TokioSignals};

use crate::exit::{self, Failure};

/// The signals that reach this process, from here on.
pub(crate) struct Inbox(TokioSignals);

impl Inbox {
    pub(crate) fn open() -> Result<Self, Failure> {
        Tokio.signals().map(Self).map_err(|error| Failure::new(exit::FAILURES, error))
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        poll_fn(|cx| self.0.poll_signal(cx)).await
    }

    /// The next that asks for an end.
    pub(crate) async fn end(&mut self) -> Signal {
        loop {
            match self.next().await {
                Signal::Hangup => {}
                signal @ (Signal::Interrupt | Signal::Terminate) => return signal,
            }
        }
    }

    /// What `work` gives; none where a signal asked for an end first.
    pub(crate) async fn or_end<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            _ = self.end() => None,
        }
    }

    /// Waits for `ending`, or for the second signal that wants no waiting.
    pub(crate) async fn unless_again(&mut self, ending: impl Future<Output = ()>) -> u8 {
        tokio::select! {
            () = ending => exit::DONE,
            _ = self.end() => 130,
        }
    }
}
