//! What a subscriber is told of a hub's calls: so many notices a second, with a burst.
//!
//! A hub decides how many calls there are. What is beyond the rate is counted, and the count is
//! told in its place with the next notice that there is a token for, or at the end of the link.

use bowline_core::limits::Limits;
use bowline_core::rate::{Bucket, Rate};
use bowline_core::time::{Mono, Now};

use crate::notice::{ShellEvent, Subscriber};

/// The notices of one link's calls.
pub(super) struct CallEvents {
    subscriber: Subscriber,
    rate: Rate,
    bucket: Bucket,
    left_out: u64,
}

impl CallEvents {
    /// None so far.
    pub(super) fn new(subscriber: Subscriber, limits: &Limits, now: Mono) -> Self {
        let rate = Rate::per_second(limits.told_per_second, limits.told_burst);
        Self { subscriber, rate, bucket: Bucket::full(&rate, now), left_out: 0 }
    }

    /// Tells it, or counts it.
    pub(super) fn tell(&mut self, notice: ShellEvent, now: Now) {
        if !self.bucket.wait(&self.rate, 1, now.mono).is_zero() {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.bucket.spend(&self.rate, 1, now.mono);
        self.rest();
        self.subscriber.tell(notice);
    }

    /// Tells how many were left out.
    pub(super) fn rest(&mut self) {
        let count = core::mem::take(&mut self.left_out);
        if count > 0 {
            self.subscriber.tell(ShellEvent::LeftOut { count });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bowline_core::id::CallId;

    use super::*;

    #[test]
    fn calls_beyond_the_rate_are_counted_and_the_count_is_told_where_they_would_have_stood() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let to = seen.clone();
        let subscriber = Subscriber::new(move |notice| {
            to.lock().unwrap().push(match notice {
                ShellEvent::Called { id, .. } => format!("call {id}"),
                ShellEvent::LeftOut { count } => format!("left out {count}"),
                other => panic!("{other:?}"),
            });
        });
        let mut limits = Limits::default();
        (limits.told_per_second, limits.told_burst) = (1, 3);
        let mut told = CallEvents::new(subscriber, &limits, Mono(0));
        let mut call = |id: u64, seconds: u64| {
            let name = "uptime".parse().unwrap();
            let now = Now { mono: Mono(seconds * 1_000_000_000), unix: seconds };
            told.tell(ShellEvent::Called { id: CallId(id), name }, now);
        };
        (0..10).for_each(|id| call(id, 0));
        (10..12).for_each(|id| call(id, 1));
        told.rest();
        told.rest();
        let expected = ["call 0", "call 1", "call 2", "left out 7", "call 10", "left out 1"];
        assert_eq!(*seen.lock().unwrap(), expected);
    }
}
