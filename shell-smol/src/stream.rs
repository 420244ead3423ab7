//! smol's sockets behind the shell's traits.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowline_shell::runtime::{Listener, Stream};
use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};

/// A connection that smol watches.
#[derive(Debug)]
pub struct Io<S>(pub Async<S>);

impl Stream for Io<TcpStream> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shut(self.0.get_ref().shutdown(Shutdown::Write)))
    }
}

impl Stream for Io<UnixStream> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shut(self.0.get_ref().shutdown(Shutdown::Write)))
    }
}

/// What is not connected any more has nothing to shut down.
fn shut(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}

/// A TCP socket that listens.
#[derive(Debug)]
pub struct TcpSocket(pub Async<TcpListener>);

impl Listener for TcpSocket {
    type Stream = Io<TcpStream>;
    type Remote = SocketAddr;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Io<TcpStream>, SocketAddr)>> {
        let (stream, remote) = ready!(poll_accept(&self.0, cx, TcpListener::accept))?;
        let nodelay = stream.set_nodelay(true).and_then(|()| Async::new(stream));
        let Ok(stream) = nodelay else {
            // It was reset before we had it.
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        };
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        Poll::Ready(Ok((Io(stream), remote)))
    }
}

/// A Unix socket that listens.
#[derive(Debug)]
pub struct UnixSocket(pub Async<UnixListener>);

impl Listener for UnixSocket {
    type Stream = Io<UnixStream>;
    type Remote = ();

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Io<UnixStream>, ())>> {
        let (stream, _) = ready!(poll_accept(&self.0, cx, UnixListener::accept))?;
        Poll::Ready(Async::new(stream).map(|stream| (Io(stream), ())))
    }
}

/// Tries, and tries again whenever the socket may have something.
fn poll_accept<L, T>(
    listener: &Async<L>,
    cx: &mut Context<'_>,
    accept: impl Fn(&L) -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        match accept(listener.get_ref()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            accepted => return Poll::Ready(accepted),
        }
        ready!(listener.poll_readable(cx))?;
    }
}
