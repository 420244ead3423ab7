//! When calls must have ended: a heap that is swept of calls that have.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::hub::calls::record::CallNumber;
use crate::id::{CallId, LinkId};
use crate::time::Mono;

/// Deadlines of open calls.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Mono, Timed)>>,
    /// Entries whose call has ended. Below zero by one between a deadline that is told and the end
    /// of its call.
    stale: isize,
}

/// What has a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timed {
    /// A call for one peer, by its caller's link and id.
    Call(LinkId, CallId),
    /// A call that the hub carries out.
    Fanout(CallNumber),
}

/// Bytes of one deadline.
pub(super) const ENTRY: usize = size_of::<Reverse<(Mono, Timed)>>();

/// A sweep costs as much as the heap is long, so it waits until most of it is stale.
const SWEEP: isize = 256;

impl Deadlines {
    pub(super) fn set(&mut self, at: Mono, timed: Timed) {
        self.heap.push(Reverse((at, timed)));
    }

    /// A call has ended; `open` tells which others have not.
    pub(super) fn ended(&mut self, open: impl Fn(Timed) -> bool) {
        self.stale += 1;
        if self.stale >= SWEEP && self.stale * 2 > self.heap.len() as isize {
            self.heap.retain(|Reverse((_, timed))| open(*timed));
            self.stale = 0;
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn next(&self) -> Option<Mono> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// What has a deadline at or before `now`, open or not. One that is open ends.
    pub(super) fn expire(&mut self, now: Mono) -> Option<Timed> {
        let Reverse((at, timed)) = *self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        self.stale -= 1;
        Some(timed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(link: u64, id: u64) -> Timed {
        Timed::Call(LinkId(link), CallId(id))
    }

    #[test]
    fn deadlines_come_in_their_order_and_none_too_early() {
        let mut deadlines = Deadlines::default();
        deadlines.set(Mono(20), call(1, 1));
        deadlines.set(Mono(10), call(2, 3));
        assert_eq!(deadlines.next(), Some(Mono(10)));
        assert_eq!(deadlines.expire(Mono(9)), None);
        assert_eq!(deadlines.expire(Mono(20)), Some(call(2, 3)));
        assert_eq!(deadlines.expire(Mono(20)), Some(call(1, 1)));
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn calls_that_ended_do_not_pile_up() {
        let mut deadlines = Deadlines::default();
        for id in 0..100_000 {
            deadlines.set(Mono(u64::MAX - 1), call(1, id));
            deadlines.ended(|_| false);
        }
        assert!(deadlines.heap.len() as isize <= 2 * SWEEP, "{}", deadlines.heap.len());
    }

    #[test]
    fn a_call_that_ends_at_its_deadline_is_not_counted_as_stale() {
        let mut deadlines = Deadlines::default();
        for id in 0..1000 {
            deadlines.set(Mono(1), call(1, id));
            assert_eq!(deadlines.expire(Mono(1)), Some(call(1, id)));
            deadlines.ended(|_| panic!("nothing is stale"));
        }
        deadlines.set(Mono(1), call(1, 1000));
        deadlines.ended(|_| false);
        assert_eq!((deadlines.expire(Mono(1)), deadlines.stale), (Some(call(1, 1000)), 0));
    }
}
