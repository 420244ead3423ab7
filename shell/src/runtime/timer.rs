//! Timers, and the alarm that does not trust them.
//!
//! A runtime's timer may say `Pending` after its moment has passed (tokio does when a task has
//! used up its turn), and a task that is always busy would then never see a deadline. So the timer
//! is there to wake the task, and the clock decides.

use std::task::{Context, Poll};
use std::time::Instant;

use super::Runtime;

/// Something that wakes a task at a moment.
pub trait Timer: Send + Unpin + 'static {
    /// Arms it for `at`, or disarms it; what it was armed for is forgotten.
    fn reset(&mut self, at: Option<Instant>);

    /// Ready once the moment has passed, then nothing certain until the next
    /// [`Timer::reset`]; pending while disarmed. May be pending although the moment has passed,
    /// but then wakes the task soon.
    #[must_use = "a pending timer wakes the task"]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// One deadline: the clock is compared first, the timer is only what wakes.
#[derive(Debug)]
pub struct Alarm<R: Runtime> {
    runtime: R,
    timer: R::Timer,
    at: Option<Instant>,
}

impl<R: Runtime> Alarm<R> {
    /// An alarm that is not set.
    #[must_use]
    pub fn new(runtime: &R) -> Self {
        Self { runtime: runtime.clone(), timer: runtime.timer(), at: None }
    }

    /// Sets it for `at`, or stops it. Setting it again to the same moment costs nothing.
    pub fn set(&mut self, at: Option<Instant>) {
        if at != self.at {
            self.at = at;
            self.timer.reset(at);
        }
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.at.is_some()
    }

    /// Ready once for each time that it was set, at or after its moment; it is stopped then.
    #[must_use = "a pending alarm wakes the task"]
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        // A timer that was ready must be armed again before it wakes anybody: where it is a hair
        // ahead of the clock, that is for whoever set the deadline to do.
        if self.runtime.now() < at && self.timer.poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.set(None);
        Poll::Ready(())
    }
}
