//! A program that a runtime started, and the ends of its pipes.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{ChildStdin, ExitStatus};
use std::task::{Context, Poll};

/// Standard input for a program that is to be started.
#[derive(Debug)]
pub struct Input {
    /// The end that the program gets.
    pub theirs: OwnedFd,
    /// The end of a pipe that we write to.
    pub ours: ChildStdin,
}

/// A program that leads a process group, or is about to. Dropping it neither ends the program nor
/// leaves a zombie: the runtime collects its status whenever it ends.
pub trait Child: Send + 'static {
    /// The end of standard input that we write to; dropping it is the end of the input.
    type Input: PipeWriter;
    /// The end of standard output that we read.
    type Output: PipeReader;
    /// The end of standard error that we read.
    type Errors: PipeReader;

    /// Its process id, which is also its group's, as it was at the start.
    fn id(&self) -> u32;

    /// The pipes; `None` where they were taken before.
    #[must_use = "a pipe that is dropped is closed"]
    fn take_pipes(&mut self) -> Option<PipesOf<Self>>
    where
        Self: Sized;

    /// How it ended; may be called, and waited for, any number of times.
    ///
    /// # Errors
    ///
    /// Where the system does not say, as when this process ignores SIGCHLD.
    fn wait(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send;
}

/// Our ends of a program's standard streams.
#[derive(Debug)]
pub struct Pipes<I, O, E> {
    /// Its standard input.
    pub input: I,
    /// Its standard output.
    pub output: O,
    /// Its standard error.
    pub errors: E,
}

/// The [`Pipes`] of a kind of child.
pub type PipesOf<C> = Pipes<<C as Child>::Input, <C as Child>::Output, <C as Child>::Errors>;

/// The end of a pipe that is read.
pub trait PipeReader: Send + Unpin + 'static {
    /// Reads into `buffer`, which is not empty; `Ok(0)` once nobody holds the other end.
    #[must_use = "the bytes are taken from the pipe"]
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
}

/// The end of a pipe that is written.
pub trait PipeWriter: Send + Unpin + 'static {
    /// Writes the first bytes of `bytes`, which is not empty, and says how many; `BrokenPipe` once
    /// nobody holds the other end.
    #[must_use = "the bytes may be taken in part"]
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
}
