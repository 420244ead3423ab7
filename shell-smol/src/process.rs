//! smol's child processes behind the shell's traits.

use std::io;
use std::pin::Pin;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::task::{Context, Poll};

use bowline_shell::runtime::{Child, Input, PipeReader, PipeWriter, Pipes, PipesOf};
use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};
use smol::process::{self, ChildStderr, ChildStdout};

/// A program that was started.
#[derive(Debug)]
pub struct SmolChild {
    child: process::Child,
    input: Option<Async<ChildStdin>>,
}

impl SmolChild {
    pub(crate) fn start(command: Command, input: Input) -> io::Result<Self> {
        // What the command says of its streams is forgotten on the way.
        let mut command = process::Command::from(command);
        command.stdin(input.theirs).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ours = Async::new(input.ours)?;
        Ok(Self { child: command.spawn()?, input: Some(ours) })
    }
}

impl Child for SmolChild {
    type Input = Pipe<Async<ChildStdin>>;
    type Output = Pipe<ChildStdout>;
    type Errors = Pipe<ChildStderr>;

    fn id(&self) -> u32 {
        self.child.id()
    }

    fn take_pipes(&mut self) -> Option<PipesOf<Self>> {
        Some(Pipes {
            input: Pipe(self.input.take()?),
            output: Pipe(self.child.stdout.take()?),
            errors: Pipe(self.child.stderr.take()?),
        })
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.status().await
    }
}

/// One of a program's standard streams.
#[derive(Debug)]
pub struct Pipe<P>(P);

impl<P: AsyncRead + Send + Unpin + 'static> PipeReader for Pipe<P> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<P: AsyncWrite + Send + Unpin + 'static> PipeWriter for Pipe<P> {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
}
