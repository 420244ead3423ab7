//! After a link's end: writing is shut down and what still comes is thrown away for a while.
//!
//! Closing a socket with unread input resets the connection, and the other end may then lose the
//! refusal that was just written.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use crate::runtime::{Alarm, Runtime, Stream};

/// What is thrown away at most, in bytes and in time.
const BYTES: usize = 64 << 10;
const TIME: Duration = Duration::from_secs(2);

/// Shuts down `stream`'s writing and discards its input until its end, 64 KiB or 2 s.
pub(crate) async fn linger<R: Runtime>(runtime: &R, mut stream: impl Stream) {
    let mut alarm = Alarm::new(runtime);
    alarm.set(runtime.now().checked_add(TIME));
    let mut shut = false;
    let mut left = BYTES;
    // On the heap: every link's task would carry it from its first byte.
    let mut scratch = vec![0; 4096];
    poll_fn(|cx| {
        if alarm.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        shut = shut || stream.poll_shutdown(cx).is_ready();
        loop {
            match stream.poll_read(cx, &mut scratch) {
                Poll::Ready(Ok(n)) if n > 0 && n < left => left -= n,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}
