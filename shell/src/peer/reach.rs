//! A socket to a hub.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::config::HubUrl;
use crate::runtime::{Alarm, Runtime};

/// A connection to the first of the hub's addresses that answers, and that address.
pub(super) async fn reach<R: Runtime>(
    runtime: &R,
    url: &HubUrl,
) -> io::Result<(R::Stream, String)> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in runtime.resolve(url.host(), url.port()).await? {
        match runtime.connect(address).await {
            Ok(stream) => return Ok((stream, address.to_string())),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What `attempt` gives, unless that takes longer than `limit`.
pub(super) async fn in_time<R: Runtime, T>(
    runtime: &R,
    limit: Duration,
    attempt: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut alarm = Alarm::new(runtime);
    alarm.set(runtime.now().checked_add(limit));
    let mut attempt = pin!(attempt);
    poll_fn(|cx| {
        if let Poll::Ready(done) = attempt.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        alarm.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    })
    .await
}
