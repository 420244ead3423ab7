//! The other half: starts the stage, hands it what is the program's, and reads what became of it.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use super::passing::send;
use super::request::{Failed, LONGEST_STATUS, READY, StageRequest, StageStep};
use super::{DESCRIPTORS, WORD};

/// A program that acts as the stage of others: one that calls [`carry_out`](super::carry_out)
/// first of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    program: PathBuf,
    core: Option<u64>,
}

impl Stage {
    /// The program in the file `program`, of the same version as this one.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program, core: None }
    }

    /// This very program. On Linux it is the file that runs, even where another has been put in
    /// its place.
    ///
    /// # Errors
    /// The system does not say which it is.
    pub fn this_program() -> io::Result<Self> {
        let running = PathBuf::from("/proc/self/exe");
        if cfg!(target_os = "linux") && running.exists() {
            return Ok(Self::new(running));
        }
        std::env::current_exe().map(Self::new)
    }

    /// Gives programs this soft limit of core files, in bytes, `None` being no limit, in place of
    /// the one that the starting process has by then.
    #[must_use]
    pub fn core(self, soft: Option<u64>) -> Self {
        Self { core: Some(soft.unwrap_or(StageRequest::UNLIMITED)), ..self }
    }

    /// The stage of a program with these arguments.
    pub(crate) fn command(&self, program: &OsStr, arguments: &[OsString]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg0("bowline").arg(WORD).arg(program).args(arguments);
        command
    }

    /// What a stage is to have as its standard input, so that its program has `input`, and these
    /// descriptors from [`FIRST_DESCRIPTOR`](super::FIRST_DESCRIPTOR) on.
    pub(crate) fn launch(
        &self,
        input: OwnedFd,
        descriptors: &[OwnedFd],
    ) -> io::Result<(OwnedFd, Launched)> {
        let count = u8::try_from(descriptors.len()).ok().filter(|n| usize::from(*n) <= DESCRIPTORS);
        let count = count.ok_or(ErrorKind::InvalidInput)?;
        let (ours, theirs) = UnixStream::pair()?;
        let request = StageRequest { core: self.core, descriptors: count };
        let passed: Vec<_> =
            [input.as_fd()].into_iter().chain(descriptors.iter().map(AsFd::as_fd)).collect();
        send(&ours, &request.encode(), &passed)?;
        ours.set_nonblocking(true)?;
        Ok((theirs.into(), Launched { status: ours }))
    }
}

/// A stage that was started; it may have become its program.
#[derive(Debug)]
pub(crate) struct Launched {
    status: UnixStream,
}

/// What a process was to its end.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It became the program.
    Program,
    /// There is no such program, or it may not be executed: as a start without a stage says it.
    NotExecuted(io::Error),
    /// It did not come so far; a sentence's end.
    NotPrepared(String),
}

impl Launched {
    /// What the process was that has ended.
    pub(crate) fn verdict(&self) -> Verdict {
        let mut status = Vec::with_capacity(LONGEST_STATUS);
        let read = (&self.status).take(LONGEST_STATUS as u64 + 1).read_to_end(&mut status);
        match read {
            Ok(_) => {}
            // All was written before the end. The other end may be open for a moment in a child
            // of ours that is between fork and exec.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // It ended without having taken the request.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => {
                return Verdict::NotPrepared(format!("what became of it cannot be read: {error}"));
            }
        }
        if status == READY {
            return Verdict::Program;
        }
        match Failed::decode(status.strip_prefix(READY).unwrap_or(&status)) {
            Some(Failed { step: StageStep::Exec, error }) => Verdict::NotExecuted(error),
            Some(Failed { step, error }) => {
                Verdict::NotPrepared(format!("{error}, while {}", step.doing()))
            }
            None => Verdict::NotPrepared("its process ended before it began".to_owned()),
        }
    }
}
