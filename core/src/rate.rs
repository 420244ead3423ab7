//! A token bucket in whole numbers: so many tokens a second or a minute, and a burst.
//!
//! A bucket fills steadily up to its burst and may be overdrawn; then it is in debt, and what was
//! overdrawn has to come back first. It reads no clock and rounds nothing: a token is counted in as
//! many shares as its period has nanoseconds, and a nanosecond brings as many shares as the rate
//! has tokens. A clock that steps back brings nothing until it has caught up.

use core::time::Duration;

use crate::time::Mono;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    tokens: u64,
    /// Nanoseconds in which so many tokens come.
    period: u64,
    burst: u64,
}

const SECOND: u64 = 1_000_000_000;

impl Rate {
    /// So many tokens a second, at least one, and a burst of at least one.
    #[must_use]
    pub fn per_second(tokens: u64, burst: u64) -> Self {
        Self { tokens: tokens.max(1), period: SECOND, burst: burst.max(1) }
    }

    /// So many tokens a minute, at least one; the burst is the same number.
    #[must_use]
    pub fn per_minute(tokens: u64) -> Self {
        Self { tokens: tokens.max(1), period: 60 * SECOND, burst: tokens.max(1) }
    }

    /// A token each time so long has passed, at least a nanosecond, and a burst of at least one.
    #[must_use]
    pub fn every(period: Duration, burst: u64) -> Self {
        let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1);
        Self { tokens: 1, period, burst: burst.max(1) }
    }

    /// Tokens in shares.
    fn shares(&self, tokens: u64) -> i128 {
        i128::from(tokens).saturating_mul(i128::from(self.period))
    }
}

/// A bucket; its rate is given at each call, since many buckets have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Shares that are there; below zero, a debt.
    level: i128,
    /// Until when it was filled.
    at: Mono,
}

impl Bucket {
    /// A bucket that holds its burst.
    #[must_use]
    pub fn full(rate: &Rate, now: Mono) -> Self {
        Self { level: rate.shares(rate.burst), at: now }
    }

    /// Takes `tokens`, whether they are there or not.
    pub fn spend(&mut self, rate: &Rate, tokens: u64, now: Mono) {
        self.level = self.level(rate, now).saturating_sub(rate.shares(tokens));
        self.at = self.at.max(now);
    }

    /// How long from `now` until `tokens` are there: zero where they are. More than the burst never
    /// are; then it is the wait for what is missing of them.
    #[must_use]
    pub fn wait(&self, rate: &Rate, tokens: u64, now: Mono) -> Duration {
        let missing = rate.shares(tokens).saturating_sub(self.level(rate, now));
        let Ok(missing @ 1..) = u128::try_from(missing) else { return Duration::ZERO };
        let nanos = u64::try_from(missing.div_ceil(u128::from(rate.tokens))).unwrap_or(u64::MAX);
        // Where the clock stepped back, it has to come here again first.
        self.at.since(now).saturating_add(Duration::from_nanos(nanos))
    }

    /// What is there at `now`, in shares: for comparing buckets of one rate. The fuller is the
    /// greater.
    #[must_use]
    pub fn level(&self, rate: &Rate, now: Mono) -> i128 {
        let passed = now.0.saturating_sub(self.at.0);
        let came = i128::from(passed).saturating_mul(i128::from(rate.tokens));
        self.level.saturating_add(came).min(rate.shares(rate.burst))
    }
}

