//! Time, as the machines see it: an argument, never a call.
//!
//! Two clocks come in together. [`Mono`] drives timers and never means a date; `unix` is compared
//! with dates that others wrote. Either may stand still or step back, so every difference
//! saturates. Nothing here reads a clock: the shell does, once a turn.

use core::time::Duration;

/// Nanoseconds on a monotonic clock whose start means nothing.
///
/// A `std::time::Instant` cannot stand in a test vector and stops on some systems while the
/// machine sleeps; a shell is free to add the time slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

impl Mono {
    /// The end of time: a deadline that never comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// This moment plus `span`, at most [`Mono::NEVER`].
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(nanos(span)))
    }

    /// How long ago `earlier` was; zero where the clock stepped back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A span in whole nanoseconds, saturating after 584 years.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock: timers, heartbeats, round trips.
    pub mono: Mono,
    /// Seconds since 1970-01-01T00:00:00Z: dates in certificates, tokens and frames.
    pub unix: u64,
}

impl Now {
    /// The same moment, its monotonic part no earlier than `last`: what a machine does first with
    /// every `Now` that it is given.
    #[must_use]
    pub fn no_earlier_than(self, last: Mono) -> Self {
        Self { mono: self.mono.max(last), unix: self.unix }
    }
}

/// One deadline for each of `N` reasons.
///
/// The reasons are a field-less enum that gives its own index, see [`Timer`]. A table is a few
/// words, copied nowhere, and answers "what is next, and why" by looking at all of it.
#[derive(Clone, Debug)]
pub struct TimerTable<const N: usize> {
    deadlines: [Mono; N],
}

/// A reason for a deadline: an index below the table's size.
pub trait Timer: Copy + 'static {
    /// Every reason, in the order of its index.
    const ALL: &'static [Self];
    /// This reason's place in [`Timer::ALL`].
    fn index(self) -> usize;
}

impl<const N: usize> TimerTable<N> {
    /// A table with nothing armed.
    #[must_use]
    pub fn new() -> Self {
        Self { deadlines: [Mono::NEVER; N] }
    }

    /// Arms `timer` for `at`, in place of what it was armed for.
    pub fn set(&mut self, timer: impl Timer, at: Mono) {
        self.deadlines[timer.index()] = at;
    }

    /// Arms `timer` for `at`, unless it is armed for an earlier moment.
    pub fn set_earlier(&mut self, timer: impl Timer, at: Mono) {
        let deadline = &mut self.deadlines[timer.index()];
        *deadline = at.min(*deadline);
    }

    /// Disarms `timer`.
    pub fn stop(&mut self, timer: impl Timer) {
        self.deadlines[timer.index()] = Mono::NEVER;
    }

    /// Disarms everything.
    pub fn stop_all(&mut self) {
        self.deadlines = [Mono::NEVER; N];
    }

    /// The earliest deadline and its reason; the first reason of two that are equal.
    #[must_use]
    pub fn next<T: Timer>(&self) -> Option<(Mono, T)> {
        let (at, timer) = self
            .deadlines
            .iter()
            .zip(T::ALL)
            .map(|(&at, &timer)| (at, timer))
            .min_by_key(|&(at, _)| at)?;
        (at != Mono::NEVER).then_some((at, timer))
    }

    /// One timer whose deadline is at or before `now`, disarmed before it is returned, so that a
    /// handler that fails cannot leave it firing for ever. Call until `None`.
    #[must_use]
    pub fn expire<T: Timer>(&mut self, now: Mono) -> Option<T> {
        let (at, timer) = self.next::<T>()?;
        if at > now {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }
}

impl<const N: usize> Default for TimerTable<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Reason {
        First,
        Second,
    }

    impl Timer for Reason {
        const ALL: &'static [Self] = &[Self::First, Self::Second];
        fn index(self) -> usize {
            self as usize
        }
    }

    #[test]
    fn the_earliest_deadline_is_next_and_carries_its_reason() {
        let mut table = TimerTable::<2>::new();
        assert_eq!(table.next::<Reason>(), None);
        table.set(Reason::First, Mono(20));
        table.set(Reason::Second, Mono(10));
        assert_eq!(table.next(), Some((Mono(10), Reason::Second)));
        table.stop(Reason::Second);
        assert_eq!(table.next(), Some((Mono(20), Reason::First)));
        table.set_earlier(Reason::First, Mono(21));
        assert_eq!(table.next(), Some((Mono(20), Reason::First)));
        table.set_earlier(Reason::First, Mono(19));
        assert_eq!(table.next(), Some((Mono(19), Reason::First)));
    }

    #[test]
    fn an_expired_timer_is_disarmed_before_it_is_told() {
        let mut table = TimerTable::<2>::new();
        table.set(Reason::First, Mono(5));
        assert_eq!(table.expire::<Reason>(Mono(4)), None);
        assert_eq!(table.expire(Mono(5)), Some(Reason::First));
        assert_eq!(table.expire::<Reason>(Mono(u64::MAX - 1)), None);
        assert_eq!(table.next::<Reason>(), None);
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_negative_span() {
        assert_eq!(Mono(5).since(Mono(9)), Duration::ZERO);
        assert_eq!(Mono(u64::MAX - 1).after(Duration::from_secs(9)), Mono::NEVER);
        let now = Now { mono: Mono(3), unix: 7 };
        assert_eq!(now.no_earlier_than(Mono(8)), Now { mono: Mono(8), unix: 7 });
    }
}
