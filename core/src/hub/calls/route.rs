//! A call for one peer: the caller's id on its link, the hub's id on the target's link, and back.

use crate::capability::{Capabilities, Capability};
use crate::code::Code;
use crate::hub::calls::Calls;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::record::{Counts, End, Goal, Record};
use crate::hub::calls::routes::{Back, Forward, Made, Way};
use crate::hub::calls::table::{LinkCalls, due};
use crate::hub::directory::Directory;
use crate::hub::effects::Effects;
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

impl Calls {
    /// A link calls.
    pub(in crate::hub) fn call(
        &mut self,
        caller: Caller<'_>,
        call: &Call<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) -> Routed {
        let link = caller.link;
        let required = match call.target {
            Target::Hub => Capability::Call,
            Target::Peer(_) | Target::All | Target::Labels(_) => Capability::CallNamed(call.name),
        };
        if !caller.capabilities.allow(required) {
            effects.deny(link, call, Code::Denied, Some(required));
            return Routed::Done;
        }
        // It comes after a Goaway, of either end.
        if caller.left || directory.is_draining() {
            turn_down(link, call, effects);
            return Routed::Done;
        }
        match (call.delivery, call.target) {
            (Delivery::Attached, Target::Hub) => return Routed::ToHub,
            (Delivery::Attached, Target::Peer(peer)) => {
                if let Err(code) = self.forward(link, peer, call, directory, effects) {
                    effects.fail(link, call.id, Some(peer), code);
                }
            }
            (Delivery::Attached, Target::All | Target::Labels(_)) => {
                self.fan_out(link, call, directory, effects);
            }
            // The hub answers at once; there is nothing to be left to it.
            (Delivery::Detached, Target::Hub) => {
                effects.fail(link, call.id, None, Code::BadArgument);
            }
            (Delivery::Detached, Target::Peer(_) | Target::All | Target::Labels(_)) => {
                self.detach(link, call, directory, effects);
            }
        }
        Routed::Done
    }

    fn forward(
        &mut self,
        link: LinkId,
        peer: PeerId,
        call: &Call<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) -> Result<(), Code> {
        let target = directory.serving(peer, call.name)?;
        let caller = self.table.of(link).ok_or(Code::Busy)?;
        if !caller.has_credit(call.window, effects.flow(link), directory.limits) {
            return Err(Code::Busy);
        }
        let way = (caller.owner, Way::Call(link, call.id));
        let id = self.table.place(target, call, way, directory, effects)?;
        let forward = Forward {
            target,
            peer,
            id,
            credit: call.window,
            cancelled: false,
            number: self.table.number(),
            name: call.name,
            started: directory.now.unix,
        };
        self.table.add_made(link, call.id, Made::Call(forward), call.window);
        self.deadlines.set(due(call.deadline_ms, directory), Timed::Call(link, call.id));
        Ok(())
    }

    /// Output of a call, from the link that runs it to the one that made it.
    pub(in crate::hub) fn output_came(
        &mut self,
        link: LinkId,
        output: &Output<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let Some(runner) = self.table.of(link) else { return };
        let peer = runner.peer;
        let (caller, id) = match runner.back(output.id) {
            Some(Way::Call(caller, id)) => (caller, id),
            Some(Way::Leg(number, leg)) => {
                return self.turn(number, directory, effects, |turn| turn.output_came(leg, output));
            }
            None => return,
        };
        let len = output.bytes.len() as u64;
        let Some(calls) = self.table.of_mut(caller) else { return };
        if let Some(Made::Call(forward)) = calls.made.find_mut(id) {
            forward.credit = forward.credit.saturating_sub(len);
            calls.credit = calls.credit.saturating_sub(len);
        }
        if !effects.send(caller, &Frame::Output(Output { id, peer, ..*output })) {
            self.give_up(caller, id, Code::Lost, directory, effects);
        }
    }

    /// The end of a call.
    pub(in crate::hub) fn result_came(
        &mut self,
        link: LinkId,
        result: &CallResult<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let Some((peer, back)) = self.table.remove_run(link, result.id) else { return };
        let (caller, id) = match back.to {
            _ if back.orphan => return,
            Way::Call(caller, id) => (caller, id),
            Way::Leg(number, leg) => {
                let end = End::Said(result.status);
                return self.turn(number, directory, effects, |turn| {
                    turn.end_leg(leg, end, Some(result));
                });
            }
        };
        self.forget_made(caller, id, End::Said(result.status), directory);
        let peer = Some(peer);
        // It ran: a code that invites to another try would have it run twice.
        if !effects.send(caller, &Frame::Result(CallResult { id, peer, ..*result })) {
            effects.fail(caller, id, peer, Code::Lost);
        }
    }

