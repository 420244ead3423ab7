//! smol as a [`Runtime`].

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Weak};

use bowline_shell::runtime::{Input, Runtime};
use smol::{Async, Executor};

use crate::{Io, SmolChild, SmolSignals, SmolTimer, TcpSocket, UnixSocket};

/// smol: its reactor, and an executor for the tasks.
///
/// The default is smol's global executor, which runs on a thread of its own, or on as many as
/// `SMOL_THREADS` says. An executor of the application's own, which it has to run, comes with
/// [`Smol::on`].
#[derive(Clone, Debug, Default)]
pub struct Smol {
    executor: Option<Weak<Executor<'static>>>,
}

impl Smol {
    /// Tasks run on this executor, which is not kept: its tasks are dropped with it, and so is
    /// every task that is to be spawned after that.
    #[must_use]
    pub fn on(executor: &Arc<Executor<'static>>) -> Self {
        Self { executor: Some(Arc::downgrade(executor)) }
    }
}

impl Runtime for Smol {
    type Stream = Io<std::net::TcpStream>;
    type Listener = TcpSocket;
    type UnixStream = Io<std::os::unix::net::UnixStream>;
    type UnixListener = UnixSocket;
    type Timer = SmolTimer;
    type Child = SmolChild;
    type Signals = SmolSignals;

    fn timer(&self) -> SmolTimer {
        SmolTimer::default()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.executor {
            Some(executor) => {
                if let Some(executor) = executor.upgrade() {
                    executor.spawn(task).detach();
                }
            }
            None => smol::spawn(task).detach(),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        // Nothing of a work that panicked is looked at again.
        let done = smol::unblock(move || catch_unwind(AssertUnwindSafe(work))).await;
        done.map_err(|_| io::Error::other("the work panicked"))
    }

    async fn connect(&self, remote: SocketAddr) -> io::Result<Io<std::net::TcpStream>> {
        let stream = Async::<std::net::TcpStream>::connect(remote).await?;
        stream.get_ref().set_nodelay(true)?;
        Ok(Io(stream))
    }

    fn listener(&self, socket: std::net::TcpListener) -> io::Result<TcpSocket> {
        Async::new(socket).map(TcpSocket)
    }

    async fn connect_unix(&self, path: &Path) -> io::Result<Io<std::os::unix::net::UnixStream>> {
        Async::<std::os::unix::net::UnixStream>::connect(path).await.map(Io)
    }

    fn unix_listener(&self, socket: std::os::unix::net::UnixListener) -> io::Result<UnixSocket> {
        Async::new(socket).map(UnixSocket)
    }

    fn process(&self, command: Command, input: Input) -> io::Result<SmolChild> {
        SmolChild::start(command, input)
    }

    fn signals(&self) -> io::Result<SmolSignals> {
        SmolSignals::new()
    }
}
