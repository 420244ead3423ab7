//! smol's timer behind the shell's trait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bowline_shell::runtime::Timer;

/// A timer that is armed again in place.
#[derive(Debug)]
pub struct SmolTimer(smol::Timer);

impl Default for SmolTimer {
    fn default() -> Self {
        Self(smol::Timer::never())
    }
}

impl Timer for SmolTimer {
    fn reset(&mut self, at: Option<Instant>) {
        match at {
            Some(at) => self.0.set_at(at),
            None => self.0.clear(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
