//! Failed admissions: a bucket for each source that has failed.
//!
//! A failure takes a token, also one that is not there: who has many attempts under way at once
//! waits longer for it. Being turned away takes none, so what a source is told to wait is enough.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::rate::{Bucket, Rate};
use crate::time::Mono;

/// Sources that failed, as many as the bound; any other has a full bucket.
#[derive(Debug)]
pub(super) struct Failures {
    rate: Rate,
    most: usize,
    buckets: BTreeMap<IpAddr, Bucket>,
}

impl Failures {
    pub(super) fn new(per_minute: u64, most: usize) -> Self {
        Self { rate: Rate::per_minute(per_minute), most, buckets: BTreeMap::new() }
    }

    pub(super) fn failed(&mut self, group: IpAddr, now: Mono) {
        if !self.buckets.contains_key(&group) && self.buckets.len() >= self.most {
            self.evict(now);
        }
        let full = Bucket::full(&self.rate, now);
        self.buckets.entry(group).or_insert(full).spend(&self.rate, 1, now);
    }

    /// How long until this source may try again; none where it may.
    pub(super) fn wait(&self, group: IpAddr, now: Mono) -> Option<Duration> {
        let wait = self.buckets.get(&group)?.wait(&self.rate, 1, now);
        (!wait.is_zero()).then_some(wait)
    }

    /// Forgets the source with the fullest bucket: that loses least. One that is exhausted is
    /// forgotten only where all of them are.
    fn evict(&mut self, now: Mono) {
        let rate = self.rate;
        let fullest = self.buckets.iter().max_by_key(|(_, bucket)| bucket.level(&rate, now));
        if let Some(fullest) = fullest.map(|(&group, _)| group) {
            self.buckets.remove(&fullest);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    const NOW: Mono = Mono(1_000_000_000);

    #[test]
    fn a_source_may_fail_as_often_as_the_bound_and_waits_truthfully_after_the_last() {
        let mut failures = Failures::new(3, 10);
        for _ in 0..3 {
            assert_eq!(failures.wait(address(1), NOW), None);
            failures.failed(address(1), NOW);
        }
        let wait = failures.wait(address(1), NOW).unwrap();
        assert_eq!(wait, Duration::from_secs(20));
        assert_eq!(
            failures.wait(address(1), Mono(NOW.after(wait).0 - 1)),
            Some(Duration::from_nanos(1))
        );
        assert_eq!(failures.wait(address(1), NOW.after(wait)), None);
        assert_eq!(failures.wait(address(2), NOW), None, "another source");
    }

    #[test]
    fn attempts_that_were_under_way_at_once_are_all_counted() {
        let mut failures = Failures::new(3, 10);
        (0..6).for_each(|_| failures.failed(address(1), NOW));
        assert_eq!(failures.wait(address(1), NOW), Some(Duration::from_secs(80)));
    }

    #[test]
    fn whoever_fills_the_table_does_not_drive_out_who_is_exhausted() {
        let mut failures = Failures::new(2, 4);
        (0..2).for_each(|_| failures.failed(address(0), NOW));
        for n in 1..1000 {
            failures.failed(address(n), NOW);
            assert!(failures.len() <= 4);
        }
        assert!(failures.wait(address(0), NOW).is_some());
        // Where all are, the one that has to wait least goes.
        let later = NOW.after(Duration::from_secs(1));
        for n in [10, 11, 12] {
            (0..3).for_each(|_| failures.failed(address(n), later));
        }
        failures.failed(address(20), later);
        assert_eq!(failures.wait(address(0), later), None);
        assert!(failures.wait(address(10), later).is_some());
    }
}
