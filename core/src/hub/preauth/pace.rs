//! How many sessions begin in a second, and when those come again who have to wait.
//!
//! A hub that starts again has all its peers at the door at once. Each admission costs it a
//! ledger's flush and each session a registration; so many begin in a second, and the rest are told
//! a time, each a later one than the one before, at which it will be their turn.

use core::time::Duration;
use std::collections::VecDeque;

use crate::rate::{Bucket, Rate, seconds};
use crate::time::Mono;

/// The pace of one hub.
#[derive(Debug)]
pub(super) struct AdmissionPace {
    /// How many in any second.
    most: usize,
    /// When the last of them began, the earliest first.
    began: VecDeque<Mono>,
    line: Rate,
    /// Times that were told: overdrawn by one for each that waits for its turn.
    notified: Option<Bucket>,
}

const SECOND: Duration = Duration::from_secs(1);

impl AdmissionPace {
    /// So many a second, at least one.
    pub(super) fn new(per_second: u64) -> Self {
        Self {
            most: usize::try_from(per_second).unwrap_or(usize::MAX).max(1),
            began: VecDeque::new(),
            line: Rate::per_second(per_second, 1),
            notified: None,
        }
    }

    /// Whether a session may begin now.
    ///
    /// # Errors
    /// Seconds after which it is this one's turn.
    pub(super) fn admit(&mut self, now: Mono) -> Result<(), u64> {
        while self.began.front().is_some_and(|began| began.after(SECOND) <= now) {
            self.began.pop_front();
        }
        let wait = match self.began.front() {
            Some(first) if self.began.len() >= self.most => first.after(SECOND).since(now),
            _ => {
                self.began.push_back(now.max(self.began.back().copied().unwrap_or(now)));
                return Ok(());
            }
        };
        let told = self.notified.get_or_insert_with(|| Bucket::full(&self.line, now));
        told.spend(&self.line, 1, now);
        Err(seconds(wait.max(told.wait(&self.line, 1, now))).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_let_in_at_once_and_one_more_waits() {
        let mut pace = AdmissionPace::new(3);
        assert_eq!([(); 3].map(|()| pace.admit(Mono(0))), [Ok(()); 3]);
        assert_eq!(pace.admit(Mono(0)), Err(1));
        assert_eq!(pace.admit(Mono(999_999_999)), Err(1));
        assert_eq!([(); 3].map(|()| pace.admit(Mono(1_000_000_000))), [Ok(()); 3]);
    }

    #[test]
    fn those_who_wait_are_told_times_of_their_own_and_find_room_then() {
        let mut pace = AdmissionPace::new(10);
        let mut waits = [0; 8];
        for _ in 0..10 + 70 {
            match pace.admit(Mono(0)) {
                Ok(()) => {}
                Err(wait) => waits[wait as usize] += 1,
            }
        }
        assert_eq!(waits, [0, 10, 10, 10, 10, 10, 10, 10]);
        for (wait, count) in waits.into_iter().enumerate() {
            let then = Mono::default().after(Duration::from_secs(wait as u64));
            assert!((0..count).all(|_| pace.admit(then).is_ok()), "after {wait} s");
        }
    }

    #[test]
    fn a_time_that_was_told_and_not_used_is_given_away_once_it_has_passed() {
        let mut pace = AdmissionPace::new(1);
        for _ in 0..50 {
            let _ = pace.admit(Mono(0));
        }
        let later = Mono::default().after(Duration::from_secs(100));
        assert_eq!((pace.admit(later), pace.admit(later)), (Ok(()), Err(1)));
    }
}
