//! What the other end may send: so many frames and so many bytes a second, each with a burst, and a
//! hub so many calls too.
//!
//! A peer, or a hub, beyond its rate is held back, not refused: its next message waits here, its
//! socket is not read, and TCP tells it to wait. Ending the link would lose its calls, and with
//! them what others asked of it. Nothing is lost and nothing overtakes. The link's own pings go on
//! meanwhile, and its silence is not counted, so that no end takes the other for dead.
//!
//! ```text
//!  going ── a message, and no token for it ──► holding
//!    ▲                                            │
//!    └────── its token is there: it is told ──────┘
//! ```
//!
//! spec: session §8

use core::time::Duration;

use crate::limits::Limits;
use crate::rate::{Bucket, Rate};
use crate::time::Mono;

/// The buckets of one admitted link.
#[derive(Debug)]
pub(super) struct LinkPace {
    frames: (Rate, Bucket),
    bytes: (Rate, Bucket),
    /// Calls that a hub makes, at a peer.
    calls: Option<(Rate, Bucket)>,
    /// The message that was read last has not been told.
    holding: bool,
    /// When it was last told that the other end is held back.
    notified: Option<Mono>,
}

/// Which rate the other end is beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Frames.
    Frames,
    /// Bytes.
    Bytes,
    /// Calls.
    Calls,
}

/// What a message costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// So many bytes.
    Frame(usize),
    /// So many bytes that are a call.
    Call(usize),
}

/// A message has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PaceDelay {
    /// Until when.
    pub(super) until: Mono,
    /// Whether it is time to tell somebody, and what of.
    pub(super) tell: Option<Measure>,
}

/// How often it is told that a peer is held back.
const TELL: Duration = Duration::from_secs(60);

impl LinkPace {
    /// Full buckets, at a hub.
    pub(super) fn of_peer(limits: &Limits, now: Mono) -> Self {
        let frames = Rate::per_second(limits.frames_per_second, limits.frames_burst);
        let bytes = Rate::per_second(limits.bytes_per_second, limits.bytes_burst);
        Self {
            frames: (frames, Bucket::full(&frames, now)),
            bytes: (bytes, Bucket::full(&bytes, now)),
            calls: None,
            holding: false,
            notified: None,
        }
    }

    /// Full buckets, at a peer.
    pub(super) fn of_hub(limits: &Limits, now: Mono) -> Self {
        let calls = Rate::per_second(limits.calls_per_second, limits.calls_burst);
        let calls = Some((calls, Bucket::full(&calls, now)));
        Self { calls, ..Self::of_peer(limits, now) }
    }

    /// Whether a message waits.
    pub(super) fn is_holding(&self) -> bool {
        self.holding
    }

