//! What waits while a command runs, and hears signals all the while: for what the command tells,
//! and for a reader of what it told, who may have stopped reading.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bowline_shell::runtime::Runtime;

use crate::runtime;
use crate::signals::Inbox;

/// After an interrupt, the longest that one write waits for its reader.
const PATIENCE: Duration = Duration::from_secs(2);

/// The signals of a `run`, and whether one has come.
pub(super) struct Watch<'a, R> {
    runtime: &'a R,
    signals: &'a mut Inbox,
    interrupted: bool,
}

/// A signal that asks for an end came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The first: the command is to be cancelled.
    Interrupt,
    /// Another: nothing is to be waited for.
    Again,
}

impl<'a, R: Runtime> Watch<'a, R> {
    pub(super) fn new(runtime: &'a R, signals: &'a mut Inbox) -> Self {
        Self { runtime, signals, interrupted: false }
    }

    pub(super) fn runtime(&self) -> &'a R {
        self.runtime
    }

    /// What `work` gives, unless a signal comes first.
    pub(super) async fn next<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Heard> {
        let interrupted = self.interrupted;
        self.signals.or_end(work).await.ok_or_else(|| {
            self.interrupted = true;
            if interrupted { Heard::Again } else { Heard::Interrupt }
        })
    }

    /// What `write` gives, which runs where it may wait for its reader. The first signal calls
    /// `cancel`; none where another comes, or the reader takes nothing for so long then.
    ///
    /// # Errors
    /// There is no thread to write from.
    pub(super) async fn write<T: Send + 'static>(
        &mut self,
        cancel: impl FnOnce(),
        write: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let mut writing = pin!(self.runtime.blocking(write));
        if !self.interrupted {
            match self.next(writing.as_mut()).await {
                Ok(written) => return written.map(Some),
                Err(_) => cancel(),
            }
        }
        let runtime = self.runtime;
        match self.next(runtime::within(runtime, PATIENCE, writing)).await {
            Ok(Some(written)) => written.map(Some),
            Ok(None) | Err(_) => Ok(None),
        }
    }
}
