//! What the events of a peer's link mean: calls to be run, answers to calls that were made.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bowline_core::ask::{Answer, AskId, PeerUpdate, Question};
use bowline_core::auth::Admitted;
use bowline_core::code::Code;
use bowline_core::id::CallId;
use bowline_core::link::{Ended, Event, Link};
use bowline_core::time::Now;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::Purpose;

use crate::call::{CallRequest, CallShared, Finished, NoRoom, Stop, TurnResult};
use crate::driver::{Mailbox, Owner, Posted};
use crate::notice::{ShellEvent, Subscriber};
use crate::peer::call_events::CallEvents;
use crate::peer::crew::Crew;
use crate::peer::keep::{EnrolmentHold, PeerStore};
use crate::peer::service::Service;
use crate::peer::session::LinkState;
use crate::runtime::Runtime;
use crate::watch::Watch;

/// One link of a peer.
pub(super) struct PeerLink<R: Runtime> {
    pub(super) runtime: R,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) state: Arc<Watch<LinkState>>,
    pub(super) service: Arc<Service>,
    pub(super) keeper: PeerStore,
    pub(super) locked: EnrolmentHold,
    pub(super) subscriber: Subscriber,
    pub(super) remote: String,
    pub(super) began: Now,
    /// The longest that a call may run here.
    pub(super) longest: Duration,
    /// What the subscriber is told of calls.
    pub(super) told: CallEvents,
    pub(super) work: Work,
}

/// The calls of a link.
#[derive(Default)]
pub(super) struct Work {
    traffic: (u64, u64),
    /// Admitted to serve, and not callable before the hub knows the commands.
    admitted: Option<Arc<Admitted>>,
    /// The commands are still to be told.
    register: bool,
    /// The session serves.
    serves: bool,
    outbound: BTreeMap<CallId, Arc<CallShared>>,
    inbound: Crew,
    orders: VecDeque<CallRequest>,
    /// Calls that wait for credit or room.
    waiting: Vec<Arc<CallShared>>,
    /// Memory of what was collected and of calls that were looked at, for the next turn.
    letters: Posted,
    looked_at: Vec<Arc<CallShared>>,
}

impl<R: Runtime> Owner for PeerLink<R> {
    fn feed(&mut self, link: &mut Link, now: Now, cx: &Context<'_>) {
        let mut letters = core::mem::take(&mut self.work.letters);
        self.mailbox.collect(cx, &mut letters);
        self.work.traffic = link.traffic();
        for (ask, answer) in letters.answers.drain(..) {
            link.answer(ask, answer, now);
        }
        if let Some(service) = letters.service.take() {
            let told = core::mem::replace(&mut self.service, service).register();
            self.work.register |= self.work.serves && told != self.service.register();
        }
        if self.work.register && link.is_admitted() {
            let register = Frame::Register(self.service.register());
            self.work.register = link.send(&register).is_err();
        }
        self.work.orders.extend(letters.orders.drain(..));
        while let Some(order) = self.work.orders.pop_front() {
            let cell = order.cell.clone();
            match order.send(link) {
                Ok(Some(id)) => {
                    self.work.outbound.insert(id, cell.clone());
                    self.serve(cell, link, now);
                }
                Ok(None) => {}
                Err(NoRoom) => {
                    self.work.orders.push_front(order);
                    break;
                }
            }
        }
        let mut calls = core::mem::take(&mut self.work.looked_at);
        calls.append(&mut self.work.waiting);
        calls.append(&mut letters.calls);
        for cell in calls.drain(..) {
            self.serve(cell, link, now);
        }
        self.work.looked_at = calls;
        if let Some(within) = letters.leave.take() {
            let calls = self.work.inbound.len();
            if calls > 0 && link.is_admitted() {
                self.subscriber.tell(ShellEvent::Stopping { calls, within });
            }
            link.leave(Code::GoingAway, within, now);
        }
        if let Some(code) = letters.close.take() {
            link.close(code, now);
        }
        self.work.letters = letters;
    }

    fn event(&mut self, event: Event<'_>, now: Now) -> Option<(AskId, Answer)> {
        match event {
            Event::Secured(security) => {
                self.subscriber.tell(ShellEvent::Secured { link: None, security });
            }
            Event::Upgraded => self.subscriber.tell(ShellEvent::Upgraded { link: None }),
            Event::Learnt(learnt) => self.subscriber.tell(ShellEvent::Learnt(learnt)),
            Event::Ask(ask, Question::Store(kept)) => self.keep(ask, *kept),
            Event::Ask(ask, Question::Load) => {
                let (keeper, mailbox) = (self.keeper.clone(), self.mailbox.clone());
                let then = move |answer| mailbox.answer(ask, answer);
                let held = keeper.load(self.runtime.clone(), self.locked.clone(), then);
                self.runtime.spawn(held);
            }
            Event::Renewed(until) => self.subscriber.tell(ShellEvent::Renewed { until }),
            Event::Ask(ask, _) => return Some((ask, Answer::Refused(Code::Refused.into()))),
            Event::Admitted(admitted) => self.admitted(admitted, now),
            Event::Frame(frame) => self.frame(&frame, now),
            Event::HeldBack(measure) => {
                self.subscriber.tell(ShellEvent::HubHeldBack { measure });
            }
            Event::Overdue => {
                self.work.inbound.stop(Stop::Leaving);
            }
            Event::RoundTrip(_) => self.work.rest(),
            Event::Ended(ended) => self.ended(ended),
            _ => {}
        }
        None
    }
}

