//! Leaving: Goaway at once, Close once no call is open. `// spec: session §10`
//!
//! ```text
//!   leave ──► Goaway ──► calls end by themselves ──────────────► the end
//!                              └─ within ─► Overdue ─► their ends ─┤
//!                                              └─ wind_up ─────────┘
//! ```
//!
//! This is a peer's way. A hub knows what is open on which of its links, and closes each itself.

use core::time::Duration;

use crate::code::Code;
use crate::link::event::EndReason;
use crate::link::phase::LinkPhase;
use crate::link::pump::Note;
use crate::link::{Link, TimerKind};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::Goaway;

/// An end that leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    code: Code,
    /// From the end of the calls' time to that of the link; none once that is awaited.
    wind_up: Option<Duration>,
}

/// What a peer that stops takes in all, where its calls are given no more than that.
const STOP: Duration = Duration::from_millis(4800);

/// What is said of a command that a peer ends because it stops.
pub const UNFINISHED: &str =
    "The peer is stopping, and the command did not end in the time that was left.";

/// The least that is left for the ends of calls that were told to end.
const LEAST_WIND_UP: Duration = Duration::from_millis(1800);

/// How long calls that were told to end may take, where they had `within` to end by themselves:
/// what is left of 4.8 s, and 1.8 s at least.
#[must_use]
pub fn wind_up(within: Duration) -> Duration {
    STOP.saturating_sub(within).max(LEAST_WIND_UP)
}

impl Link {
    /// Ends the link once no call is open on it. Goaway goes out at once; from then on no call is
    /// made here, and one that comes is answered with `draining`. Where a call is still open after
    /// `within`, [`Event::Overdue`](crate::link::Event::Overdue) is told, and the link ends after
    /// [`wind_up`] whatever is open: calls that run here end with `code` then. A link that is not
    /// admitted ends at once. Idempotent: the first counts.
    pub fn leave(&mut self, code: Code, within: Duration, now: Now) {
        self.tick(now);
        if self.leaving.is_some() {
            return;
        }
        let LinkPhase::Steady(session) = &mut self.phase else { return self.close(code, now) };
        let goaway = Goaway { code, text: "", reconnect_after: None };
        if session.send(&Frame::Goaway(goaway)).is_err() {
            // The other end reads nothing; it hears it last, if at all.
            return self.close(code, now);
        }
        self.leaving = Some(Leaving { code, wind_up: Some(wind_up(within)) });
        self.timers.set(TimerKind::Leaving, self.now.mono.after(within));
    }

    /// The time of the calls is over, or that of their ends.
    pub(super) fn overdue(&mut self) {
        let Some(leaving) = &mut self.leaving else { return };
        match leaving.wind_up.take() {
            Some(wind_up) => {
                self.timers.set(TimerKind::Leaving, self.now.mono.after(wind_up));
                self.notes.push_back(Note::Overdue);
            }
            None => {
                let code = leaving.code;
                if let LinkPhase::Steady(session) = &mut self.phase {
                    session.end_run(code, UNFINISHED);
                }
                self.end(EndReason::Closed(code), None);
            }
        }
    }

    /// Ends a link that leaves, has told everything, and has no call open.
    pub(super) fn leave_if_done(&mut self) {
        if let (Some(leaving), LinkPhase::Steady(session)) = (self.leaving, &self.phase)
            && self.notes.is_empty()
            && session.has_no_calls()
        {
            self.end(EndReason::Closed(leaving.code), None);
        }
    }
}