/// Whole seconds that cover `wait`: what a peer is told to wait.
#[must_use]
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(millis: u64) -> Mono {
        Mono(millis * 1_000_000)
    }

    /// Takes a token where there is one.
    fn take(bucket: &mut Bucket, rate: &Rate, now: Mono) -> Result<(), Duration> {
        match bucket.wait(rate, 1, now) {
            Duration::ZERO => {
                bucket.spend(rate, 1, now);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    #[test]
    fn a_burst_is_there_at_once_and_the_next_token_when_it_is_due() {
        let rate = Rate::per_second(10, 3);
        let mut bucket = Bucket::full(&rate, at(0));
        for _ in 0..3 {
            assert_eq!(take(&mut bucket, &rate, at(0)), Ok(()));
        }
        assert_eq!(take(&mut bucket, &rate, at(0)), Err(Duration::from_millis(100)));
        assert_eq!(take(&mut bucket, &rate, Mono(99_999_999)), Err(Duration::from_nanos(1)));
        assert_eq!(take(&mut bucket, &rate, at(100)), Ok(()));
        assert_eq!(take(&mut bucket, &rate, at(100)), Err(Duration::from_millis(100)));
        // A long rest fills it to its burst and no further.
        for _ in 0..3 {
            assert_eq!(take(&mut bucket, &rate, at(60_000)), Ok(()));
        }
        assert!(take(&mut bucket, &rate, at(60_000)).is_err());
    }

    #[test]
    fn a_minute_brings_as_many_tokens_as_were_named() {
        let rate = Rate::per_minute(30);
        let mut bucket = Bucket::full(&rate, at(0));
        bucket.spend(&rate, 30, at(0));
        assert_eq!(bucket.wait(&rate, 1, at(0)), Duration::from_secs(2));
        assert_eq!(bucket.wait(&rate, 30, at(0)), Duration::from_secs(60));
    }

    #[test]
    fn a_debt_is_paid_before_there_is_a_token() {
        let rate = Rate::per_second(100, 50);
        let mut bucket = Bucket::full(&rate, at(0));
        bucket.spend(&rate, 1050, at(0));
        assert_eq!(bucket.wait(&rate, 1, at(0)), Duration::from_millis(10_010));
        assert_eq!(bucket.wait(&rate, 1, at(10_010)), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_steps_back_brings_nothing_and_costs_nothing() {
        let rate = Rate::per_second(1, 1);
        let mut bucket = Bucket::full(&rate, at(10_000));
        assert_eq!(take(&mut bucket, &rate, at(10_000)), Ok(()));
        assert_eq!(bucket.wait(&rate, 1, at(4_000)), Duration::from_secs(7));
        assert_eq!(take(&mut bucket, &rate, at(10_999)), Err(Duration::from_millis(1)));
        assert_eq!(take(&mut bucket, &rate, at(11_000)), Ok(()));
    }

    #[test]
    fn the_ends_of_all_ranges_overflow_nothing() {
        for rate in [Rate::per_second(u64::MAX, u64::MAX), Rate::per_minute(0)] {
            let mut bucket = Bucket::full(&rate, Mono(0));
            for now in [0, u64::MAX, 1, u64::MAX - 1] {
                bucket.spend(&rate, u64::MAX, Mono(now));
                let _ = bucket.wait(&rate, u64::MAX, Mono(now));
            }
        }
        assert_eq!(seconds(Duration::MAX), u64::MAX);
        assert_eq!(seconds(Duration::from_nanos(1)), 1);
        assert_eq!(seconds(Duration::from_secs(2)), 2);
    }

    proptest! {
        /// What a token bucket is, said without a level: a token may be taken where no span that
        /// begins with a token taken has had more than the burst and what the span brought.
        #[test]
        fn a_token_is_there_where_no_span_has_had_more_than_its_share(
            tokens in 1u64..50,
            burst in 1u64..8,
            steps in prop::collection::vec(0u64..200_000_000, 1..120),
        ) {
            let rate = Rate::per_second(tokens, burst);
            let (mut now, mut taken) = (Mono(3), Vec::<u64>::new());
            let mut bucket = Bucket::full(&rate, now);
            for step in steps {
                now = Mono(now.0 + step);
                let fits = taken.iter().enumerate().all(|(first, &from)| {
                    let count = (taken.len() - first + 1) as u64;
                    u128::from(count) * 1_000_000_000
                        <= u128::from(burst) * 1_000_000_000 + u128::from(tokens) * u128::from(now.0 - from)
                });
                prop_assert_eq!(take(&mut bucket, &rate, now).is_ok(), fits);
                if fits {
                    taken.push(now.0);
                }
            }
        }

        /// In any span of time no more is taken than the burst and what the span brought, and who
        /// waits as long as it was told gets its token, and none a nanosecond earlier.
        #[test]
        fn what_is_taken_is_bounded_and_the_wait_is_exact(
            tokens in 1u64..2000,
            burst in 1u64..50,
            steps in prop::collection::vec(0u64..40_000_000, 1..200),
        ) {
            let rate = Rate::per_second(tokens, burst);
            let (mut now, mut taken) = (Mono(7), 0u128);
            let mut bucket = Bucket::full(&rate, now);
            for step in steps {
                now = Mono(now.0 + step);
                if let Err(wait) = take(&mut bucket, &rate, now) {
                    let due = now.after(wait);
                    prop_assert!(take(&mut bucket.clone(), &rate, Mono(due.0 - 1)).is_err());
                    now = due;
                    prop_assert_eq!(take(&mut bucket, &rate, now), Ok(()));
                }
                taken += 1;
                let came = u128::from(now.0 - 7) * u128::from(tokens);
                prop_assert!((taken - 1) * 1_000_000_000 <= came + u128::from(burst) * 1_000_000_000);
            }
        }
    }
}
