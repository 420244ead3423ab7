//! Standard output, whose reader may go away.

use std::fmt::Display;
use std::io::{self, ErrorKind, StdoutLock, Write};

use crate::exit::{self, Failure};

/// A line of a result.
///
/// # Errors
/// Nobody reads on, or the disk behind it is full.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    try_line(text).map_err(failure)
}

/// A line of a result, for whoever ends otherwise where nobody reads on.
///
/// # Errors
/// As [`line`].
pub(crate) fn try_line(text: impl Display) -> io::Result<()> {
    written(|out| writeln!(out, "{text}"))
}

/// A result that is not made of lines.
///
/// # Errors
/// As [`line`].
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    written(|out| out.write_all(bytes)).map_err(failure)
}

fn written(write: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write(&mut out).and_then(|()| out.flush())
}

/// Standard output takes no more: its reader is gone, or the disk behind it is full.
pub(crate) fn failure(error: io::Error) -> Failure {
    let remedy = match error.kind() {
        ErrorKind::StorageFull => ". Make room where it goes, or send it elsewhere",
        _ => "",
    };
    Failure::new(exit::FAILURES, format!("standard output: {error}{remedy}"))
}

/// A line about what happens. That its reader went away is no reason to stop.
pub(crate) fn event(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
