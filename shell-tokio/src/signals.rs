//! Tokio's signals behind the shell's trait.

use std::io;
use std::task::{Context, Poll};

use bowline_shell::runtime::{Signal, Signals};
use tokio::signal::unix::{self, SignalKind, signal};

/// SIGINT, SIGTERM and SIGHUP.
#[derive(Debug)]
pub struct TokioSignals {
    kinds: [(Signal, unix::Signal); 3],
}

impl TokioSignals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            kinds: [
                (Signal::Interrupt, signal(SignalKind::interrupt())?),
                (Signal::Terminate, signal(SignalKind::terminate())?),
                (Signal::Hangup, signal(SignalKind::hangup())?),
            ],
        })
    }
}

impl Signals for TokioSignals {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        for (told, signal) in &mut self.kinds {
            if let Poll::Ready(Some(())) = signal.poll_recv(cx) {
                return Poll::Ready(*told);
            }
        }
        Poll::Pending
    }
}
