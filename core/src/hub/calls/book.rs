//! The hub's book of calls: the jobs that it carries out or keeps, and what ended.

use std::collections::{BTreeMap, VecDeque};

use crate::hub::calls::job::Job;
use crate::hub::calls::record::{CallNumber, Ended, Record};
use crate::id::PeerId;
use crate::limits::Limits;

/// Every call but the ways of attached calls for one peer, which are on their links.
#[derive(Debug)]
pub(in crate::hub) struct Book {
    next: u64,
    jobs: BTreeMap<CallNumber, Box<Job>>,
    /// Jobs that wait for a slice, each once.
    due: VecDeque<CallNumber>,
    ended: Ended,
    /// Detached jobs that have ended, the oldest end first.
    forgettable: VecDeque<CallNumber>,
    /// Bytes that are kept of detached jobs.
    kept: usize,
    /// Ids that were freed for another key, with the first call that may be of the other.
    disowned: BTreeMap<PeerId, CallNumber>,
}

impl Book {
    pub(in crate::hub) fn new(limits: &Limits) -> Self {
        Self {
            next: 1,
            jobs: BTreeMap::new(),
            due: VecDeque::new(),
            ended: Ended::new(limits.ended_calls),
            forgettable: VecDeque::new(),
            kept: 0,
            disowned: BTreeMap::new(),
        }
    }

    /// The number of one more call.
    pub(in crate::hub) fn number(&mut self) -> CallNumber {
        let number = CallNumber(self.next);
        self.next += 1;
        number
    }

    /// An id is free for another key: whoever has it next does not own the calls made until now.
    pub(in crate::hub) fn disown(&mut self, peer: PeerId) {
        self.disowned.insert(peer, CallNumber(self.next));
    }

    /// Whether a call that was made under an id is of the one who has the id.
    pub(in crate::hub) fn owns(&self, peer: PeerId, number: CallNumber) -> bool {
        self.disowned.get(&peer).is_none_or(|&first| number >= first)
    }

    pub(in crate::hub) fn take(&mut self, number: CallNumber) -> Option<Box<Job>> {
        self.jobs.remove(&number)
    }

    /// Puts a job in, to be given its next slice where it has something to do.
    pub(in crate::hub) fn put(&mut self, mut job: Box<Job>) {
        if job.has_work() && !core::mem::replace(&mut job.queued, true) {
            self.due.push_back(job.number);
        }
        self.jobs.insert(job.number, job);
    }

    /// Puts a detached job in that has ended.
    pub(in crate::hub) fn keep(&mut self, job: Box<Job>) {
        self.forgettable.push_back(job.number);
        self.jobs.insert(job.number, job);
    }

    pub(in crate::hub) fn job(&self, number: CallNumber) -> Option<&Job> {
        self.jobs.get(&number).map(|job| &**job)
    }

    pub(in crate::hub) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().map(|job| &**job)
    }

    pub(in crate::hub) fn is_running(&self, number: CallNumber) -> bool {
        self.job(number).is_some_and(|job| job.ended.is_none())
    }

    /// Peers for which the running jobs of this caller are.
    pub(in crate::hub) fn legs_of(&self, caller: PeerId) -> usize {
        let running = self.jobs().filter(|job| job.ended.is_none() && job.caller == caller);
        running.map(|job| job.legs.len()).sum()
    }

    pub(in crate::hub) fn next_due(&mut self) -> Option<CallNumber> {
        self.due.pop_front()
    }

    pub(in crate::hub) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    pub(in crate::hub) fn ended(&self) -> &Ended {
        &self.ended
    }

    pub(in crate::hub) fn record(&mut self, record: Record) {
        self.ended.push(record);
    }

    /// Counts a job's bytes among those that are kept.
    pub(in crate::hub) fn count(&mut self, job: &mut Job, bytes: usize) {
        job.kept += bytes;
        self.kept += bytes;
    }

    /// A job is not kept after all.
    pub(in crate::hub) fn uncount(&mut self, job: &mut Job) {
        self.kept -= core::mem::take(&mut job.kept);
    }

    /// Forgets the detached jobs that ended first until there is room for another; whether there is.
    pub(in crate::hub) fn room_for_call(&mut self, limits: &Limits) -> bool {
        let detached = |book: &Self| book.jobs().filter(|job| job.is_detached()).count();
        while detached(self) >= limits.kept_calls {
            if !self.forget() {
                return false;
            }
        }
        true
    }

    /// Forgets the detached jobs that ended first until there is room for so many bytes; how much
    /// room there is.
    pub(in crate::hub) fn room_for(&mut self, bytes: usize, limits: &Limits) -> usize {
        while self.kept.saturating_add(bytes) > limits.kept_output && self.forget() {}
        limits.kept_output.saturating_sub(self.kept)
    }

    fn forget(&mut self) -> bool {
        let Some(number) = self.forgettable.pop_front() else { return false };
        if let Some(job) = self.jobs.remove(&number) {
            self.kept -= job.kept;
        }
        true
    }

    #[cfg(test)]
    pub(in crate::hub) fn kept(&self) -> usize {
        self.kept
    }
}
