//! Waiting with a bound. What a test waits for comes at once on a machine that works; the bound is
//! there so that a test that fails does so, and does not hang.

use std::future::Future;
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
        match tokio::time::timeout(BOUND, future).await {
            Ok(output) => output,
            Err(_) => panic!("nothing within {BOUND:?} at {from}"),
        }
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
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
}