    /// Takes a message: where there is a token for a frame, one for a call where it is one, and any
    /// byte at all. A message larger than what is there puts the bytes into debt, by one message at
    /// most.
    pub(super) fn take(&mut self, load: Load, now: Mono) -> Result<(), PaceDelay> {
        let (Load::Frame(bytes) | Load::Call(bytes)) = load;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let calls = self.calls.as_mut().filter(|_| matches!(load, Load::Call(_)));
        // Each bucket, what it has to hold for the message to go, and what that costs.
        let (frames, held) = (Some(&mut self.frames), Some(&mut self.bytes));
        let mut buckets = [
            (frames, 1, Measure::Frames),
            (held, bytes, Measure::Bytes),
            (calls, 1, Measure::Calls),
        ];
        let mut worst = (Duration::ZERO, Measure::Frames);
        for (bucket, _, measure) in &buckets {
            let Some((rate, bucket)) = bucket else { continue };
            let wait = bucket.wait(rate, 1, now);
            if wait > worst.0 {
                worst = (wait, *measure);
            }
        }
        let (wait, measure) = worst;
        if wait.is_zero() {
            for (bucket, cost, _) in &mut buckets {
                if let Some((rate, bucket)) = bucket {
                    bucket.spend(rate, *cost, now);
                }
            }
            self.holding = false;
            return Ok(());
        }
        self.holding = true;
        let due = self.notified.is_none_or(|told| now.since(told) >= TELL);
        let tell = due.then_some(measure);
        if tell.is_some() {
            self.notified = Some(now);
        }
        Err(PaceDelay { until: now.after(wait), tell })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(frames: (u64, u64), bytes: (u64, u64)) -> LinkPace {
        let limits = Limits {
            frames_per_second: frames.0,
            frames_burst: frames.1,
            bytes_per_second: bytes.0,
            bytes_burst: bytes.1,
            ..Limits::default()
        };
        LinkPace::of_peer(&limits, Mono(0))
    }

    const MANY: (u64, u64) = (1 << 40, 1 << 40);

    fn hold(millis: u64, tell: Option<Measure>) -> Result<(), PaceDelay> {
        Err(PaceDelay { until: Mono(millis * 1_000_000), tell })
    }

    #[test]
    fn a_burst_of_frames_goes_and_the_next_waits_for_its_token() {
        let mut pace = pace((10, 3), MANY);
        (0..3).for_each(|_| assert_eq!(pace.take(Load::Frame(1 << 20), Mono(0)), Ok(())));
        assert_eq!(pace.take(Load::Frame(0), Mono(0)), hold(100, Some(Measure::Frames)));
        assert!(pace.is_holding());
        assert_eq!(pace.take(Load::Frame(0), Mono(99_999_999)), hold(100, None));
        assert_eq!(pace.take(Load::Frame(0), Mono(100_000_000)), Ok(()));
        assert!(!pace.is_holding());
        assert_eq!(pace.take(Load::Frame(0), Mono(100_000_000)), hold(200, None));
    }

    #[test]
    fn bytes_go_while_any_are_there_and_a_debt_is_at_most_one_message() {
        let mut pace = pace(MANY, (1000, 500));
        assert_eq!(pace.take(Load::Frame(499), Mono(0)), Ok(()));
        assert_eq!(pace.take(Load::Frame(2001), Mono(0)), Ok(()), "one byte was there");
        assert_eq!(pace.take(Load::Frame(0), Mono(0)), hold(2001, Some(Measure::Bytes)));
        assert_eq!(pace.take(Load::Frame(0), Mono(2_001_000_000)), Ok(()));
    }

    #[test]
    fn it_is_told_once_a_minute_that_a_peer_is_held_back() {
        let mut pace = pace((1, 1), MANY);
        let mut told = Vec::new();
        for second in 0..200 {
            let now = Mono(second * 1_000_000_000);
            assert_eq!(pace.take(Load::Frame(0), now), Ok(()));
            if let Err(PaceDelay { tell: Some(_), .. }) = pace.take(Load::Frame(0), now) {
                told.push(second);
            }
        }
        assert_eq!(told, [0, 60, 120, 180]);
    }

    #[test]
    fn a_hub_is_held_to_its_calls_a_second_and_nothing_else_waits_for_them() {
        let limits = Limits { calls_per_second: 10, calls_burst: 2, ..Limits::default() };
        let mut pace = LinkPace::of_hub(&limits, Mono(0));
        (0..2).for_each(|_| assert_eq!(pace.take(Load::Call(9), Mono(0)), Ok(())));
        assert_eq!(pace.take(Load::Frame(9), Mono(0)), Ok(()));
        assert_eq!(pace.take(Load::Call(9), Mono(0)), hold(100, Some(Measure::Calls)));
        assert_eq!(pace.take(Load::Call(9), Mono(100_000_000)), Ok(()));
        let mut peers = LinkPace::of_peer(&limits, Mono(0));
        (0..9).for_each(|_| assert_eq!(peers.take(Load::Call(9), Mono(0)), Ok(())));
    }
}
