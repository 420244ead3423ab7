//! A call for one peer: the caller's id on its link, the hub's id on the target's link, and back.

use core::time::Duration;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::calls::Calls;
use crate::hub::calls::deadlines::Timed;
use crate::hub::calls::record::{Counts, End, Goal, Record};
use crate::hub::calls::routes::{Back, Forward, Made, Way};
use crate::hub::{Hub, drain};
use crate::id::{CallId, CommandName, LinkId, PeerId};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{
    Call, CallResult, Cancel, Delivery, Deny, Input, Output, Status, Target, Window,
};

impl Hub {
    pub(in crate::hub) fn call(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        let Some(caller) = self.live(link) else { return };
        let required = match call.target {
            Target::Hub => Capability::Call,
            Target::Peer(_) | Target::All | Target::Labels(_) => Capability::CallNamed(call.name),
        };
        if !caller.capabilities.allow(required) {
            return self.deny(link, call, Code::Denied, Some(required));
        }
        if self.turn_down(link, call) {
            return;
        }
        match (call.delivery, call.target) {
            (Delivery::Attached, Target::Hub) => self.control(link, call, now),
            (Delivery::Attached, Target::Peer(peer)) => {
                if let Err(code) = self.forward(link, peer, call, now) {
                    self.fail(link, call.id, Some(peer), code);
                }
            }
            (Delivery::Attached, Target::All | Target::Labels(_)) => self.fan_out(link, call, now),
            // The hub answers at once; there is nothing to be left to it.
            (Delivery::Detached, Target::Hub) => self.fail(link, call.id, None, Code::BadArgument),
            (Delivery::Detached, Target::Peer(_) | Target::All | Target::Labels(_)) => {
                self.detach(link, call, now);
            }
        }
    }

    fn forward(
        &mut self,
        caller: LinkId,
        peer: PeerId,
        call: &Call<'_>,
        now: Now,
    ) -> Result<(), Code> {
        let target = self.find(peer, call.name)?;
        if !self.has_credit(caller, call.window) {
            return Err(Code::Busy);
        }
        let id = self.place(target, call, Way::Call(caller, call.id))?;
        let number = self.calls.book.number();
        let forward = Forward {
            target,
            peer,
            id,
            credit: call.window,
            cancelled: false,
            number,
            name: call.name,
            started: now.unix,
        };
        if let Some(calls) = self.calls_of_mut(caller) {
            calls.credit += call.window;
            calls.made.add(call.id, Made::Call(forward));
        }
        self.calls.deadlines.set(self.due(call.deadline_ms, now), Timed::Call(caller, call.id));
        Ok(())
    }

    /// The link that serves a command for a peer.
    pub(in crate::hub) fn find(&self, peer: PeerId, name: CommandName) -> Result<LinkId, Code> {
        let target = self.members.registry.serving(peer).ok_or_else(|| self.absent(peer))?;
        let live = self.live(target).ok_or(Code::Offline)?;
        let serves = live.serves.as_ref().ok_or(Code::NotReady)?;
        let known = serves.commands.iter().any(|command| command.name == name);
        if known { Ok(target) } else { Err(Code::UnknownCommand) }
    }

