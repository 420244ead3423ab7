//! Carrying out jobs: calls for several peers, and detached calls.
//!
//! ```text
//!            ┌── Call, Input, Cancel, Window ──► link of a ──┐
//!   caller ► job                                             ├── Output, Result, Window ──► job
//!            └── … ────────────────────────────► link of b ──┘            to the caller, or kept
//! ```
//!
//! A runner sees an ordinary call. What is long is done in slices of so many peers
//! ([`Limits::slice`](crate::limits::Limits)), the first at once and the rest by [`Calling::work`],
//! so that nobody holds the lock for all of a long list.
//!
//! Whatever happens to a job happens in a [`Turn`]: it has the job, and all of the calls that is
//! not a job. What follows for the table of jobs is done behind it, in one place.

mod choose;
mod detached;
mod ends;
mod flow;
mod start;

use crate::code::Code;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::job::{Hold, Job, Phase};
use crate::hub::calls::record::{CallNumber, Goal};
use crate::hub::calls::routes::Made;
use crate::hub::calls::table::Table;
use crate::hub::calls::{Calling, Calls};
use crate::hub::directory::Directory;
use crate::hub::effects::Effects;
use crate::id::LinkId;
use crate::wire::frame::Call;

/// A job that something happens to, and what that may touch.
pub(super) struct Turn<'a> {
    job: &'a mut Job,
    table: &'a mut Table,
    directory: &'a Directory<'a>,
    effects: &'a mut Effects,
}

impl Calling<'_> {
    /// Goes on with a job that was too long for one hold of the lock; whether there was one.
    pub(in crate::hub) fn work(&mut self) -> bool {
        let Some(number) = self.calls.due.pop_front() else { return false };
        self.turn(number, |turn| {
            turn.job.queued = false;
            turn.slice();
        });
        true
    }

    /// A call for several peers whose caller waits for what they say.
    pub(super) fn fan_out(&mut self, link: LinkId, call: &Call<'_>) {
        let Some(goal) = Goal::of(&call.target) else { return };
        let table = &mut self.calls.table;
        let Some(caller) = table.of(link) else { return };
        if !caller.has_credit(call.window, self.effects.flow(link), self.directory.limits) {
            return self.effects.deny(link, call, Code::Busy, None);
        }
        let (who, number) = ((caller.peer, caller.owner), table.number());
        table.add_made(link, call.id, Made::Job(number), call.window);
        let hold = Hold::Attached(link, call.id);
        self.start(Job::new(number, who, hold, goal, call, self.directory.now.unix));
    }

    /// A job begins, with its first slice.
    fn start(&mut self, mut job: Job) {
        let number = job.number;
        let due = self.directory.due(job.deadline_ms);
        self.calls.deadlines.set(due, Timed::Job(number));
        self.calls.table.count(&mut job);
        self.calls.jobs.insert(number, Box::new(job));
        self.turn(number, |turn| turn.slice());
    }

    /// It ends with a code. There may be many at once, so [`Calling::work`] does it.
    pub(super) fn stop_job(&mut self, number: CallNumber, code: Code) {
        self.turn(number, |turn| turn.job.stop(code));
    }

    /// Jobs that run end with a code.
    pub(in crate::hub) fn stop_jobs(&mut self, code: Code) {
        let running: Vec<_> = self.calls.jobs.keys().copied().collect();
        running.into_iter().for_each(|number| self.stop_job(number, code));
    }

    /// Its caller, or who may, wants no more; the runners still answer.
    pub(super) fn cancel_job(&mut self, number: CallNumber, reason: &str) {
        self.turn(number, |turn| {
            turn.job.cancel(reason);
            turn.slice();
        });
    }

    /// Lets `act` happen to a running job, and carries out what follows from it.
    pub(super) fn turn(&mut self, number: CallNumber, act: impl FnOnce(&mut Turn<'_>)) {
        let Calls { jobs, table, .. } = &mut *self.calls;
        let Some(job) = jobs.get_mut(&number) else { return };
        let mut turn = Turn { job, table, directory: &self.directory, effects: self.effects };
        act(&mut turn);
        turn.settle();
        if turn.job.is_over() {
            turn.finish();
        }
        let runs = job.ended.is_none() && job.phase != Phase::Refused;
        table.count(job);
        // Those that waited for what this one let go are before it.
        for woken in core::mem::take(&mut table.woken) {
            self.calls.queue(woken, |job| job.feed.look());
        }
        if runs {
            self.calls.queue(number, |_| {});
        } else if let Some(job) = self.calls.jobs.remove(&number) {
            self.calls.table.put_away(job);
            self.calls.deadline_ended();
        }
    }
}

impl Calls {
    /// Changes a running job, and has it given its next slice where it has something to do.
    fn queue(&mut self, number: CallNumber, change: impl FnOnce(&mut Job)) {
        let Some(job) = self.jobs.get_mut(&number) else { return };
        change(job);
        if job.has_work() && !core::mem::replace(&mut job.queued, true) {
            self.due.push_back(number);
        }
    }
}

impl Turn<'_> {
    /// One slice of what a job has to do.
    fn slice(&mut self) {
        if let Phase::Choosing(after) = self.job.phase {
            self.choose(after);
        }
        match self.job.phase {
            Phase::Starting(next) => self.start(next),
            Phase::Cancelling(next) => self.tell_to_stop(next),
            Phase::Ending(next, code) => self.end_legs(next, code),
            Phase::Choosing(_) | Phase::Started | Phase::Refused => {}
        }
        if self.job.phase == Phase::Started {
            self.feed_slice();
        }
    }
}
