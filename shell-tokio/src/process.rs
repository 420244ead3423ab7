//! Tokio's child processes behind the shell's traits.

use std::io;
use std::pin::Pin;
use std::process::{Command, ExitStatus, Stdio};
use std::task::{Context, Poll};

use bowline_shell::runtime::{Child, Input, PipeReader, PipeWriter, Pipes, PipesOf};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{self, ChildStderr, ChildStdin, ChildStdout};

use crate::stream::poll_read;

/// A program that was started.
#[derive(Debug)]
pub struct TokioChild {
    child: process::Child,
    input: Option<ChildStdin>,
    id: u32,
}

impl TokioChild {
    pub(crate) fn start(mut command: Command, input: Input) -> io::Result<Self> {
        command.stdin(input.theirs).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ours = ChildStdin::from_std(input.ours)?;
        let child = process::Command::from(command).spawn()?;
        // Tokio forgets the id only when the child has been waited for.
        let id = child.id().ok_or_else(|| io::Error::other("a new process without an id"))?;
        Ok(Self { child, input: Some(ours), id })
    }
}

impl Child for TokioChild {
    type Input = Pipe<ChildStdin>;
    type Output = Pipe<ChildStdout>;
    type Errors = Pipe<ChildStderr>;

    fn id(&self) -> u32 {
        self.id
    }

    fn take_pipes(&mut self) -> Option<PipesOf<Self>> {
        Some(Pipes {
            input: Pipe(self.input.take()?),
            output: Pipe(self.child.stdout.take()?),
            errors: Pipe(self.child.stderr.take()?),
        })
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }
}

/// One of a program's standard streams.
#[derive(Debug)]
pub struct Pipe<P>(P);

impl<P: AsyncRead + Send + Unpin + 'static> PipeReader for Pipe<P> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        poll_read(&mut self.0, cx, buffer)
    }
}

impl<P: AsyncWrite + Send + Unpin + 'static> PipeWriter for Pipe<P> {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
}