    /// Gives a call to a link that is to run it; its id there.
    pub(in crate::hub) fn place(
        &mut self,
        target: LinkId,
        call: &Call<'_>,
        to: Way,
    ) -> Result<CallId, Code> {
        let calls = self.calls_of(target).ok_or(Code::Offline)?;
        let limits = &self.config.limits;
        if calls.runs.len() >= limits.open_calls {
            return Err(Code::Busy);
        }
        let id = calls.next_call;
        let longest = u64::try_from(limits.call_deadline.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = call.deadline_ms.min(longest);
        let onward = Frame::Call(Call { id, deadline_ms, delivery: Delivery::Attached, ..*call });
        if onward.encoded_len() > limits.message {
            return Err(Code::BadArgument);
        }
        if !self.effects.send(target, &onward) {
            return Err(Code::Busy);
        }
        if let Some(calls) = self.calls_of_mut(target) {
            calls.next_call = CallId(id.0 + 2);
            calls.runs.add(id, Back { to, orphan: false });
        }
        Ok(id)
    }

    /// When a call ends here, whatever its runner does.
    pub(in crate::hub) fn due(&self, deadline_ms: u64, now: Now) -> crate::time::Mono {
        let limits = &self.config.limits;
        let deadline = Duration::from_millis(deadline_ms).min(limits.call_deadline);
        now.mono.after(deadline).after(limits.deadline_grace)
    }

    /// Output of a call, from the link that runs it to the one that made it.
    pub(in crate::hub) fn output(&mut self, link: LinkId, output: &Output<'_>) {
        let (caller, id) = match self.back(link, output.id) {
            Some(Way::Call(caller, id)) => (caller, id),
            Some(Way::Leg(job, leg)) => return self.leg_output(job, leg, output),
            None => return,
        };
        let len = output.bytes.len() as u64;
        let Some(calls) = self.calls_of_mut(caller) else { return };
        if let Some(Made::Call(forward)) = calls.made.find_mut(id) {
            forward.credit = forward.credit.saturating_sub(len);
            calls.credit = calls.credit.saturating_sub(len);
        }
        let Some(peer) = self.live(link).map(|live| live.peer) else { return };
        if !self.effects.send(caller, &Frame::Output(Output { id, peer, ..*output })) {
            self.give_up(caller, id, Code::Lost);
        }
    }

    /// The end of a call.
    pub(in crate::hub) fn result(&mut self, link: LinkId, result: &CallResult<'_>) {
        let Some(back) = self.calls_of_mut(link).and_then(|calls| calls.runs.remove(result.id))
        else {
            return;
        };
        if back.orphan {
            return;
        }
        let (caller, id) = match back.to {
            Way::Call(caller, id) => (caller, id),
            Way::Leg(job, leg) => return self.leg_result(job, leg, result),
        };
        let peer = self.live(link).map(|live| live.peer);
        self.forget_made(caller, id, End::Said(result.status));
        let onward = CallResult { id, peer, ..*result };
        // It ran: a code that invites to another try would have it run twice.
        if !self.effects.send(caller, &Frame::Result(onward)) {
            self.fail(caller, id, peer, Code::Lost);
        }
    }

    /// Credit: of the caller for output, or of the runner for input. A call whose windows cannot be
    /// passed on would stall, so it ends.
    pub(in crate::hub) fn window(&mut self, link: LinkId, window: Window) {
        match self.back(link, window.id) {
            Some(Way::Call(caller, id)) => {
                if !self.effects.send(caller, &Frame::Window(Window { id, ..window })) {
                    self.give_up(caller, id, Code::Busy);
                }
                return;
            }
            Some(Way::Leg(job, leg)) => return self.leg_window(job, leg, window.bytes),
            None => {}
        }
        let forward = match self.made(link, window.id) {
            Some(Made::Call(forward)) => forward,
            Some(Made::Job(job)) => return self.job_window(link, job, window.bytes),
            None => return,
        };
        let onward = Frame::Window(Window { id: forward.id, ..window });
        if !self.has_credit(link, window.bytes) || !self.effects.send(forward.target, &onward) {
            return self.give_up(link, window.id, Code::Busy);
        }
        if let Some(calls) = self.calls_of_mut(link) {
            calls.credit += window.bytes;
            if let Some(Made::Call(forward)) = calls.made.find_mut(window.id) {
                forward.credit += window.bytes;
            }
        }
    }

    /// Input for a call, from the link that made it to the one that runs it.
    pub(in crate::hub) fn feed(&mut self, link: LinkId, input: &Input<'_>) {
        let forward = match self.made(link, input.id) {
            Some(Made::Call(forward)) => forward,
            Some(Made::Job(job)) => return self.job_input(job, input),
            None => return,
        };
        if !self.effects.send(forward.target, &Frame::Input(Input { id: forward.id, ..*input })) {
            self.give_up(link, input.id, Code::Lost);
        }
    }

    /// The caller wants no more; the runner still answers.
    pub(in crate::hub) fn cancel(&mut self, link: LinkId, cancel: &Cancel<'_>) {
        let Some(calls) = self.calls_of_mut(link) else { return };
        let forward = match calls.made.find_mut(cancel.id) {
            Some(Made::Call(forward)) => forward,
            Some(&mut Made::Job(job)) => return self.cancel_job(job, cancel.reason),
            None => return,
        };
        if core::mem::replace(&mut forward.cancelled, true) {
            return;
        }
        let (target, id) = (forward.target, forward.id);
        self.effects.send(target, &Frame::Cancel(Cancel { id, ..*cancel }));
    }

    /// The peer has not answered in time.
    pub(in crate::hub) fn deadline_passed(&mut self, link: LinkId, id: CallId) {
        self.give_up(link, id, Code::Deadline);
    }

    /// The caller hears why, the runner is told to stop, and its own answer will be ignored.
    pub(in crate::hub) fn give_up(&mut self, link: LinkId, id: CallId, code: Code) {
        let Some(forward) = self.forget_made(link, id, End::Hub(code)) else { return };
        self.fail(link, id, Some(forward.peer), code);
        self.unlink((forward.target, forward.id), forward.cancelled, code);
    }

    /// A link has ended: whoever waits for it hears `lost`, whatever it started is cancelled.
    pub(in crate::hub) fn abandon_calls(&mut self, link: LinkId) {
        let Some(peer) = self.live(link).map(|live| live.peer) else { return };
        let Some(calls) = self.calls_of_mut(link) else { return };
        let (runs, made) = (calls.runs.drain(), calls.made.drain());
        for (_, back) in runs.into_iter().filter(|(_, back)| !back.orphan) {
            match back.to {
                Way::Call(caller, id) => {
                    self.forget_made(caller, id, End::Hub(Code::Lost));
                    self.fail(caller, id, Some(peer), Code::Lost);
                }
                Way::Leg(job, leg) => self.leg_lost(job, leg),
            }
        }
        for (_, made) in made {
            match made {
                Made::Call(forward) => {
                    self.record_call(peer, &forward, End::Hub(Code::Lost));
                    self.deadline_ended();
                    self.unlink((forward.target, forward.id), forward.cancelled, Code::Lost);
                }
                Made::Job(job) => self.stop_job(job, Code::Lost),
            }
        }
    }

    /// What a runner says of a call that ended with `code` goes nowhere from here on; it is told to
    /// stop and why, unless it was told before.
    pub(in crate::hub) fn unlink(
        &mut self,
        (target, id): (LinkId, CallId),
        told: bool,
        code: Code,
    ) {
        let calls = self.calls_of_mut(target);
        if let Some(back) = calls.and_then(|calls| calls.runs.find_mut(id)) {
            back.orphan = true;
        }
        if !told {
            let reason = match code {
                Code::Deadline => "the call's deadline passed",
                Code::Busy => "the caller asked for more output than it has credit for",
                _ if self.has_run_out() => "the hub is stopping",
                _ => "the caller is gone",
            };
            self.effects.send(target, &Frame::Cancel(Cancel { id, reason }));
        }
    }

    fn forget_made(&mut self, link: LinkId, id: CallId, end: End) -> Option<Forward> {
        let caller = self.live(link)?.peer;
        let calls = self.calls_of_mut(link)?;
        let Some(&Made::Call(forward)) = calls.made.find(id) else { return None };
        calls.made.remove(id);
        calls.credit = calls.credit.saturating_sub(forward.credit);
        self.record_call(caller, &forward, end);
        self.deadline_ended();
        Some(forward)
    }

    fn record_call(&mut self, caller: PeerId, forward: &Forward, end: End) {
        let record = forward.to_record(caller);
        let (ended, counts) = (Some(self.unix), Counts::of(end));
        self.calls.book.record(Record { ended, counts, end: Some(end), ..record });
    }

    /// A call has ended whose deadline had not passed, or has just been told.
    pub(in crate::hub) fn deadline_ended(&mut self) {
        let Calls { deadlines, links, book } = &mut self.calls;
        deadlines.ended(|timed| match timed {
            Timed::Call(link, id) => {
                links.get(&link).is_some_and(|calls| calls.made.find(id).is_some())
            }
            Timed::Job(number) => book.is_running(number),
        });
    }

    /// Answers a call that did not run, or not to its end.
    pub(in crate::hub) fn fail(
        &mut self,
        link: LinkId,
        id: CallId,
        peer: Option<PeerId>,
        code: Code,
    ) {
        let (status, text) = (Status::Failed(code), sentence(code));
        self.effects.send(link, &Frame::Result(CallResult { id, peer, status, value: None, text }));
    }

    pub(in crate::hub) fn deny(
        &mut self,
        link: LinkId,
        call: &Call<'_>,
        code: Code,
        required: Option<Capability>,
    ) {
        self.deny_as(link, (call.id, call.name), code, required, code.row().meaning);
    }

    /// As [`Hub::deny`], with a sentence of its own.
    pub(in crate::hub) fn deny_as(
        &mut self,
        link: LinkId,
        (id, name): (CallId, CommandName),
        code: Code,
        required: Option<Capability>,
        text: &str,
    ) {
        let request = name.as_str();
        self.effects.send(link, &Frame::Deny(Deny { id: Some(id), code, request, required, text }));
    }

    fn absent(&self, peer: PeerId) -> Code {
        match self.members.registry.known(peer) {
            Some(known) if known.binding.serves => Code::Offline,
            Some(_) | None => Code::UnknownPeer,
        }
    }

    pub(in crate::hub) fn has_credit(&self, link: LinkId, more: u64) -> bool {
        let Some(calls) = self.calls_of(link) else { return false };
        let held = calls.credit.saturating_add(self.effects.flow(link) as u64);
        held.saturating_add(more) <= self.config.limits.caller_credit
    }

    fn back(&self, link: LinkId, id: CallId) -> Option<Way> {
        let back = self.calls_of(link)?.runs.find(id)?;
        (!back.orphan).then_some(back.to)
    }

    fn made(&self, link: LinkId, id: CallId) -> Option<Made> {
        self.calls_of(link)?.made.find(id).copied()
    }
}

/// What the hub says of a call that it ends.
pub(in crate::hub) fn sentence(code: Code) -> &'static str {
    if code == Code::GoingAway { drain::ENDED } else { code.row().meaning }
}

impl Forward {
    /// How it is listed while it runs.
    pub(in crate::hub) fn to_record(self, caller: PeerId) -> Record {
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
