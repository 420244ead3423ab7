//! Whether this machine's hub runs, where it cannot be reached: its lock tells, and not what it
//! wrote down. The number of a process that ended may be another's.

use core::fmt::Display;

use bowline_core::code::Code;
use bowline_shell::config::units::print_duration;
use bowline_shell::files::{DataDir, DirLock, Endpoint, FileError, Holder, is_there};
use bowline_shell::hub::LOOK;

use crate::exit::{self, Failure};
use crate::show;

/// Where the hub of `data` says that it listens; `None` where nothing says so.
pub(crate) fn endpoint(data: &DataDir) -> Result<Option<Endpoint>, Failure> {
    Endpoint::read(data).map_err(|error| match (&error, DirLock::holder(data)) {
        (FileError::Content { .. }, Ok(Some(holder))) => {
            Failure::new(exit::UNREACHABLE, misread(data, holder, &error))
        }
        (FileError::Content { .. }, Ok(None)) => {
            let said = format!(
                "the hub of {} is not running, and left a damaged file: {error}. Start \
                 'bowline hub', which writes it anew",
                show::path(data.path())
            );
            Failure::new(exit::UNREACHABLE, said)
        }
        _ => Failure::usage(error),
    })
}

/// Why the hub of `data` cannot be reached where its endpoint file says that it listens; `reason`
/// names that place.
pub(crate) fn unreachable(
    data: &DataDir,
    endpoint: &Endpoint,
    reason: impl Display,
    code: Option<Code>,
) -> Failure {
    let said = match DirLock::holder(data) {
        Ok(Some(holder)) => hidden(data, endpoint, holder, reason),
        Ok(None) => format!(
            "the hub of {} was killed: {reason}, and nobody holds its directory (it was \
             process {}). Start 'bowline hub' again, with the flags that it had",
            show::path(data.path()),
            endpoint.pid
        ),
        Err(error) => format!("{reason}; {error}"),
    };
    Failure::new(exit::UNREACHABLE, said).named(code)
}

/// Why nothing says where the hub of `data` listens.
pub(crate) fn silent(data: &DataDir) -> Failure {
    let said = match DirLock::holder(data) {
        Ok(Some(holder)) => unsaid(data, holder),
        Ok(None) => format!(
            "the hub of {} is not running: start it with 'bowline hub', or name another with --hub \
             or --config",
            show::path(data.path())
        ),
        Err(error) => return Failure::usage(error),
    };
    Failure::new(exit::UNREACHABLE, said)
}

/// That a hub runs and is not where its endpoint file says.
pub(crate) fn hidden(
    data: &DataDir,
    endpoint: &Endpoint,
    holder: Holder,
    reason: impl Display,
) -> String {
    if let Some(home) = endpoint.home().filter(|home| matches!(is_there(home), Ok(false))) {
        return format!(
            "{} and cannot be reached: {reason}. It was started in {}, which is not there any \
             more: move its directory back, or stop the hub and start it again here",
            runs(data, holder),
            show::path(home)
        );
    }
    let hangup = holder.pid.map_or_else(String::new, |pid| format!(" ('kill -HUP {pid}')"));
    format!(
        "{} and cannot be reached: {reason}. It makes its socket anew within {}, and at \
         once at SIGHUP{hangup}: try again. If that goes on, its log says why",
        runs(data, holder),
        print_duration(LOOK)
    )
}

/// That a hub runs, and has no endpoint file.
pub(crate) fn unsaid(data: &DataDir, holder: Holder) -> String {
    format!(
        "{}, and its file 'endpoint', which says where it listens, is not there: it begins or ends just \
         now, or the file was taken away, and then it is back within {}. Try again",
        runs(data, holder),
        print_duration(LOOK)
    )
}

/// That a hub runs, and its endpoint file holds something else.
pub(crate) fn misread(data: &DataDir, holder: Holder, error: &FileError) -> String {
    let hangup = holder.pid.map_or_else(String::new, |pid| format!(" ('kill -HUP {pid}')"));
    format!(
        "{}, and its file 'endpoint', which says where it listens, is damaged: {error}. It \
         makes the file anew within {}, and at once at SIGHUP{hangup}: try again",
        runs(data, holder),
        print_duration(LOOK)
    )
}

fn runs(data: &DataDir, holder: Holder) -> String {
    let process = holder.pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
    format!("the hub of {} runs{process}", show::path(data.path()))
}
