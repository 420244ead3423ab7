//! Standard output and standard error, whose readers may go away.
//!
//! Texts that a stranger wrote come this far: whatever could drive a terminal is escaped here, in
//! the way that JSON does it. What a command wrote is passed on as it is.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use bowline_core::wire::frame::OutputStream;

use crate::exit::{self, Failure};
use crate::{show, stdio};

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
/// As [`line()`].
pub(crate) fn try_line(text: impl Display) -> io::Result<()> {
    written(|out| writeln!(out, "{}", show::printable(&text.to_string())))
}

/// A result that is not made of lines.
///
/// # Errors
/// As [`line()`].
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    written(|out| out.write_all(bytes)).map_err(failure)
}

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = stdio::output();
    write(&mut out).and_then(|()| out.flush())
}

/// What a command wrote, where it wrote it.
///
/// # Errors
/// As [`line()`].
pub(crate) fn stream(source: OutputStream, bytes: &[u8]) -> io::Result<()> {
    match source {
        OutputStream::Out => written(|out| out.write_all(bytes)),
        OutputStream::Err => stdio::errors().write_all(bytes),
    }
}

/// The end of a program that passes a command's output on and cannot: where nobody reads on, that
/// of a program that gets SIGPIPE.
pub(crate) fn unwritten(error: io::Error) -> Result<u8, Failure> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(UNREAD),
        _ => Err(failure(error)),
    }
}

/// Standard output takes no more: its reader is gone, of which there is nothing to say, or the disk
/// behind it is full.
pub(crate) fn failure(error: io::Error) -> Failure {
    let remedy = match error.kind() {
        ErrorKind::BrokenPipe => return Failure::silent(UNREAD),
        ErrorKind::StorageFull => ". Make room where it goes, or send it elsewhere",
        ErrorKind::Unsupported => ". Send it elsewhere, such as >FILE",
        _ => "",
    };
    Failure::new(exit::FAILURES, format!("standard output: {error}{remedy}"))
}

/// A line about how it goes. That its reader went away is no reason to stop.
pub(crate) fn tell(text: impl Display) {
    let _ = try_line(text);
}

/// A message on standard error. That nobody can read it is no reason to stop.
pub(crate) fn say(text: impl Display) {
    let _ = stdio::errors().write_all(message(&text.to_string()).as_bytes());
}

/// A message begins at the left, and what follows its first line does not: nothing within one
/// message can be taken for another.
fn message(text: &str) -> String {
    let mut message = String::from("bowline: ");
    for (n, line) in show::printable(text).split('\n').enumerate() {
        if n > 0 {
            message.push_str(if line.is_empty() || line.starts_with("  ") { "\n" } else { "\n  " });
        }
        message.push_str(line);
    }
    message.push('\n');
    message
}

/// The exit code of a program that gets SIGPIPE.
const UNREAD: u8 = 128 + 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_within_a_message_begins_another() {
        assert_eq!(message("a\nbowline: b\n  c\n\nd"), "bowline: a\n  bowline: b\n  c\n\n  d\n");
        assert_eq!(message("a\r\u{1b}[2K"), "bowline: a\\u000d\\u001b[2K\n");
    }
}