impl<R: Runtime> PeerLink<R> {
    fn keep(&self, ask: AskId, kept: PeerUpdate) {
        let (keeper, mailbox) = (self.keeper.clone(), self.mailbox.clone());
        let (subscriber, locked) = (self.subscriber.clone(), self.locked.clone());
        let told = kept.entry.filter(|_| keeper.keeps_trust());
        self.runtime.spawn(keeper.store(self.runtime.clone(), kept, locked, move |answer| {
            if let (Some(entry), Answer::Stored) = (told, &answer) {
                subscriber.tell(ShellEvent::Kept(Box::new(entry)));
            }
            mailbox.answer(ask, answer);
        }));
    }

    fn admitted(&mut self, admitted: Box<Admitted>, now: Now) {
        self.work.serves = admitted.purpose == Purpose::Serve;
        self.work.register = self.work.serves;
        let took = now.mono.since(self.began.mono);
        let traffic = self.work.traffic;
        let up = Arc::new((*admitted).clone());
        match admitted.purpose {
            Purpose::Serve => self.work.admitted = Some(up),
            Purpose::Operate => self.state.change(|state| *state = LinkState::Up(up)),
        }
        self.subscriber.tell(ShellEvent::Admitted { link: None, admitted, took, traffic });
    }

    fn frame(&mut self, frame: &Frame<'_>, now: Now) {
        let work = &mut self.work;
        match frame {
            Frame::Call(call) => {
                self.told.tell(ShellEvent::Called { id: call.id, name: call.name }, now);
                let deadline = within(call.deadline_ms, self.longest);
                work.inbound.begin(&self.service, call, deadline, &self.mailbox);
            }
            Frame::Input(input) => {
                if let Some(cell) = work.inbound.get(input.id) {
                    cell.input_came(input.bytes);
                    if input.end {
                        cell.input_ended();
                    }
                }
            }
            Frame::Cancel(cancel) => {
                if let Some(cell) = work.inbound.get(cancel.id) {
                    cell.stop(Stop::Cancelled);
                }
            }
            Frame::Output(output) => {
                if let Some(cell) = work.outbound.get(&output.id) {
                    cell.output_came(output.peer, output.source, output.bytes);
                }
            }
            Frame::Accepted(accepted) => {
                if let Some(cell) = work.outbound.get(&accepted.id) {
                    cell.accepted(&accepted.sent);
                }
            }
            Frame::Result(result) => {
                if let Some(cell) =
                    work.outbound.get(&result.id).filter(|cell| cell.is_for_several())
                {
                    cell.answered_by(Finished::of(result));
                } else if let Some(cell) = work.outbound.remove(&result.id) {
                    cell.finish(Finished::of(result));
                }
            }
            Frame::Done(done) => {
                if let Some(cell) = work.outbound.remove(&done.id) {
                    cell.finish(Finished::done(*done));
                }
            }
            Frame::Deny(deny) => {
                if let Some(cell) = deny.id.and_then(|id| work.outbound.remove(&id)) {
                    cell.finish(Finished::denied(deny));
                }
            }
            Frame::Registered(registered) => {
                if let Some(admitted) = work.admitted.take() {
                    self.state.change(|state| *state = LinkState::Up(admitted));
                }
                self.subscriber.tell(ShellEvent::Registered { commands: registered.count });
            }
            // A window is room, and whoever waits for it is asked again at every turn; the rest is
            // the session's own.
            _ => {}
        }
    }

    /// Moves what a call has for the link.
    fn serve(&mut self, cell: Arc<CallShared>, link: &mut Link, now: Now) {
        match cell.serve(link) {
            TurnResult::Waits => self.work.waiting.push(cell),
            TurnResult::Idle => {}
            TurnResult::Over => {
                let Some((id, status)) = cell.answered() else { return };
                if self.work.inbound.end(id) {
                    self.told.tell(ShellEvent::Answered { id, status }, now);
                }
            }
        }
    }

    fn ended(&mut self, ended: Box<Ended>) {
        self.locked.release();
        self.told.rest();
        let work = core::mem::take(&mut self.work);
        work.inbound.stop(Stop::Lost);
        for cell in work.outbound.into_values() {
            cell.finish(Finished::lost());
        }
        work.orders.into_iter().chain(self.mailbox.end()).for_each(CallRequest::lost);
        // Told before anybody goes on because of it: what they tell then comes after it.
        let (remote, traffic) = (self.remote.clone(), work.traffic);
        let over = Arc::new((*ended).clone());
        self.subscriber.tell(ShellEvent::Ended { link: None, remote, ended, traffic });
        self.state.change(|state| *state = LinkState::Over(over));
    }
}

impl Work {
    /// Frees what has not been used for a while.
    fn rest(&mut self) {
        self.inbound.trim();
        self.looked_at = Vec::new();
        self.letters = Posted::default();
    }
}

/// How long a call may run here whose caller asks for so many milliseconds.
fn within(asked: u64, longest: Duration) -> Duration {
    Duration::from_millis(asked).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_runs_longer_than_the_bound_whatever_the_hub_asks_for() {
        let day = Duration::from_secs(86_400);
        for (asked, within) in [(0, 0), (86_400_000, 86_400_000), (u64::MAX, 86_400_000)] {
            assert_eq!(self::within(asked, day), Duration::from_millis(within));
        }
    }
}
