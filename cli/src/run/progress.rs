//! A line on a terminal that says how it goes; nothing anywhere else.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::tally::Tally;

/// The line, on standard error. It has no colour.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Whether it is away while a row of somebody's is open on the terminal.
    is_away: bool,
}

impl Progress {
    /// A line where standard error is a terminal that can take one back.
    pub(super) fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
        let (false, true, Ok(style)) = (is_dumb, io::stderr().is_terminal(), style) else {
            return Self::hidden();
        };
        let bar = ProgressBar::hidden();
        bar.set_style(style);
        bar.set_message(Tally::default().line(0));
        let mut progress = Self { bar, is_away: true };
        progress.come_back();
        progress
    }

    /// No line.
    pub(super) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), is_away: false }
    }

    /// Shows how it goes, while so many peers wait.
    pub(super) fn show(&self, tally: &Tally, waiting: usize) {
        if self.is_away || !self.bar.is_hidden() {
            self.bar.set_message(tally.line(waiting));
        }
    }

    /// Takes the line away while something else is written; and for longer where that leaves its
    /// row open, as the line would stand behind it and take it away.
    pub(super) fn around<T>(&mut self, is_open: bool, write: impl FnOnce() -> T) -> T {
        if is_open && !self.is_away && !self.bar.is_hidden() {
            self.go_away();
        }
        let written = self.bar.suspend(write);
        if !is_open && self.is_away {
            self.come_back();
        }
        written
    }

    fn go_away(&mut self) {
        self.replace(ProgressDrawTarget::hidden());
        self.is_away = true;
    }

    fn come_back(&mut self) {
        self.replace(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(Duration::from_millis(250));
        self.is_away = false;
    }

    /// The same line elsewhere.
    fn replace(&mut self, target: ProgressDrawTarget) {
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(self.bar.style())
            .with_message(self.bar.message())
            .with_elapsed(self.bar.elapsed());
        core::mem::replace(&mut self.bar, bar).finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
