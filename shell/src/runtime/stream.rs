//! Connections and what they come from, TCP and Unix alike.

use std::io;
use std::task::{Context, Poll};

/// A connection: bytes both ways. One task polls both directions, so one waker serves each.
pub trait Stream: Send + Unpin + 'static {
    /// Reads into `buffer`, which is not empty; `Ok(0)` is the end of the stream, and stays it.
    #[must_use = "the bytes are taken from the connection"]
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes the first bytes of `bytes`, which is not empty, and says how many. `Ok(0)` means
    /// that no more will ever be taken. Nothing is kept back: there is nothing to flush.
    #[must_use = "the bytes may be taken in part"]
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Ends writing; the other side reads the end of the stream. Reading goes on.
    #[must_use = "nothing happens until it is ready"]
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A socket that listens.
pub trait Listener: Send + Unpin + 'static {
    /// What it gives.
    type Stream: Stream;
    /// Where a connection comes from: an address for TCP, nothing for Unix.
    type Remote: Send + 'static;

    /// The next connection: with `TCP_NODELAY` set, and with an IPv4 address told as IPv4 where
    /// the socket serves both kinds.
    ///
    /// An error is about one connection or about this process (no file descriptor left), never
    /// the end of listening; see [`Acceptor`](super::Acceptor).
    #[must_use = "a connection that is dropped is closed"]
    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Self::Stream, Self::Remote)>>;
}
