//! What a hub serves in its TLS handshake, for looking at it: nothing is trusted, kept or sent.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowline_core::buffer::Buffer;
use bowline_core::limits::{Limits, TLS_RECORD};
use bowline_core::link::{EndReason, Ended, TimerKind};
use bowline_core::tunnel::{ClientTls, Secured, Tunnel, TunnelError};

use crate::driver::linger;
use crate::peer::{ConnectError, SetupError, reach};
use crate::runtime::{Runtime, Stream};
use crate::url::{HubUrl, Scheme};

/// Makes one TLS connection to `url`, ends it before anything is said in it, and tells where it
/// went to and what the handshake came to. The other end proved that it holds the key of the
/// certificate; whether it is the hub that it should be is not asked.
///
/// # Errors
/// [`ConnectError`]: nothing answers, or no TLS comes of it; [`SetupError::Scheme`] for a `ws://`
/// URL.
pub async fn served<R: Runtime>(
    runtime: &R,
    url: &HubUrl,
) -> Result<(String, Secured), ConnectError> {
    if url.scheme() == Scheme::Ws {
        return Err(SetupError::Scheme(url.clone()).into());
    }
    let limits = Limits::default();
    let hub = url.to_string();
    let within = limits.upgrade_within;
    let (mut stream, remote) = reach::url(runtime, url, within)
        .await
        .map_err(|reason| ConnectError::Unreachable { hub: hub.clone(), reason })?;
    let tls = ClientTls::new().map_err(|error| SetupError::Tls(error.to_string()))?;
    let tunnel = Tunnel::connect_tls(&tls, url.host(), &limits)
        .map_err(|error| ConnectError::Link(error.to_string()))?;
    let mut handshake = Handshake { tunnel, plain: Buffer::new(), failed: None };
    let until = runtime.now().checked_add(within);
    let done = reach::before(runtime, until, poll_fn(|cx| handshake.poll(&mut stream, cx))).await;
    linger(runtime, stream).await;
    match done {
        Some(Ok(secured)) => Ok((remote, secured)),
        failed => {
            let reason = match (handshake.failed, failed) {
                (Some(error), _) => error.into(),
                (None, None) => EndReason::TimedOut(TimerKind::Upgrade),
                (None, Some(_)) => EndReason::Cut,
            };
            {
                let ended = Arc::new(Ended { reason, admitted: false, method: None });
                Err(ConnectError::Ended { hub, ended, clocks: None })
            }
        }
    }
}

/// A TLS handshake in the making.
struct Handshake {
    tunnel: Tunnel,
    /// What the other end said in it, which nobody wants.
    plain: Buffer,
    failed: Option<TunnelError>,
}

impl Handshake {
    /// Reads and writes until the handshake is done and its end is written; any error ends it.
    fn poll(
        &mut self,
        stream: &mut impl Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Secured>> {
        loop {
            if let Err(error) = self.tunnel.open(&mut self.plain) {
                // An alert says it to the other end, if it still reads.
                let _ = self.flush(stream, cx);
                self.failed = Some(error);
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            self.plain.clear();
            if self.tunnel.is_open() {
                self.tunnel.close();
            }
            let flushed = self.flush(stream, cx)?;
            if flushed.is_ready()
                && let Some(secured) = self.tunnel.secured()
            {
                return Poll::Ready(Ok(secured.clone()));
            }
            let room = self.tunnel.receive_buffer(TLS_RECORD);
            if room.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            match ready!(stream.poll_read(cx, room))? {
                0 => self.tunnel.received_eof(),
                n => self.tunnel.received(n),
            }
        }
    }

    /// Writes what the tunnel has to say.
    fn flush(&mut self, stream: &mut impl Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.tunnel.transmit().is_empty() {
            match ready!(stream.poll_write(cx, self.tunnel.transmit()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.tunnel.transmitted(n),
            }
        }
        Poll::Ready(Ok(()))
    }
}
