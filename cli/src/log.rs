//! The log: one line an event on standard error, whatever an event quotes.

use std::io::{self, Write};

use bowline_core::text::Escaped;
use tracing_subscriber::EnvFilter;

use crate::{output, stdio};

/// The variable that says what is logged.
const VARIABLE: &str = "BOWLINE_LOG";

/// Begins to log: what `BOWLINE_LOG` says, or what so many `-v` ask for.
pub(crate) fn start(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = match std::env::var(VARIABLE).as_deref() {
        Ok(wanted) if !wanted.is_empty() => EnvFilter::try_new(wanted).unwrap_or_else(|error| {
            output::say(format_args!(
                "warning: {VARIABLE} is not understood and does nothing: {error}"
            ));
            EnvFilter::new(default)
        }),
        _ => EnvFilter::new(default),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Events(stdio::errors()))
        .with_ansi(false)
        // It would be told on standard error, which is what failed.
        .log_internal_errors(false)
        .init();
}

/// Takes whole events, as the subscriber writes each at once, and writes each as one line that
/// drives no terminal.
struct Events<W>(W);

impl<W: Write> Write for Events<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = format!("{}\n", Escaped(text.trim_end_matches('\n')));
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_whatever_it_quotes() {
        let written = Shared::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(move || Events(writer.clone()))
            .finish();
        let hostile = "gone\nbowline: all is well\r\u{1b}[2J\u{9b}1A\u{202e}";
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(reason = %hostile, "{hostile}");
            tracing::warn!(reason = hostile, "and on");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 2, "{written:?}");
        assert!(lines.iter().all(|line| !line.contains(bowline_core::text::is_unsafe)));
        assert!(lines[0].contains("gone\\nbowline: all is well"), "{written:?}");
    }
}
