//! Tokio's sockets behind the shell's traits.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowline_shell::runtime::{Listener, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A connection of tokio's.
#[derive(Debug)]
pub struct Io<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for Io<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        poll_read(&mut self.0, cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A TCP socket that listens.
#[derive(Debug)]
pub struct TcpSocket(pub TcpListener);

impl Listener for TcpSocket {
    type Stream = Io<TcpStream>;
    type Remote = SocketAddr;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Io<TcpStream>, SocketAddr)>> {
        let (stream, remote) = ready!(self.0.poll_accept(cx))?;
        if stream.set_nodelay(true).is_err() {
            // It was reset before we had it.
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        Poll::Ready(Ok((Io(stream), remote)))
    }
}

/// A Unix socket that listens.
#[derive(Debug)]
pub struct UnixSocket(pub UnixListener);

impl Listener for UnixSocket {
    type Stream = Io<UnixStream>;
    type Remote = ();

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Io<UnixStream>, ())>> {
        let (stream, _) = ready!(self.0.poll_accept(cx))?;
        Poll::Ready(Ok((Io(stream), ())))
    }
}

/// One read, as a count.
pub(crate) fn poll_read(
    from: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    ready!(Pin::new(from).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}
