//! Tokio's timer behind the shell's trait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bowline_shell::runtime::Timer;
use tokio::time::{Sleep, sleep_until};

/// A timer that is made when it is first armed, and armed again in place after that.
#[derive(Debug, Default)]
pub struct TokioTimer {
    sleep: Option<Pin<Box<Sleep>>>,
    is_armed: bool,
}

impl Timer for TokioTimer {
    fn reset(&mut self, at: Option<Instant>) {
        self.is_armed = at.is_some();
        let Some(at) = at else { return };
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at.into()),
            None => self.sleep = Some(Box::pin(sleep_until(at.into()))),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            Some(sleep) if self.is_armed => sleep.as_mut().poll(cx),
            _ => Poll::Pending,
        }
    }
}
