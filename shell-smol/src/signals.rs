//! Signals behind the shell's trait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_signal::Signal as Number;
use bowline_shell::runtime::{Signal, Signals};
use smol::stream::Stream;

/// SIGINT, SIGTERM and SIGHUP.
#[derive(Debug)]
pub struct SmolSignals(async_signal::Signals);

impl SmolSignals {
    pub(crate) fn new() -> io::Result<Self> {
        async_signal::Signals::new([Number::Int, Number::Term, Number::Hup]).map(Self)
    }
}

impl Signals for SmolSignals {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        loop {
            return match Pin::new(&mut self.0).poll_next(cx) {
                Poll::Ready(Some(Ok(Number::Int))) => Poll::Ready(Signal::Interrupt),
                Poll::Ready(Some(Ok(Number::Term))) => Poll::Ready(Signal::Terminate),
                Poll::Ready(Some(Ok(Number::Hup))) => Poll::Ready(Signal::Hangup),
                // No other was asked for.
                Poll::Ready(Some(Ok(_))) => continue,
                Poll::Ready(Some(Err(error))) => {
                    tracing::error!(%error, "signals are not heard any more");
                    Poll::Pending
                }
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            };
        }
    }
}
