//! smol's child processes behind the shell's traits.

use std::io;
use std::pin::Pin;
use std::process::{Command, ExitStatus, Stdio};
use std::task::{Context, Poll};

use bowline_shell::runtime::{Child, PipeReader, PipeWriter, Pipes, PipesOf};
use smol::io::{AsyncRead, AsyncWrite};
use smol::process::{self, ChildStderr, ChildStdin, ChildStdout};

/// A program that was started.
#[derive(Debug)]
pub struct SmolChild(process::Child);

impl SmolChild {
    pub(crate) fn start(command: Command) -> io::Result<Self> {
        // What the command says of its streams is forgotten on the way: they are pipes.
        let mut command = process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map(Self)
    }
}

impl Child for SmolChild {
    type Input = Pipe<ChildStdin>;
    type Output = Pipe<ChildStdout>;
    type Errors = Pipe<ChildStderr>;

    fn id(&self) -> u32 {
        self.0.id()
    }

    fn take_pipes(&mut self) -> Option<PipesOf<Self>> {
        Some(Pipes {
            input: Pipe(self.0.stdin.take()?),
            output: Pipe(self.0.stdout.take()?),
            errors: Pipe(self.0.stderr.take()?),
        })
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.0.status().await
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
