//! The two clocks of the machine, put together into the [`Now`] that the core takes.
//!
//! `Instant` stands still on Linux and macOS while the machine is suspended, and a link that slept
//! for an hour must find its heartbeat long overdue. The wall clock does not stand still: where it
//! moved more than a second further than the monotonic clock between two looks, the machine slept,
//! and the difference is added to [`Mono`]. A wall clock that was set forward looks the same, and
//! costs timers that fire early; one that was set back adds nothing. One clock serves a whole
//! process, because moments of different links are compared at the hub.
//!
//! A runtime's timers stand still too while the machine sleeps, so that a task which waits for its
//! heartbeat would find out late. Somebody in each process therefore looks every [`PULSE`], and
//! wakes whoever waits when the machine has slept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bowline_core::time::{Mono, Now};

/// The clock of one process; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Reckoning>>);

impl Clock {
    /// A clock whose [`Mono`] counts from this moment.
    #[must_use]
    pub fn start() -> Self {
        let reckoning = Reckoning::new(Instant::now(), SystemTime::now());
        Self(Arc::new(Mutex::new(reckoning)))
    }

    /// Both clocks at this moment. Look at least as often as a heartbeat: each look is compared
    /// with the last.
    #[must_use]
    pub fn now(&self) -> Now {
        // Read under the lock: a look that was taken before a sleep and entered after it would
        // count that sleep twice.
        let mut reckoning = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reckoning.look(Instant::now(), SystemTime::now())
    }

    /// How long the machine has slept since the start, as far as anybody looked.
    #[must_use]
    pub fn slept(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).slept
    }

    /// The moment for a runtime's timer to wake at, so that a deadline of the core is met; `None`
    /// for [`Mono::NEVER`] and for what is too far away to be an `Instant`.
    ///
    /// It is right until the machine sleeps again; the timer then fires late by the time slept.
    #[must_use]
    pub fn instant(&self, deadline: Mono) -> Option<Instant> {
        if deadline == Mono::NEVER {
            return None;
        }
        let reckoning = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reckoning.start.checked_add(deadline.since(Mono::default().after(reckoning.slept)))
    }
}

/// What the looks at both clocks so far amount to.
#[derive(Debug)]
struct Reckoning {
    start: Instant,
    /// All that the wall clock ran ahead by more than [`JUMP`] at a time.
    slept: Duration,
    last_mono: Instant,
    last_wall: SystemTime,
}

impl Reckoning {
    fn new(mono: Instant, wall: SystemTime) -> Self {
        Self { start: mono, slept: Duration::ZERO, last_mono: mono, last_wall: wall }
    }

    fn look(&mut self, mono: Instant, wall: SystemTime) -> Now {
        let ran = mono.saturating_duration_since(self.last_mono);
        let passed = wall.duration_since(self.last_wall).unwrap_or_default();
        let gap = passed.saturating_sub(ran);
        if gap > JUMP {
            self.slept = self.slept.saturating_add(gap);
        }
        self.last_mono = mono;
        self.last_wall = wall;
        let running = mono.saturating_duration_since(self.start);
        let unix = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now { mono: Mono::default().after(self.slept).after(running), unix: unix.as_secs() }
    }
}

/// How often somebody looks at the clock, so that a sleep is noticed as soon as it is over.
pub const PULSE: Duration = Duration::from_secs(1);

/// How far the wall clock may run ahead between two looks before it means a sleep: NTP corrects
/// less than this by slewing, and a task may be held up between reading the one and the other.
const JUMP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn began() -> (Reckoning, Instant, SystemTime) {
        let (mono, wall) = (Instant::now(), SystemTime::UNIX_EPOCH + 1000 * SECOND);
        (Reckoning::new(mono, wall), mono, wall)
    }

    #[test]
    fn both_clocks_are_told_as_they_run() {
        let (mut reckoning, mono, wall) = began();
        assert_eq!(
            reckoning.look(mono + 5 * SECOND, wall + 5 * SECOND),
            Now { mono: Mono(5_000_000_000), unix: 1005 }
        );
    }

    #[test]
    fn the_time_a_machine_slept_is_added_once() {
        let (mut reckoning, mono, wall) = began();
        assert_eq!(
            reckoning.look(mono + SECOND, wall + 3601 * SECOND).mono,
            Mono(3_601_000_000_000)
        );
        assert_eq!(
            reckoning.look(mono + 2 * SECOND, wall + 3602 * SECOND),
            Now { mono: Mono(3_602_000_000_000), unix: 4602 }
        );
    }

    #[test]
    fn a_second_ahead_is_drift_and_more_is_sleep() {
        let (mut reckoning, mono, wall) = began();
        assert_eq!(reckoning.look(mono, wall + SECOND).mono, Mono(0));
        let nano = Duration::from_nanos(1);
        assert_eq!(reckoning.look(mono, wall + 2 * SECOND + nano).mono, Mono(1_000_000_001));
    }

    #[test]
    fn a_wall_clock_set_back_takes_nothing_and_a_later_sleep_still_counts() {
        let (mut reckoning, mono, wall) = began();
        let back = wall - 500 * SECOND;
        assert_eq!(
            reckoning.look(mono + SECOND, back),
            Now { mono: Mono(1_000_000_000), unix: 500 }
        );
        assert_eq!(reckoning.look(mono + SECOND, back + 60 * SECOND).mono, Mono(61_000_000_000));
    }

    #[test]
    fn a_wall_clock_before_1970_reads_as_zero() {
        let (mut reckoning, mono, _) = began();
        assert_eq!(reckoning.look(mono, SystemTime::UNIX_EPOCH - SECOND).unix, 0);
    }

    #[test]
    fn a_deadline_leads_back_to_the_instant_it_was_made_from() {
        let (mut reckoning, mono, wall) = began();
        let now = reckoning.look(mono + SECOND, wall + 101 * SECOND);
        let clock = Clock(Arc::new(Mutex::new(reckoning)));
        assert_eq!(clock.instant(now.mono.after(7 * SECOND)), Some(mono + 8 * SECOND));
        assert_eq!(clock.instant(Mono::NEVER), None);
    }
}
