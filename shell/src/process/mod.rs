//! One program, run for one call: started in a process group of its own, its outputs passed on as
//! they come, its input fed, its end told, and nothing of it left behind.
//!
//! What the bytes mean and when there is credit for them is the caller's, behind [`CallIo`].
//! Which program, with which arguments and environment, is the caller's too: it brings the
//! [`Program`]. Every pipe is held back by the one it flows into: a program whose output finds no
//! credit waits in its own write, and its input is taken only as it reads.

mod environment;
mod group;
mod pipe;
mod program;
mod watch;

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::task::Poll;
use std::time::Duration;

pub use crate::call::{CallIo, Gone, Stop};
use crate::runtime::{Child, Runtime};
use crate::stage::Verdict;
pub use environment::{Environment, EnvironmentError};
pub use program::Program;
use program::StartedProgram;
use watch::ProgramWatch;

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, which was not ours.
    Signalled(i32),
    /// By itself with this exit code, but who held its outputs after it was silent for too long and
    /// was killed: what they would have written is missing.
    ExitedCut(i32),
    /// The same, where it ended by this signal.
    SignalledCut(i32),
    /// It was never started; a sentence for a person, which names the program and no argument.
    NotStarted(String),
    /// It ran, but the system does not say how it ended; a sentence for a person.
    Unknown(String),
    /// We ended it, and everyone in its group who held its outputs. What it wrote after the stop
    /// was dropped.
    Stopped(Stop),
}

/// How long programs are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// From SIGTERM to SIGKILL (5 s).
    pub stop: Duration,
    /// How long the outputs may be silent after the program's end while somebody holds them (10 s),
    /// before whoever holds them is killed. Time in which they wait for credit does not count.
    pub linger: Duration,
}

impl Grace {
    /// [`Grace::linger`] where nothing else is said.
    pub const LINGER: Duration = Duration::from_secs(10);
}

impl Default for Grace {
    fn default() -> Self {
        Self { stop: Duration::from_secs(5), linger: Self::LINGER }
    }
}

/// Runs `program` for the call behind `io`, to its end.
///
/// The program has ended when it has exited and its outputs have: all that is written to them is
/// passed on, whatever credit takes. What it left running is left alone where it has let go of the
/// outputs, as a daemon does. Who holds them is waited for as long as they write, and where they
/// are silent for [`Grace::linger`] what is left of the group is killed, and the outcome says so.
///
/// On a stop the whole group gets SIGTERM, and SIGKILL where any of it still runs when the grace
/// is over; a task of its own sees to those who have let go of the outputs. Where the future is
/// dropped midway, the group is killed at once.
pub async fn run<R: Runtime, I: CallIo>(
    runtime: &R,
    program: impl Into<Program>,
    io: &mut I,
    grace: Grace,
) -> Outcome {
    let program = program.into();
    let name = program.name();
    // From here to the end something guards the group: it is dropped before the child is.
    let StartedProgram { mut child, launched, group } = match program.start(runtime) {
        Ok(started) => started,
        Err(error) => return Outcome::NotStarted(why_not_started(&name, &error)),
    };
    let Some(pipes) = child.take_pipes() else {
        return Outcome::NotStarted(format!("{name:?} was started without pipes"));
    };
    let mut watch = ProgramWatch::new(runtime, grace, group, pipes);
    let mut ended = None;
    let mut wait = pin!(child.wait());
    let end = poll_fn(|cx| {
        if ended.is_none()
            && let Poll::Ready(status) = wait.as_mut().poll(cx)
        {
            ended = Some(status);
            watch.leader_ended();
        }
        watch.poll(cx, io)
    })
    .await;
    if let watch::WatchEnd::Stopped(stop) = end {
        return Outcome::Stopped(stop);
    }
    let Some(status) = ended else {
        return Outcome::Unknown(format!("{name:?} is still running"));
    };
    match launched.map_or(Verdict::Program, |launched| launched.verdict()) {
        Verdict::Program if end == watch::WatchEnd::Cut => how_it_ended(&name, status).cut(),
        Verdict::Program => how_it_ended(&name, status),
        Verdict::NotExecuted(error) => Outcome::NotStarted(why_not_started(&name, &error)),
        Verdict::NotPrepared(why) => Outcome::NotStarted(format!("cannot start {name:?}: {why}")),
    }
}

impl Outcome {
    /// The same for a program whose output was cut.
    fn cut(self) -> Self {
        match self {
            Self::Exited(code) => Self::ExitedCut(code),
            Self::Signalled(signal) => Self::SignalledCut(signal),
            other => other,
        }
    }
}

fn how_it_ended(program: &str, status: io::Result<ExitStatus>) -> Outcome {
    match status.map(|status| (status.code(), status.signal())) {
        Ok((Some(code), _)) => Outcome::Exited(code),
        Ok((None, Some(signal))) => Outcome::Signalled(signal),
        Ok((None, None)) => Outcome::Unknown(format!("{program:?} ended without a status")),
        Err(error) => {
            Outcome::Unknown(format!("{program:?} ended, but its status is lost: {error}"))
        }
    }
}

fn why_not_started(program: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!(
            "cannot start {program:?}: no such program (or its interpreter or its working \
             directory is missing)"
        ),
        ErrorKind::PermissionDenied => {
            format!("cannot start {program:?}: it is not a program that this user may execute")
        }
        _ => format!("cannot start {program:?}: {error}"),
    }
}
