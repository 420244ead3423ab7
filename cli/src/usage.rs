//! What was typed and cannot be, and help that was asked for.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::exit;
use crate::{output, show, stdio};

/// Reads the command line, or says what is wrong with it, and with what to end.
pub(crate) fn read() -> Result<Arguments, ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    Arguments::try_parse_from(&typed).map_err(|error| {
        // The error shows what was typed as it is, so it is made again of what is safe to show.
        let safe: Vec<OsString> = typed.iter().map(escaped).collect();
        tell(&Arguments::try_parse_from(safe).err().unwrap_or(error))
    })
}

fn escaped(typed: &OsString) -> OsString {
    match show::typed(&typed.to_string_lossy()) {
        Cow::Borrowed(_) => typed.clone(),
        Cow::Owned(escaped) => escaped.into(),
    }
}

/// A wrong command line goes to standard error, help and version to standard output.
fn tell(error: &clap::Error) -> ExitCode {
    let printed = match (error.use_stderr(), io::stderr().is_terminal(), io::stdout().is_terminal())
    {
        (true, true, _) | (false, _, true) => error.print().and_then(|()| io::stdout().flush()),
        (true, false, _) => stdio::errors().write_all(rendered(error).as_bytes()),
        (false, _, false) => {
            let mut out = stdio::output();
            out.write_all(rendered(error).as_bytes()).and_then(|()| out.flush())
        }
    };
    match printed {
        // Whether or not anybody could read why.
        _ if error.use_stderr() => ExitCode::from(exit::USAGE),
        Ok(()) => ExitCode::from(exit::DONE),
        Err(error) => output::failure(error).tell(),
    }
}

/// The error as text for a pipe: without colour, unless that is forced.
fn rendered(error: &clap::Error) -> String {
    let is_set =
        |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let text = error.render();
    match is_set("CLICOLOR_FORCE") && !is_set("NO_COLOR") {
        true => text.ansi().to_string(),
        false => text.to_string(),
    }
}
