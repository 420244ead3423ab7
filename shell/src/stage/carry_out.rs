//! The stage's half: takes the request, prepares its own process, and becomes the program.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, setsid};
use rustix::stdio::{dup2_stdin, stdin};

use super::passing::receive;
use super::request::{Failed, READY, StageRequest, StageStep};
use super::seal::close_inherited;
use super::{DESCRIPTORS, FIRST_DESCRIPTOR, WORD};

/// Acts as the stage where `arguments`, the whole vector of this process, ask for it; returns
/// where they do not, and with an exit code where the program could not be started.
///
/// Is to be called before anything else: before a thread is started or a descriptor is opened.
#[must_use = "a stage that failed is to end with this code"]
pub fn carry_out(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()? != WORD {
        return None;
    }
    let Ok(status) = close_inherited().and_then(|()| above_those_handed_on(stdin())) else {
        return Some(NOT_STARTED);
    };
    let Err(failed) = become_program(&status, arguments.collect());
    if failed.error.raw_os_error() == Some(rustix::io::Errno::NOTSOCK.raw_os_error()) {
        // Nobody waits for a status: a person typed this.
        eprintln!(
            "bowline: {WORD} is what bowline starts its commands by, and does nothing else; see \
             'bowline help peer'"
        );
    }
    // Where nobody reads it, nobody waits for the program either.
    let _ = tell(&status, &failed.encode());
    Some(NOT_STARTED)
}

fn become_program(status: &OwnedFd, argv: Vec<OsString>) -> Result<Infallible, Failed> {
    let at = |step| move |error| Failed { step, error };
    let mut record = [0; StageRequest::LENGTH];
    let (length, mut came) = receive(status, &mut record).map_err(at(StageStep::Request))?;
    let malformed = || Failed { step: StageStep::Request, error: ErrorKind::InvalidData.into() };
    let request = StageRequest::decode(&record[..length]).ok_or_else(malformed)?;
    let (program, arguments) = argv.split_first().ok_or_else(malformed)?;
    if came.len() != usize::from(request.descriptors) + 1 {
        return Err(malformed());
    }
    let input = came.remove(0);
    dup2_stdin(&input).map_err(|error| at(StageStep::Descriptors)(error.into()))?;
    drop(input);
    let _handed_on = hand_on(came).map_err(at(StageStep::Descriptors))?;
    // A process that is put into a group of limits puts itself there first, here.
    setsid().map_err(|error| at(StageStep::Session)(error.into()))?;
    if let Some(core) = request.core {
        restore_core(core).map_err(at(StageStep::Core))?;
    }
    // Whoever started this is gone where it cannot be told.
    tell(status, READY).map_err(at(StageStep::Exec))?;
    Err(at(StageStep::Exec)(Command::new(program).args(arguments).exec()))
}

/// The same descriptors at the numbers that the program expects, open in it.
fn hand_on(came: Vec<OwnedFd>) -> io::Result<Vec<OwnedFd>> {
    let mut handed = Vec::with_capacity(came.len());
    let wanted = |handed: &Vec<OwnedFd>| FIRST_DESCRIPTOR as i32 + handed.len() as i32;
    // First all out of the way, so that none of them holds a number that another is to have.
    let beyond = FIRST_DESCRIPTOR as i32 + came.len() as i32;
    let aside = came.iter().map(|one| Ok(fcntl_dupfd_cloexec(one, beyond)?));
    let aside = aside.collect::<io::Result<Vec<_>>>()?;
    drop(came);
    for one in aside {
        let placed = fcntl_dupfd_cloexec(&one, wanted(&handed))?;
        if placed.as_raw_fd() != wanted(&handed) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        fcntl_setfd(&placed, FdFlags::empty())?;
        handed.push(placed);
    }
    Ok(handed)
}

fn restore_core(soft: u64) -> io::Result<()> {
    let limit = getrlimit(Resource::Core);
    let current = (soft != StageRequest::UNLIMITED).then_some(soft);
    Ok(setrlimit(Resource::Core, Rlimit { current, ..limit })?)
}

fn tell(status: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    match rustix::io::write(status, bytes)? {
        n if n == bytes.len() => Ok(()),
        _ => Err(ErrorKind::WriteZero.into()),
    }
}

/// The same file by a number above those that are handed on.
fn above_those_handed_on(descriptor: impl AsFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(descriptor, FIRST_DESCRIPTOR as i32 + 2 * DESCRIPTORS as i32)?)
}

/// What a stage ends with that has not become a program; its status says why.
const NOT_STARTED: ExitCode = ExitCode::FAILURE;
