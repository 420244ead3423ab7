//! A call for one peer: the caller's id on its link, the hub's id on the target's link, and back.

use crate::capability::{Capabilities, Capability};
use crate::code::Code;
use crate::hub::calls::Calling;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::record::{Goal, LegCounts, LegEnd, RecordedCall};
use crate::hub::calls::routes::{Forward, InboundCall, OutboundCall, ReplyTo};
use crate::hub::calls::table::LinkCalls;
use crate::id::{CallId, LinkId, PeerId};
use crate::wire::Frame;
use crate::wire::frame::{Call, CallResult, Cancel, Delivery, Input, Output, Target, Window};

/// Whose call it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Caller<'h> {
    pub(in crate::hub) link: LinkId,
    pub(in crate::hub) capabilities: &'h Capabilities,
    /// Its peer said Goaway.
    pub(in crate::hub) left: bool,
}

/// Whether a call is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(in crate::hub) enum Routed {
    /// It went on, or was answered.
    Done,
    /// It is for the hub itself, and its caller may call it.
    ToHub,
}

impl Calling<'_> {
    /// A link calls.
    pub(in crate::hub) fn call_came(&mut self, caller: Caller<'_>, call: &Call<'_>) -> Routed {
        let link = caller.link;
        let required = match call.target {
            Target::Hub => Capability::Call,
            Target::Peer(_) | Target::All | Target::Labels(_) => Capability::CallNamed(call.name),
        };
        if !caller.capabilities.allow(required) {
            self.effects.deny(link, call, Code::Denied, Some(required));
            return Routed::Done;
        }
        // It comes after a Goaway, of either end.
        if caller.left || self.directory.is_draining() {
            self.turn_down(link, call);
            return Routed::Done;
        }
        match (call.delivery, call.target) {
            (Delivery::Attached, Target::Hub) => return Routed::ToHub,
            (Delivery::Attached, Target::Peer(peer)) => {
                if let Err(code) = self.forward(link, peer, call) {
                    self.effects.fail(link, call.id, Some(peer), code);
                }
            }
            (Delivery::Attached, Target::All | Target::Labels(_)) => self.fan_out(link, call),
            // The hub answers at once; there is nothing to be left to it.
            (Delivery::Detached, Target::Hub) => {
                self.effects.fail(link, call.id, None, Code::BadArgument);
            }
            (Delivery::Detached, Target::Peer(_) | Target::All | Target::Labels(_)) => {
                self.detach(link, call);
            }
        }
        Routed::Done
    }

    fn forward(&mut self, link: LinkId, peer: PeerId, call: &Call<'_>) -> Result<(), Code> {
        let target = self.directory.serving(peer, call.name)?;
        let table = &mut self.calls.table;
        let caller = table.of(link).ok_or(Code::Busy)?;
        if !caller.has_credit(call.window, self.effects.flow(link), self.directory.limits) {
            return Err(Code::Busy);
        }
        let way = (caller.owner, ReplyTo::Call(link, call.id));
        let id = table.place(target, call, way, &self.directory, self.effects)?;
        let forward = Forward {
            target,
            peer,
            id,
            credit: call.window,
            cancelled: false,
            number: table.number(),
            name: call.name,
            started: self.directory.now.unix,
        };
        table.add_inbound(link, call.id, InboundCall::Call(forward), call.window);
        let due = self.directory.due(call.deadline_ms);
        self.calls.deadlines.set(due, Timed::Call(link, call.id));
        Ok(())
    }

    /// Output of a call, from the link that runs it to the one that made it.
    pub(in crate::hub) fn output_came(&mut self, link: LinkId, output: &Output<'_>) {
        let Some(runner) = self.calls.table.of(link) else { return };
        let peer = runner.peer;
        let (caller, id) = match runner.back(output.id) {
            Some(ReplyTo::Call(caller, id)) => (caller, id),
            Some(ReplyTo::Leg(fanout, leg)) => {
                return self.turn(fanout, |turn| turn.output_came(leg, output));
            }
            None => return,
        };
        let len = output.bytes.len() as u64;
        let Some(calls) = self.calls.table.of_mut(caller) else { return };
        if let Some(InboundCall::Call(forward)) = calls.inbound.find_mut(id) {
            forward.credit = forward.credit.saturating_sub(len);
            calls.credit = calls.credit.saturating_sub(len);
        }
        if !self.effects.send(caller, &Frame::Output(Output { id, peer, ..*output })) {
            self.give_up(caller, id, Code::Lost);
        }
    }

    /// The end of a call.
    pub(in crate::hub) fn result_came(&mut self, link: LinkId, result: &CallResult<'_>) {
        let Some((peer, back)) = self.calls.table.remove_run(link, result.id) else { return };
        let end = LegEnd::Said(result.status);
        let (caller, id) = match back.to {
            _ if back.orphan => return,
            ReplyTo::Call(caller, id) => (caller, id),
            ReplyTo::Leg(fanout, leg) => {
                return self.turn(fanout, |turn| turn.end_leg(leg, end, Some(result)));
            }
        };
        self.remove_forward(caller, id, end);
        let peer = Some(peer);
        // It ran: a code that invites to another try would have it run twice.
        if !self.effects.send(caller, &Frame::Result(CallResult { id, peer, ..*result })) {
            self.effects.fail(caller, id, peer, Code::Lost);
        }
    }

    /// Credit: of the caller for output, or of the runner for input. A call whose windows cannot be
    /// passed on would stall, so it ends.
    pub(in crate::hub) fn window_came(&mut self, link: LinkId, window: Window) {
        let Some(calls) = self.calls.table.of_mut(link) else { return };
        match calls.back(window.id) {
            Some(ReplyTo::Call(caller, id)) => {
                if !self.effects.send(caller, &Frame::Window(Window { id, ..window })) {
                    self.give_up(caller, id, Code::Busy);
                }
                return;
            }
            Some(ReplyTo::Leg(fanout, leg)) => {
                return self.turn(fanout, |turn| turn.leg_gave_credit(leg, window.bytes));
            }
            None => {}
        }
        let flow = self.effects.flow(link);
        let has_credit = calls.has_credit(window.bytes, flow, self.directory.limits);
        let forward = match calls.inbound.find_mut(window.id) {
            Some(InboundCall::Call(forward)) => forward,
            Some(&mut InboundCall::Fanout(fanout)) if has_credit => {
                calls.credit += window.bytes;
                return self.turn(fanout, |turn| turn.caller_gave_credit(window.bytes));
            }
            Some(&mut InboundCall::Fanout(fanout)) => return self.stop_fanout(fanout, Code::Busy),
            None => return,
        };
        let onward = Frame::Window(Window { id: forward.id, ..window });
        if !has_credit || !self.effects.send(forward.target, &onward) {
            return self.give_up(link, window.id, Code::Busy);
        }
        forward.credit += window.bytes;
        calls.credit += window.bytes;
    }

    /// Input for a call, from the link that made it to the one that runs it.
    pub(in crate::hub) fn input_came(&mut self, link: LinkId, input: &Input<'_>) {
        let calls = self.calls.table.of(link);
        let forward = match calls.and_then(|calls| calls.inbound.find(input.id)) {
            Some(InboundCall::Call(forward)) => forward,
            Some(&InboundCall::Fanout(fanout)) => {
                return self.turn(fanout, |turn| turn.input_came(input));
            }
            None => return,
        };
        let onward = Frame::Input(Input { id: forward.id, ..*input });
        if !self.effects.send(forward.target, &onward) {
            self.give_up(link, input.id, Code::Lost);
        }
    }

    /// The caller wants no more; the runner still answers.
    pub(in crate::hub) fn cancel_came(&mut self, link: LinkId, cancel: &Cancel<'_>) {
        let Some(calls) = self.calls.table.of_mut(link) else { return };
        let forward = match calls.inbound.find_mut(cancel.id) {
            Some(InboundCall::Call(forward)) => forward,
            Some(&mut InboundCall::Fanout(fanout)) => {
                return self.cancel_fanout(fanout, cancel.reason);
            }
            None => return,
        };
        if !core::mem::replace(&mut forward.cancelled, true) {
            let id = forward.id;
            self.effects.send(forward.target, &Frame::Cancel(Cancel { id, ..*cancel }));
        }
    }

    /// A link has ended: whoever waits for it hears `lost`, whatever it started is cancelled.
    pub(in crate::hub) fn link_ended(&mut self, link: LinkId) {
        let Some(mut gone) = self.calls.table.links.remove(&link) else { return };
        let lost = LegEnd::Hub(Code::Lost);
        for (_, back) in gone.outbound.drain() {
            self.calls.table.usage.remove(back.owner, OutboundCall::HELD);
            match back.to {
                _ if back.orphan => {}
                ReplyTo::Call(caller, id) => {
                    self.remove_forward(caller, id, lost);
                    self.effects.fail(caller, id, Some(gone.peer), Code::Lost);
                }
                ReplyTo::Leg(fanout, leg) => {
                    self.turn(fanout, |turn| turn.end_leg(leg, lost, None))
                }
            }
        }
        for (_, made) in gone.inbound.drain() {
            match made {
                InboundCall::Call(forward) => {
                    let (who, unix) = ((gone.peer, gone.owner), self.directory.now.unix);
                    self.calls.table.end_forward(who, &forward, lost, unix);
                    self.calls.deadline_ended();
                    self.unlink(&forward, Code::Lost);
                }
                InboundCall::Fanout(fanout) => {
                    self.calls.table.usage.remove(gone.owner, made.held());
                    self.stop_fanout(fanout, Code::Lost);
                }
            }
        }
        self.calls.table.usage.remove(gone.owner, LinkCalls::HELD);
    }

    /// Calls for one peer that a link made end with a code.
    pub(in crate::hub) fn give_up_all(&mut self, link: LinkId, code: Code) {
        let Some(caller) = self.calls.table.of(link) else { return };
        let calls = caller.inbound.iter().filter(|(_, made)| matches!(made, InboundCall::Call(_)));
        let calls: Vec<CallId> = calls.map(|&(id, _)| id).collect();
        calls.into_iter().for_each(|id| self.give_up(link, id, code));
    }

    /// The caller hears why, the runner is told to stop, and its own answer will be ignored.
    pub(super) fn give_up(&mut self, link: LinkId, id: CallId, code: Code) {
        let Some(forward) = self.remove_forward(link, id, LegEnd::Hub(code)) else { return };
        self.effects.fail(link, id, Some(forward.peer), code);
        self.unlink(&forward, code);
    }

    fn remove_forward(&mut self, link: LinkId, id: CallId, end: LegEnd) -> Option<Forward> {
        let unix = self.directory.now.unix;
        let forward = self.calls.table.remove_forward(link, id, end, unix)?;
        self.calls.deadline_ended();
        Some(forward)
    }

    fn unlink(&mut self, &Forward { target, id, cancelled, .. }: &Forward, code: Code) {
        self.calls.table.unlink((target, id), cancelled, code, &self.directory, self.effects);
    }

    /// Answers a call that comes too late.
    fn turn_down(&mut self, link: LinkId, call: &Call<'_>) {
        let code = Code::Draining;
        match (call.delivery, call.target) {
            (Delivery::Attached, Target::All | Target::Labels(_)) => {
                self.effects.deny(link, call, code, None);
            }
            (_, Target::Peer(peer)) => self.effects.fail(link, call.id, Some(peer), code),
            (_, Target::Hub) | (Delivery::Detached, Target::All | Target::Labels(_)) => {
                self.effects.fail(link, call.id, None, code);
            }
        }
    }
}

impl Forward {
    /// How it is listed while it runs.
    pub(super) fn to_record(self, caller: PeerId) -> RecordedCall {
        RecordedCall {
            number: self.number,
            caller,
            goal: Goal::Peer(self.peer),
            name: self.name,
            delivery: Delivery::Attached,
            started: self.started,
            ended: None,
            targets: 1,
            claimed: 0,
            counts: LegCounts::default(),
            end: None,
        }
    }
}
