//! Carrying out fan-outs: calls for several peers, and detached calls.
//!
//! ```text
//!            ┌── Call, Input, Cancel, Window ──► link of a ──┐
//!   caller ► fan-out                                         ├── Output, Result, Window ► fan-out
//!            └── … ────────────────────────────► link of b ──┘            to the caller, or kept
//! ```
//!
//! A runner sees an ordinary call. What is long is done in slices of so many peers
//! ([`Limits::slice`](crate::limits::Limits)), the first at once and the rest by [`Calling::work`],
//! so that nobody holds the lock for all of a long list.
//!
//! Whatever happens to a fan-out happens in a [`Turn`]: it has the fan-out, and all of the calls
//! that is not a fan-out. What follows for the table of fan-outs is done behind it, in one place.

mod choose;
mod detached;
mod ends;
mod flow;
mod start;

use crate::code::Code;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::fanout::{Attachment, Fanout, FanoutPhase};
use crate::hub::calls::record::{CallNumber, Goal};
use crate::hub::calls::routes::InboundCall;
use crate::hub::calls::table::CallTable;
use crate::hub::calls::{Calling, HubCalls};
use crate::hub::directory::Directory;
use crate::hub::effects::Effects;
use crate::id::LinkId;
use crate::wire::frame::Call;

/// A fan-out that something happens to, and what that may touch.
pub(super) struct Turn<'a> {
    fanout: &'a mut Fanout,
    table: &'a mut CallTable,
    directory: &'a Directory<'a>,
    effects: &'a mut Effects,
}

impl Calling<'_> {
    /// Goes on with a fan-out that was too long for one hold of the lock; whether there was one.
    pub(in crate::hub) fn work(&mut self) -> bool {
        let Some(number) = self.calls.due.pop_front() else { return false };
        self.turn(number, |turn| {
            turn.fanout.queued = false;
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
        table.add_inbound(link, call.id, InboundCall::Fanout(number), call.window);
        let hold = Attachment::Attached(link, call.id);
        self.start(Fanout::new(number, who, hold, goal, call, self.directory.now.unix));
    }

    /// A fan-out begins, with its first slice.
    fn start(&mut self, mut fanout: Fanout) {
        let number = fanout.number;
        let due = self.directory.due(fanout.deadline_ms);
        self.calls.deadlines.set(due, Timed::Fanout(number));
        self.calls.table.count(&mut fanout);
        self.calls.fanouts.insert(number, Box::new(fanout));
        self.turn(number, |turn| turn.slice());
    }

    /// It ends with a code. There may be many at once, so [`Calling::work`] does it.
    pub(super) fn stop_fanout(&mut self, number: CallNumber, code: Code) {
        self.turn(number, |turn| turn.fanout.stop(code));
    }

    /// Fan-outs that run end with a code.
    pub(in crate::hub) fn stop_fanouts(&mut self, code: Code) {
        let running: Vec<_> = self.calls.fanouts.keys().copied().collect();
        running.into_iter().for_each(|number| self.stop_fanout(number, code));
    }

    /// Its caller, or who may, wants no more; the runners still answer.
    pub(super) fn cancel_fanout(&mut self, number: CallNumber, reason: &str) {
        self.turn(number, |turn| {
            turn.fanout.cancel(reason);
            turn.slice();
        });
    }

    /// Lets `act` happen to a running fan-out, and carries out what follows from it.
    pub(super) fn turn(&mut self, number: CallNumber, act: impl FnOnce(&mut Turn<'_>)) {
        let HubCalls { fanouts, table, .. } = &mut *self.calls;
        let Some(fanout) = fanouts.get_mut(&number) else { return };
        let mut turn = Turn { fanout, table, directory: &self.directory, effects: self.effects };
        act(&mut turn);
        turn.settle();
        if turn.fanout.is_over() {
            turn.finish();
        }
        let runs = fanout.ended.is_none() && fanout.phase != FanoutPhase::Refused;
        table.count(fanout);
        // Those that waited for what this one let go are before it.
        for woken in core::mem::take(&mut table.woken) {
            self.calls.queue(woken, |fanout| fanout.feed.look());
        }
        if runs {
            self.calls.queue(number, |_| {});
        } else if let Some(fanout) = self.calls.fanouts.remove(&number) {
            self.calls.table.put_away(fanout);
            self.calls.deadline_ended();
        }
    }
}

impl HubCalls {
    /// Changes a running fan-out, and has it given its next slice where it has something to do.
    fn queue(&mut self, number: CallNumber, change: impl FnOnce(&mut Fanout)) {
        let Some(fanout) = self.fanouts.get_mut(&number) else { return };
        change(fanout);
        if fanout.has_work() && !core::mem::replace(&mut fanout.queued, true) {
            self.due.push_back(number);
        }
    }
}

impl Turn<'_> {
    /// One slice of what a fan-out has to do.
    fn slice(&mut self) {
        if let FanoutPhase::Choosing(after) = self.fanout.phase {
            self.choose(after);
        }
        match self.fanout.phase {
            FanoutPhase::Starting(next) => self.start(next),
            FanoutPhase::Cancelling(next) => self.tell_to_stop(next),
            FanoutPhase::Ending(next, code) => self.end_legs(next, code),
            FanoutPhase::Choosing(_) | FanoutPhase::Started | FanoutPhase::Refused => {}
        }
        if self.fanout.phase == FanoutPhase::Started {
            self.feed_slice();
        }
    }
}
