//! An accept loop that neither spins nor ends.
//!
//! A process without a free file descriptor gets `EMFILE` from every accept, at once and for ever,
//! while the connection waits: a loop that goes on at once would take a whole processor, one that
//! ends would stop the hub. Such an error makes the loop rest for a moment. An error that is only
//! about the connection that failed does not: a stranger who resets connections could otherwise
//! hold up everybody else.

use std::io::ErrorKind;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::{Alarm, Listener, Runtime};

/// A listener, and how to go on after an error.
pub struct Acceptor<R: Runtime, L> {
    runtime: R,
    listener: L,
    rest: Duration,
    resting: Alarm<R>,
}

impl<R: Runtime, L: Listener> Acceptor<R, L> {
    /// Accepts from `listener`, resting 100 ms after an error that is not one connection's own.
    #[must_use]
    pub fn new(runtime: &R, listener: L) -> Self {
        Self::resting(runtime, listener, REST)
    }

    /// The same with another rest.
    #[must_use]
    pub fn resting(runtime: &R, listener: L, rest: Duration) -> Self {
        Self { runtime: runtime.clone(), listener, rest, resting: Alarm::new(runtime) }
    }

    /// The next connection. Errors are logged, never returned: none ends the listening.
    #[must_use = "a connection that is dropped is closed"]
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(L::Stream, L::Remote)> {
        loop {
            if self.resting.is_set() {
                ready!(self.resting.poll(cx));
            }
            let error = match ready!(self.listener.poll_accept(cx)) {
                Ok(accepted) => return Poll::Ready(accepted),
                Err(error) => error,
            };
            if is_about_one_connection(error.kind()) {
                // Others get their turn before the next one is looked at.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            tracing::warn!(%error, "cannot accept connections; trying again in a moment");
            self.resting.set(self.runtime.now().checked_add(self.rest));
        }
    }

    /// Waits for the next connection, as [`Acceptor::poll_accept`].
    pub async fn accept(&mut self) -> (L::Stream, L::Remote) {
        std::future::poll_fn(|cx| self.poll_accept(cx)).await
    }
}

fn is_about_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

const REST: Duration = Duration::from_millis(100);
