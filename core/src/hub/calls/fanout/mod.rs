//! Carrying out jobs: calls for several peers, and detached calls.
//!
//! ```text
//!              ┌── Call, Input, Cancel, Window ──► link of a ──┐
//!   caller ──► job                                             ├── Output, Result, Window ──► job ──► caller,
//!              └── … ────────────────────────────► link of b ──┘                                   or kept
//! ```
//!
//! A runner sees an ordinary call. What is long is done in slices of so many peers
//! ([`Limits::slice`](crate::limits::Limits)), the first at once and the rest by [`Calls::work`], so
//! that nobody holds the lock for all of a long list.
//!
//! Whatever happens to a job happens in a [`Turn`]: it has the job, and all of the calls that is not
//! a job. What follows for the table of jobs is done behind it, in one place.

mod choose;
mod detached;
mod ends;
mod flow;
mod start;

use crate::code::Code;
use crate::hub::calls::Calls;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::job::{Hold, Job, Phase};
use crate::hub::calls::record::{CallNumber, Goal};
use crate::hub::calls::routes::Made;
use crate::hub::calls::table::{Table, due};
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

impl Calls {
    /// Goes on with a job that was too long for one hold of the lock; whether there was one.
    pub(in crate::hub) fn work(
        &mut self,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) -> bool {
        let Some(number) = self.due.pop_front() else { return false };
        self.turn(number, directory, effects, |turn| {
            turn.job.queued = false;
            turn.slice();
        });
        true
    }

    /// Whether [`Calls::work`] has something to do.
    pub(in crate::hub) fn has_work(&self) -> bool {
        !self.due.is_empty()
    }

    /// A call for several peers whose caller waits for what they say.
    pub(super) fn fan_out(
        &mut self,
        link: LinkId,
        call: &Call<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let Some(goal) = Goal::of(&call.target) else { return };
        let Some(caller) = self.table.of(link) else { return };
        if !caller.has_credit(call.window, effects.flow(link), directory.limits) {
            return effects.deny(link, call, Code::Busy, None);
        }
        let who = (caller.peer, caller.owner);
        let number = self.table.number();
        self.table.add_made(link, call.id, Made::Job(number), call.window);
        let hold = Hold::Attached(link, call.id);
        let job = Job::new(number, who, hold, goal, call, directory.now.unix);
        self.start(job, directory, effects);
    }

    /// A job begins, with its first slice.
    fn start(&mut self, mut job: Job, directory: &Directory<'_>, effects: &mut Effects) {
        let number = job.number;
        self.deadlines.set(due(job.deadline_ms, directory), Timed::Job(number));
        self.table.count(&mut job);
        self.jobs.insert(number, Box::new(job));
        self.turn(number, directory, effects, |turn| turn.slice());
    }

    /// It ends with a code. There may be many at once, so [`Calls::work`] does it.
    pub(super) fn stop_job(
        &mut self,
        number: CallNumber,
        code: Code,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        self.turn(number, directory, effects, |turn| turn.job.stop(code));
    }

    /// Its caller, or who may, wants no more; the runners still answer.
    pub(super) fn cancel_job(
        &mut self,
        number: CallNumber,
        reason: &str,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        self.turn(number, directory, effects, |turn| {
            turn.job.cancel(reason);
            turn.slice();
        });
    }

    /// Lets `act` happen to a running job, and carries out what follows from it.
    pub(super) fn turn(
        &mut self,
        number: CallNumber,
        directory: &Directory<'_>,
        effects: &mut Effects,
        act: impl FnOnce(&mut Turn<'_>),
    ) {
        let Some(job) = self.jobs.get_mut(&number) else { return };
        let mut turn = Turn { job, table: &mut self.table, directory, effects };
        act(&mut turn);
        turn.settle();
        if turn.job.is_over() {
            turn.finish();
        }
        let runs = job.ended.is_none() && job.phase != Phase::Refused;
        self.table.count(job);
        // Those that waited for what this one let go are before it.
        for woken in core::mem::take(&mut self.table.woken) {
            if let Some(job) = self.jobs.get_mut(&woken) {
                job.feed.look();
                self.queue(woken);
            }
        }
        if runs {
            self.queue(number);
        } else if let Some(job) = self.jobs.remove(&number) {
            self.table.put_away(job);
            self.deadline_ended();
        }
    }

    /// Has a job given its next slice where it has something to do.
    fn queue(&mut self, number: CallNumber) {
        let Some(job) = self.jobs.get_mut(&number) else { return };
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
