//! When calls must have ended: a heap that is swept of calls that have.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::id::{CallId, LinkId};
use crate::time::Mono;

/// Deadlines of open calls, by their caller's link and id.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Mono, LinkId, CallId)>>,
    /// Entries whose call has ended.
    stale: usize,
}

/// A sweep costs as much as the heap is long, so it waits until most of it is stale.
const SWEEP: usize = 256;

impl Deadlines {
    pub(super) fn set(&mut self, at: Mono, link: LinkId, id: CallId) {
        self.heap.push(Reverse((at, link, id)));
    }

    /// A call has ended; `open` tells which others have not.
    pub(super) fn ended(&mut self, open: impl Fn(LinkId, CallId) -> bool) {
        self.stale += 1;
        if self.stale >= SWEEP && self.stale * 2 > self.heap.len() {
            self.heap.retain(|Reverse((_, link, id))| open(*link, *id));
            self.stale = 0;
        }
    }

    pub(super) fn next(&self) -> Option<Mono> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// A call whose deadline is at or before `now`, open or not.
    pub(super) fn expire(&mut self, now: Mono) -> Option<(LinkId, CallId)> {
        let Reverse((at, link, id)) = *self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        Some((link, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_their_order_and_none_too_early() {
        let mut deadlines = Deadlines::default();
        deadlines.set(Mono(20), LinkId(1), CallId(1));
        deadlines.set(Mono(10), LinkId(2), CallId(3));
        assert_eq!(deadlines.next(), Some(Mono(10)));
        assert_eq!(deadlines.expire(Mono(9)), None);
        assert_eq!(deadlines.expire(Mono(20)), Some((LinkId(2), CallId(3))));
        assert_eq!(deadlines.expire(Mono(20)), Some((LinkId(1), CallId(1))));
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn calls_that_ended_do_not_pile_up() {
        let mut deadlines = Deadlines::default();
        for id in 0..100_000 {
            deadlines.set(Mono(u64::MAX - 1), LinkId(1), CallId(id));
            deadlines.ended(|_, _| false);
        }
        assert!(deadlines.heap.len() <= 2 * SWEEP, "{}", deadlines.heap.len());
    }
}