    /// Credit: of the caller for output, or of the runner for input. A call whose windows cannot be
    /// passed on would stall, so it ends.
    pub(in crate::hub) fn window_came(
        &mut self,
        link: LinkId,
        window: Window,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let Some(calls) = self.table.of_mut(link) else { return };
        match calls.back(window.id) {
            Some(Way::Call(caller, id)) => {
                if !effects.send(caller, &Frame::Window(Window { id, ..window })) {
                    self.give_up(caller, id, Code::Busy, directory, effects);
                }
                return;
            }
            Some(Way::Leg(number, leg)) => {
                return self.turn(number, directory, effects, |turn| {
                    turn.leg_gave_credit(leg, window.bytes);
                });
            }
            None => {}
        }
        let has_credit = calls.has_credit(window.bytes, effects.flow(link), directory.limits);
        let forward = match calls.made.find_mut(window.id) {
            Some(Made::Call(forward)) => forward,
            Some(&mut Made::Job(number)) if has_credit => {
                calls.credit += window.bytes;
                return self.turn(number, directory, effects, |turn| {
                    turn.caller_gave_credit(window.bytes);
                });
            }
            Some(&mut Made::Job(number)) => {
                return self.stop_job(number, Code::Busy, directory, effects);
            }
            None => return,
        };
        let onward = Frame::Window(Window { id: forward.id, ..window });
        if !has_credit || !effects.send(forward.target, &onward) {
            return self.give_up(link, window.id, Code::Busy, directory, effects);
        }
        forward.credit += window.bytes;
        calls.credit += window.bytes;
    }

    /// Input for a call, from the link that made it to the one that runs it.
    pub(in crate::hub) fn input_came(
        &mut self,
        link: LinkId,
        input: &Input<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let made = self.table.of(link).and_then(|calls| calls.made.find(input.id));
        let forward = match made {
            Some(Made::Call(forward)) => forward,
            Some(&Made::Job(number)) => {
                return self.turn(number, directory, effects, |turn| turn.input_came(input));
            }
            None => return,
        };
        let onward = Input { id: forward.id, ..*input };
        if !effects.send(forward.target, &Frame::Input(onward)) {
            self.give_up(link, input.id, Code::Lost, directory, effects);
        }
    }

    /// The caller wants no more; the runner still answers.
    pub(in crate::hub) fn cancel_came(
        &mut self,
        link: LinkId,
        cancel: &Cancel<'_>,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let Some(calls) = self.table.of_mut(link) else { return };
        let forward = match calls.made.find_mut(cancel.id) {
            Some(Made::Call(forward)) => forward,
            Some(&mut Made::Job(number)) => {
                return self.cancel_job(number, cancel.reason, directory, effects);
            }
            None => return,
        };
        if !core::mem::replace(&mut forward.cancelled, true) {
            let id = forward.id;
            effects.send(forward.target, &Frame::Cancel(Cancel { id, ..*cancel }));
        }
    }

    /// A link has ended: whoever waits for it hears `lost`, whatever it started is cancelled.
    pub(in crate::hub) fn link_ended(
        &mut self,
        link: LinkId,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let Some(mut gone) = self.table.links.remove(&link) else { return };
        let who = (gone.peer, gone.owner);
        for (_, back) in gone.runs.drain() {
            self.table.usage.remove(back.owner, Back::HELD);
            match back.to {
                _ if back.orphan => {}
                Way::Call(caller, id) => {
                    self.forget_made(caller, id, End::Hub(Code::Lost), directory);
                    effects.fail(caller, id, Some(gone.peer), Code::Lost);
                }
                Way::Leg(number, leg) => self.turn(number, directory, effects, |turn| {
                    turn.end_leg(leg, End::Hub(Code::Lost), None);
                }),
            }
        }
        for (_, made) in gone.made.drain() {
            match made {
                Made::Call(forward) => {
                    let end = End::Hub(Code::Lost);
                    self.table.end_forward(who, &forward, end, directory.now.unix);
                    self.deadline_ended();
                    let Forward { target, id, cancelled, .. } = forward;
                    self.table.unlink((target, id), cancelled, Code::Lost, directory, effects);
                }
                Made::Job(number) => {
                    self.table.usage.remove(gone.owner, made.held());
                    self.stop_job(number, Code::Lost, directory, effects);
                }
            }
        }
        self.table.usage.remove(gone.owner, LinkCalls::HELD);
    }

    /// The caller hears why, the runner is told to stop, and its own answer will be ignored.
    pub(super) fn give_up(
        &mut self,
        link: LinkId,
        id: CallId,
        code: Code,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        let end = End::Hub(code);
        let Some(forward) = self.forget_made(link, id, end, directory) else { return };
        effects.fail(link, id, Some(forward.peer), code);
        let Forward { target, id, cancelled, .. } = forward;
        self.table.unlink((target, id), cancelled, code, directory, effects);
    }

    fn forget_made(
        &mut self,
        link: LinkId,
        id: CallId,
        end: End,
        directory: &Directory<'_>,
    ) -> Option<Forward> {
        let forward = self.table.remove_forward(link, id, end, directory.now.unix)?;
        self.deadline_ended();
        Some(forward)
    }
}

/// Answers a call that comes too late.
fn turn_down(link: LinkId, call: &Call<'_>, effects: &mut Effects) {
    let code = Code::Draining;
    match (call.delivery, call.target) {
        (Delivery::Attached, Target::All | Target::Labels(_)) => {
            effects.deny(link, call, code, None);
        }
        (_, Target::Peer(peer)) => effects.fail(link, call.id, Some(peer), code),
        (_, Target::Hub) | (Delivery::Detached, Target::All | Target::Labels(_)) => {
            effects.fail(link, call.id, None, code);
        }
    }
}

impl Forward {
    /// How it is listed while it runs.
    pub(super) fn to_record(self, caller: PeerId) -> Record {
        Record {
            number: self.number,
            caller,
            goal: Goal::Peer(self.peer),
            name: self.name,
            delivery: Delivery::Attached,
            started: self.started,
            ended: None,
            targets: 1,
            claimed: 0,
            counts: Counts::default(),
            end: None,
        }
    }
}
