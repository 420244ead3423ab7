//! How long to wait before dialling again: doubling, with full jitter, reset only by a session that
//! lasted.

use core::time::Duration;

use crate::peer::LinkOutcome;
use crate::random::{Random, Seed};

/// The spans of a back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffSpans {
    /// The longest first wait (0.5 s).
    pub first: Duration,
    /// The longest wait of all (30 s).
    pub most: Duration,
    /// The wait after an end that cannot heal by itself (60 s): a person has to do something, and
    /// may.
    pub slow: Duration,
    /// How long a session has to last before its end starts the waits anew (10 s). A hub that
    /// admits and closes at once is dialled as seldom as one that is not there.
    pub settled: Duration,
    /// The least time from one dial to the next that a [`Prompt`](crate::peer::Prompt) brings
    /// about (1 s). Whoever prompts without end, or a network that comes and goes, costs the hub
    /// no more handshakes than that.
    pub apart: Duration,
}

impl Default for BackoffSpans {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            most: Duration::from_secs(30),
            slow: Duration::from_secs(60),
            settled: Duration::from_secs(10),
            apart: Duration::from_secs(1),
        }
    }
}

/// The longest wait that another may ask for. Refuse is not proved: without a bound, one forged
/// frame would silence a peer for ever.
const MOST_ASKED: Duration = Duration::from_secs(60 * 60);

/// The back-off of one peer.
#[derive(Debug)]
pub struct Backoff {
    pace: BackoffSpans,
    random: Random,
    /// Ends since the last session that settled.
    failures: u32,
}

impl Backoff {
    /// A back-off at its beginning.
    #[must_use]
    pub fn new(pace: BackoffSpans, seed: &Seed) -> Self {
        Self { pace, random: Random::new(seed), failures: 0 }
    }

    /// A session has ended that lasted so long: where it had settled, the next wait is short again.
    pub fn lasted(&mut self, session: Duration) {
        if session >= self.pace.settled {
            self.reset();
        }
    }

    /// The next wait is short again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after this end. Full jitter: anything from nothing to the bound, so that many peers
    /// of one hub do not come back together; what the hub asked for, up to an hour, is waited
    /// for in full, and the jitter comes on top.
    #[must_use]
    pub fn next(&mut self, outcome: LinkOutcome) -> Duration {
        let doubled = self.pace.first.saturating_mul(1 << self.failures.min(16));
        let bound = doubled.min(self.pace.most);
        self.failures = self.failures.saturating_add(1);
        let asked = asked(outcome);
        let least = if outcome.is_retryable { asked } else { asked.max(self.pace.slow) };
        least.saturating_add(self.random.below(bound))
    }

    /// The spans that were chosen.
    #[must_use]
    pub fn pace(&self) -> &BackoffSpans {
        &self.pace
    }

    /// How much later than at once, where many peers have the same reason to dial: as long as a
    /// first wait.
    #[must_use]
    pub fn scatter(&mut self) -> Duration {
        self.random.below(self.pace.first)
    }
}

/// How long the hub asked to be left alone, as far as that counts.
pub(super) fn asked(outcome: LinkOutcome) -> Duration {
    Duration::from_secs(outcome.retry_after.unwrap_or(0)).min(MOST_ASKED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: LinkOutcome = LinkOutcome { is_retryable: true, retry_after: None };

    #[test]
    fn waits_double_up_to_the_most_and_start_again_after_a_session_that_lasted() {
        let mut longest = [Duration::ZERO; 9];
        for seed in 0..200 {
            let mut backoff = Backoff::new(BackoffSpans::default(), &Seed([seed; 32]));
            for longest in &mut longest {
                *longest = (*longest).max(backoff.next(CUT));
            }
            let settled = BackoffSpans::default().settled;
            backoff.lasted(settled.saturating_sub(Duration::from_nanos(1)));
            let again = (0..20).map(|_| backoff.next(CUT)).max().unwrap();
            assert!(again > Duration::from_secs(15), "{again:?} after a session that did not last");
            backoff.lasted(settled);
            assert!(backoff.next(CUT) < Duration::from_millis(500));
        }
        let bounds = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
        for (longest, bound) in longest.iter().zip(bounds) {
            let bound = Duration::from_millis(bound);
            assert!(*longest < bound && *longest > bound / 2, "{longest:?} of {bound:?}");
        }
    }

    #[test]
    fn what_the_hub_asked_for_is_waited_for_in_full() {
        let mut backoff = Backoff::new(BackoffSpans::default(), &Seed([1; 32]));
        let wait = backoff.next(LinkOutcome { is_retryable: true, retry_after: Some(60) });
        assert!(wait >= Duration::from_secs(60) && wait < Duration::from_millis(60_500));
    }

    #[test]
    fn nobody_silences_a_peer_for_longer_than_an_hour() {
        let mut backoff = Backoff::new(BackoffSpans::default(), &Seed([1; 32]));
        let wait = backoff.next(LinkOutcome { is_retryable: true, retry_after: Some(u64::MAX) });
        assert!(wait >= MOST_ASKED && wait < MOST_ASKED + Duration::from_millis(500), "{wait:?}");
    }

    #[test]
    fn an_end_that_cannot_heal_is_retried_slowly_from_the_first() {
        let mut backoff = Backoff::new(BackoffSpans::default(), &Seed([1; 32]));
        assert!(
            backoff.next(LinkOutcome { is_retryable: false, retry_after: None })
                >= Duration::from_secs(60)
        );
    }

    #[test]
    fn a_thousand_failures_overflow_nothing() {
        let mut backoff = Backoff::new(BackoffSpans::default(), &Seed([1; 32]));
        for _ in 0..1000 {
            assert!(backoff.next(CUT) < Duration::from_secs(30));
        }
    }
}
