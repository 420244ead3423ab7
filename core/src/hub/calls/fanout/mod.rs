//! Carrying out jobs: calls for several peers, and detached calls.
//!
//! ```text
//!              ┌── Call, Input, Cancel, Window ──► link of a ──┐
//!   caller ──► job                                             ├── Output, Result, Window ──► job ──► caller,
//!              └── … ────────────────────────────► link of b ──┘                                   or kept
//! ```
//!
//! A runner sees an ordinary call. What is long is done in slices of so many peers
//! ([`Limits::slice`](crate::limits::Limits)), the first at once and the rest by [`Hub::work`], so
//! that nobody holds the lock for all of a long list.

mod choose;
mod detached;
mod ends;
mod flow;
mod start;

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::job::{Hold, Job, Phase};
use crate::hub::calls::record::{CallNumber, Goal};
use crate::hub::calls::routes::Made;
use crate::id::LinkId;
use crate::time::Now;
use crate::wire::frame::Call;

impl Hub {
    /// Goes on with what was too long for one hold of the lock; whether there is more. Call it, and
    /// drain, until it says that there is not, with the lock free in between.
    pub fn work(&mut self, now: Now) -> bool {
        self.unix = now.unix;
        if let Some(number) = self.calls.book.next_due() {
            self.with_job(number, |hub, job| {
                job.queued = false;
                hub.slice(job);
            });
        } else {
            self.drain_slice();
        }
        self.settle_drain();
        self.has_work()
    }

    /// Whether [`Hub::work`] has something to do.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.calls.book.has_due() || self.has_drain_work()
    }

    /// A call for several peers whose caller waits for what they say.
    pub(in crate::hub) fn fan_out(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        let Some(goal) = Goal::of(&call.target) else { return };
        if !self.has_credit(link, call.window) {
            return self.deny(link, call, Code::Busy, None);
        }
        let number = self.calls.book.number();
        let Some(peer) = self.live(link).map(|live| live.peer) else { return };
        let Some(calls) = self.calls_of_mut(link) else { return };
        calls.credit += call.window;
        calls.made.add(call.id, Made::Job(number));
        let hold = Hold::Attached(link, call.id);
        let job = Job::new(number, peer, hold, goal, call, now.unix);
        self.calls.deadlines.set(self.due(call.deadline_ms, now), Timed::Job(number));
        self.run(Box::new(job), Self::slice);
    }

    /// It ends with a code. There may be many at once, so [`Hub::work`] does it.
    pub(in crate::hub) fn stop_job(&mut self, number: CallNumber, code: Code) {
        self.with_job(number, |_, job| job.stop(code));
    }

    /// Its caller, or who may, wants no more; the runners still answer.
    pub(in crate::hub) fn cancel_job(&mut self, number: CallNumber, reason: &str) {
        self.with_job(number, |hub, job| {
            job.cancel(reason);
            hub.slice(job);
        });
    }

    /// Lets `change` have a running job, and carries out what follows from it.
    fn with_job(&mut self, number: CallNumber, change: impl FnOnce(&mut Self, &mut Job)) {
        if self.calls.book.is_running(number)
            && let Some(job) = self.calls.book.take(number)
        {
            self.run(job, change);
        }
    }

    fn run(&mut self, mut job: Box<Job>, change: impl FnOnce(&mut Self, &mut Job)) {
        change(self, &mut job);
        self.settle(&mut job);
        if job.phase == Phase::Refused {
            self.calls.book.uncount(&mut job);
        } else if job.is_over() {
            self.finish(job);
        } else {
            self.calls.book.put(job);
        }
    }

    /// One slice of what a job has to do.
    fn slice(&mut self, job: &mut Job) {
        if let Phase::Choosing(after) = job.phase {
            self.choose(job, after);
        }
        match job.phase {
            Phase::Starting(next) => self.start(job, next),
            Phase::Cancelling(next) => self.tell_to_stop(job, next),
            Phase::Ending(next, code) => self.end_legs(job, next, code),
            Phase::Choosing(_) | Phase::Started | Phase::Refused => {}
        }
        if job.phase == Phase::Started {
            self.feed_slice(job);
        }
    }
}
