//! Waiting with a bound. What a test waits for comes at once on a machine that works; the bound is
//! there so that a test that fails does so, and does not hang.
//!
//! The timers are those of smol's reactor, which runs beside any runtime.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

/// The longest that any test waits for one thing.
pub const BOUND: Duration = Duration::from_secs(30);

/// What `future` gives.
///
/// # Panics
/// When it gives nothing within [`BOUND`].
#[track_caller]
pub fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let from = std::panic::Location::caller();
    async move {
        let (mut future, mut bound) = (pin!(future), pin!(smol::Timer::after(BOUND)));
        poll_fn(|cx| {
            let output = future.as_mut().poll(cx);
            if output.is_pending() && bound.as_mut().poll(cx).is_ready() {
                panic!("nothing within {BOUND:?} at {from}");
            }
            output
        })
        .await
    }
}

/// Looks at `wanted` again and again until it finds something.
///
/// # Panics
/// When it finds nothing within [`BOUND`].
#[track_caller]
pub fn poll_for<T>(mut wanted: impl FnMut() -> Option<T>) -> impl Future<Output = T> {
    within(async move {
        loop {
            if let Some(found) = wanted() {
                return found;
            }
            pause(Duration::from_millis(5)).await;
        }
    })
}

/// Lets some time pass, for what only time can show.
pub async fn pause(time: Duration) {
    smol::Timer::after(time).await;
}
