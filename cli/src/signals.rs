//! Signals, as a future.

use std::future::poll_fn;

use bowline_shell::runtime::{Runtime, Signal, Signals};
use serde_json::json;

use crate::exit::{self, Failure};
use crate::journal;
use crate::output;
use crate::runtime::{Either, race};

/// The signals that reach this process, from here on.
pub(crate) struct Inbox(Box<dyn Signals>);

impl Inbox {
    pub(crate) fn open(runtime: &impl Runtime) -> Result<Self, Failure> {
        let signals = runtime.signals();
        let signals = signals.map_err(|error| Failure::new(exit::FAILURES, error))?;
        Ok(Self(Box::new(signals)))
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        poll_fn(|cx| self.0.poll_signal(cx)).await
    }

    /// The next that asks for an end.
    pub(crate) async fn end(&mut self) -> Signal {
        loop {
            match self.next().await {
                Signal::Hangup => {}
                signal @ (Signal::Interrupt | Signal::Terminate) => return signal,
            }
        }
    }

    /// What `work` gives; none where a signal asked for an end first.
    pub(crate) async fn or_end<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        match race(self.end(), work).await {
            Either::First(_) => None,
            Either::Second(done) => Some(done),
        }
    }

    /// Waits for `ending`, or for the second signal that wants no waiting.
    pub(crate) async fn unless_again(&mut self, ending: impl Future<Output = ()>) -> u8 {
        match self.or_end(ending).await {
            Some(()) => exit::DONE,
            None => 130,
        }
    }
}

/// What a SIGHUP changed, for a person.
pub(crate) fn reloaded(said: &[String]) {
    if said.is_empty() {
        return output::say("SIGHUP: nothing has changed");
    }
    said.iter().for_each(|said| output::say(format_args!("SIGHUP: {said}")));
}

/// What was read after a SIGHUP is no good.
pub(crate) fn kept(json: bool, failure: &Failure) {
    if json {
        journal::event(json!({"event": "not-reloaded", "reason": failure.message}));
    } else {
        output::say(format_args!("SIGHUP: {}; what is in force stays", failure.message));
    }
}
