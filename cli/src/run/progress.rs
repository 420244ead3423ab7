//! A line on a terminal that says how it goes; nothing anywhere else.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::tally::Tally;

/// The line, on standard error. It has no colour.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A line where standard error is a terminal that can take one back.
    pub(super) fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
        let (false, true, Ok(style)) = (is_dumb, io::stderr().is_terminal(), style) else {
            return Self::hidden();
        };
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style);
        bar.set_message(Tally::default().line(0));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// No line.
    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Shows how it goes, while so many peers wait.
    pub(super) fn show(&self, tally: &Tally, waiting: usize) {
        if !self.0.is_hidden() {
            self.0.set_message(tally.line(waiting));
        }
    }

    /// Takes the line away while something else is written.
    pub(super) fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
