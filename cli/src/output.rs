//! Standard output, whose reader may go away.

use std::fmt::Display;
use std::io::Write;

use crate::exit::{self, Failure};

/// A line of a result.
///
/// # Errors
/// Nobody reads on, or the disk behind it is full.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new(exit::FAILURES, format!("standard output: {error}")))
}

/// A line about what happens. That its reader went away is no reason to stop.
pub(crate) fn event(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
