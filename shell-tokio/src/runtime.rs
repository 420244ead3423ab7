//! Tokio as a [`Runtime`].

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use bowline_shell::runtime::{Input, Runtime};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task;

use crate::{Io, TcpSocket, TokioChild, TokioSignals, TokioTimer, UnixSocket};

/// The tokio runtime that the caller runs on, with I/O and time enabled.
///
/// Every method panics outside of one, as tokio's own functions do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Runtime for Tokio {
    type Stream = Io<TcpStream>;
    type Listener = TcpSocket;
    type UnixStream = Io<UnixStream>;
    type UnixListener = UnixSocket;
    type Timer = TokioTimer;
    type Child = TokioChild;
    type Signals = TokioSignals;

    fn timer(&self) -> TokioTimer {
        TokioTimer::default()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(task::spawn(task));
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        Ok(task::spawn_blocking(work).await?)
    }

    async fn connect(&self, remote: SocketAddr) -> io::Result<Io<TcpStream>> {
        let stream = TcpStream::connect(remote).await?;
        stream.set_nodelay(true)?;
        Ok(Io(stream))
    }

    fn listener(&self, socket: std::net::TcpListener) -> io::Result<TcpSocket> {
        TcpListener::from_std(socket).map(TcpSocket)
    }

    async fn connect_unix(&self, path: &Path) -> io::Result<Io<UnixStream>> {
        UnixStream::connect(path).await.map(Io)
    }

    fn unix_listener(&self, socket: std::os::unix::net::UnixListener) -> io::Result<UnixSocket> {
        UnixListener::from_std(socket).map(UnixSocket)
    }

    fn process(&self, command: Command, input: Input) -> io::Result<TokioChild> {
        TokioChild::start(command, input)
    }

    fn signals(&self) -> io::Result<TokioSignals> {
        TokioSignals::new()
    }
}
