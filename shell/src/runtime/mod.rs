//! What a runtime must give: the seam between everything above and tokio or smol.
//!
//! Whatever runs for each byte or each turn is poll-shaped, with concrete types and nothing boxed;
//! the rest are plain futures. A runtime registers sockets, wakes tasks and starts programs. It
//! decides nothing: sockets are made in [`listen`], programs are watched in [`crate::process`],
//! and whether a deadline has passed is asked of the clock in [`timer::Alarm`].

pub mod accept;
pub mod listen;
pub mod process;
pub mod stream;
pub mod timer;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::Command;
use std::task::{Context, Poll};
use std::time::Instant;

pub use accept::Acceptor;
pub use process::{Child, Input, PipeReader, PipeWriter, Pipes, PipesOf};
pub use stream::{Listener, Stream};
pub use timer::{Alarm, Timer};

/// A runtime, as a cheap handle. Its methods are called from tasks of that runtime.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// A TCP connection.
    type Stream: Stream;
    /// A TCP socket that listens.
    type Listener: Listener<Stream = Self::Stream, Remote = SocketAddr>;
    /// A Unix connection.
    type UnixStream: Stream;
    /// A Unix socket that listens.
    type UnixListener: Listener<Stream = Self::UnixStream, Remote = ()>;
    /// A timer.
    type Timer: Timer;
    /// A program that was started.
    type Child: Child;
    /// The signals that ask this process for something.
    type Signals: Signals;

    /// This moment. A runtime for tests may give another time than the machine's.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// A timer that is not armed.
    fn timer(&self) -> Self::Timer;

    /// Runs `task` until it ends, whether or not anybody waits for it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Runs `work` on a thread that may block.
    ///
    /// # Errors
    ///
    /// Where the work panicked, or the runtime shuts down and never began it.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send;

    /// The addresses of `host`, a name or an address without brackets, in the order of the
    /// system's preference, each with `port`.
    ///
    /// # Errors
    ///
    /// The resolver's. A future that is dropped leaves its thread to finish by itself.
    fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send {
        let host = host.to_owned();
        async move {
            if let Ok(address) = host.parse::<IpAddr>() {
                return Ok(vec![SocketAddr::new(address, port)]);
            }
            self.blocking(move || Ok((host.as_str(), port).to_socket_addrs()?.collect())).await?
        }
    }

    /// Connects to `remote`, with `TCP_NODELAY` set before the first byte.
    ///
    /// # Errors
    ///
    /// The system's. There is no time limit but the system's own: drop the future to give up.
    fn connect(&self, remote: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Listens on `local`; also gives the address in force, whose port the system chose where
    /// `local` had 0. Options and backlog are those of [`listen::tcp`].
    ///
    /// # Errors
    ///
    /// The system's: the address is taken, is not this machine's, or needs a privilege.
    fn listen(&self, local: SocketAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        let socket = listen::tcp(local)?;
        let local = socket.local_addr()?;
        Ok((self.listener(socket)?, local))
    }

    /// Takes over a socket that listens and does not block.
    ///
    /// # Errors
    ///
    /// Where the runtime cannot watch it.
    fn listener(&self, socket: std::net::TcpListener) -> io::Result<Self::Listener>;

    /// Connects to the Unix socket at `path`.
    ///
    /// # Errors
    ///
    /// The system's.
    fn connect_unix(
        &self,
        path: &Path,
    ) -> impl Future<Output = io::Result<Self::UnixStream>> + Send;

    /// Listens on a Unix socket at `path`, as [`listen::unix`] makes it.
    ///
    /// # Errors
    ///
    /// The system's; `AddrInUse` where another process listens there.
    fn listen_unix(&self, path: &Path) -> io::Result<Self::UnixListener> {
        self.unix_listener(listen::unix(path)?)
    }

    /// Takes over a Unix socket that listens and does not block.
    ///
    /// # Errors
    ///
    /// Where the runtime cannot watch it.
    fn unix_listener(
        &self,
        socket: std::os::unix::net::UnixListener,
    ) -> io::Result<Self::UnixListener>;

    /// Starts `command` with this standard input; its two outputs are to be pipes. Whether it has a
    /// process group of its own is said in it, and the runtime must keep that.
    ///
    /// # Errors
    ///
    /// Where it could not be started.
    fn process(&self, command: Command, input: Input) -> io::Result<Self::Child>;

    /// Takes over [`Signal`]s from their default action, for the rest of this process's life.
    ///
    /// # Errors
    ///
    /// Where a handler could not be set.
    fn signals(&self) -> io::Result<Self::Signals>;
}

/// The signals that reach this process.
pub trait Signals: Send + Unpin + 'static {
    /// The next signal. Several of one kind that come close together may be told as one.
    #[must_use = "a signal is told once"]
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<Signal>;
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: a service manager's stop.
    Terminate,
    /// SIGHUP: read the configuration again.
    Hangup,
}
