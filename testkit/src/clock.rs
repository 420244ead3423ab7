//! Time that passes when a test says so.

use core::time::Duration;

use bowline_core::time::{Mono, Now};

/// When every [`Clock`] begins, and keys and certificates are made.
pub const START: Now = Now { mono: Mono(0), unix: 1_800_000_000 };

/// Nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// Both clocks of a machine, which go on together from [`START`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    now: Now,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: START }
    }
}

impl Clock {
    /// This moment.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// So much time goes by. Parts of a second add up.
    pub fn pass(&mut self, span: Duration) {
        self.reach(self.now.mono.after(span));
    }

    /// It is this moment, such as a deadline of `poll_timeout`; one that has passed changes
    /// nothing.
    pub fn reach(&mut self, moment: Mono) {
        self.now = later(self.now, moment);
    }
}

/// Both clocks at this moment of the monotonic one, which is no earlier than `now`: the date goes
/// on a second at a time. For a test whose two clocks also step apart.
#[must_use]
pub fn later(now: Now, moment: Mono) -> Now {
    let mono = moment.max(now.mono);
    let seconds = mono.0 / SECOND - now.mono.0 / SECOND;
    Now { mono, unix: now.unix.saturating_add(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go_on_together_and_never_back() {
        let mut clock = Clock::default();
        (0..3).for_each(|_| clock.pass(Duration::from_millis(700)));
        assert_eq!(clock.now(), Now { mono: Mono(2_100_000_000), unix: START.unix + 2 });
        clock.reach(Mono(5));
        assert_eq!(clock.now().mono, Mono(2_100_000_000));
    }
}
