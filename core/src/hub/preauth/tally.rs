//! Who was turned away how often, told at most once a minute for each source.
//!
//! The first is told at once; what follows within a minute is counted, and told when the minute is
//! over. So a flood is two lines in a log, and says how large it was.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::arrival::RejectReason;
use crate::time::Mono;

/// How often one source is told about.
const PACE: Duration = Duration::from_secs(60);

/// Counts that wait to be told.
#[derive(Debug)]
pub(super) struct Tally {
    most: usize,
    /// None stands for all sources for which there was no room.
    counts: BTreeMap<Option<IpAddr>, Count>,
    due: Option<Mono>,
}

#[derive(Debug)]
struct Count {
    /// Why the last one was.
    why: RejectReason,
    count: u64,
    /// When it may be told.
    next: Mono,
}

/// So many were turned away since the last summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) struct RejectionSummary {
    /// The source, an IPv6 one as its /64; none for many others together.
    pub(in crate::hub) source: Option<IpAddr>,
    /// Why the last one was.
    pub(in crate::hub) why: RejectReason,
    /// How many there were.
    pub(in crate::hub) count: u64,
}

impl Tally {
    pub(super) fn new(most: usize) -> Self {
        Self { most, counts: BTreeMap::new(), due: None }
    }

    /// Counts one; the summary where this source was not told about within the last minute.
    pub(super) fn count(
        &mut self,
        group: IpAddr,
        why: RejectReason,
        now: Mono,
    ) -> Option<RejectionSummary> {
        let known = self.counts.contains_key(&Some(group));
        let source = (known || self.counts.len() < self.most).then_some(group);
        if let Some(count) = self.counts.get_mut(&source) {
            count.why = why;
            count.count = count.count.saturating_add(1);
            return None;
        }
        let next = now.after(PACE);
        self.counts.insert(source, Count { why, count: 0, next });
        self.due = Some(self.due.map_or(next, |due| due.min(next)));
        Some(RejectionSummary { source, why, count: 1 })
    }

    /// When [`Tally::take`] has something to do.
    pub(super) fn due(&self) -> Option<Mono> {
        self.due
    }

    /// Everything that was counted and not told.
    pub(super) fn rest(&mut self) -> Vec<RejectionSummary> {
        self.due = None;
        let counts = core::mem::take(&mut self.counts).into_iter();
        counts
            .filter(|(_, count)| count.count > 0)
            .map(|(source, Count { why, count, .. })| RejectionSummary { source, why, count })
            .collect()
    }

    /// The summaries that are due. A source that was quiet for a minute is forgotten.
    pub(super) fn take(&mut self, now: Mono) -> Vec<RejectionSummary> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        let mut summaries = Vec::new();
        self.counts.retain(|&source, Count { why, count, next }| {
            if *next > now {
                return true;
            }
            if *count == 0 {
                return false;
            }
            summaries.push(RejectionSummary { source, why: *why, count: *count });
            (*count, *next) = (0, now.after(PACE));
            true
        });
        self.due = self.counts.values().map(|count| count.next).min();
        summaries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, n])
    }

    fn at(seconds: u64) -> Mono {
        Mono::default().after(Duration::from_secs(seconds))
    }

    fn said(n: u8, count: u64) -> RejectionSummary {
        RejectionSummary { source: Some(address(n)), why: RejectReason::Failures, count }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_once_a_minute() {
        let mut tally = Tally::new(10);
        assert_eq!(tally.due(), None);
        assert_eq!(tally.count(address(1), RejectReason::Failures, at(0)), Some(said(1, 1)));
        for _ in 0..1000 {
            assert_eq!(tally.count(address(1), RejectReason::Failures, at(1)), None);
        }
        assert_eq!(tally.count(address(2), RejectReason::Failures, at(30)), Some(said(2, 1)));
        assert_eq!(tally.due(), Some(at(60)));
        assert_eq!(tally.take(at(59)), []);
        assert_eq!(tally.take(at(60)), [said(1, 1000)]);
        assert_eq!(tally.take(at(60)), []);
        tally.count(address(1), RejectReason::Failures, at(61));
        assert_eq!(tally.take(at(119)), [], "told a minute ago at the earliest");
        assert_eq!(tally.take(at(120)), [said(1, 1)]);
        // After a quiet minute nothing is kept, and the next is told at once.
        assert_eq!(tally.take(at(180)), []);
        assert_eq!((tally.due(), tally.counts.len()), (None, 0));
        assert_eq!(tally.count(address(1), RejectReason::Failures, at(181)), Some(said(1, 1)));
    }

    #[test]
    fn what_was_counted_and_not_told_is_told_at_the_end() {
        let mut tally = Tally::new(10);
        tally.count(address(1), RejectReason::Failures, at(0));
        assert_eq!(tally.rest(), []);
        tally.count(address(2), RejectReason::Failures, at(0));
        for _ in 0..7 {
            assert_eq!(tally.count(address(2), RejectReason::Failures, at(1)), None);
        }
        assert_eq!(tally.rest(), [said(2, 7)]);
        assert_eq!((tally.rest(), tally.due()), (vec![], None));
    }

    #[test]
    fn more_sources_than_there_is_room_for_are_counted_together() {
        let mut tally = Tally::new(2);
        let others = |count| RejectionSummary { source: None, why: RejectReason::Failures, count };
        let told: Vec<_> =
            (0..5).map(|n| tally.count(address(n), RejectReason::Failures, at(0))).collect();
        assert_eq!(told, [Some(said(0, 1)), Some(said(1, 1)), Some(others(1)), None, None]);
        assert_eq!(tally.take(at(60)), [others(2)]);
        assert!(tally.counts.len() <= 3);
    }
}
