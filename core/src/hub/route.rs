//! A call for one peer: the caller's id on its link, the hub's id on the target's link, and back.

use core::time::Duration;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::deadlines::Timed;
use crate::hub::record::{Counts, End, Goal, Record};
use crate::hub::routes::{Back, Forward, Made, Way};
use crate::hub::{Hub, drain};
use crate::id::{CallId, CommandName, LinkId, PeerId};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{
    Call, CallResult, Cancel, Delivery, Deny, Input, Output, Status, Target, Window,
};

impl Hub {
    pub(super) fn call(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
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
        let number = self.book.number();
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
        if let Some(live) = self.live_mut(caller) {
            live.credit += call.window;
            live.made.add(call.id, Made::Call(forward));
        }
        self.deadlines.set(self.due(call.deadline_ms, now), Timed::Call(caller, call.id));
        Ok(())
    }

    /// The link that serves a command for a peer.
    pub(super) fn find(&self, peer: PeerId, name: CommandName) -> Result<LinkId, Code> {
        let target = self.registry.serving(peer).ok_or_else(|| self.absent(peer))?;
        let live = self.live(target).ok_or(Code::Offline)?;
        let serves = live.serves.as_ref().ok_or(Code::NotReady)?;
        let known = serves.commands.iter().any(|command| command.name == name);
        if known { Ok(target) } else { Err(Code::UnknownCommand) }
    }

    /// Gives a call to a link that is to run it; its id there.
    pub(super) fn place(
        &mut self,
        target: LinkId,
        call: &Call<'_>,
        to: Way,
    ) -> Result<CallId, Code> {
        let live = self.live(target).ok_or(Code::Offline)?;
        let limits = &self.config.limits;
        if live.runs.len() >= limits.open_calls {
            return Err(Code::Busy);
        }
        let id = live.next_call;
        let longest = u64::try_from(limits.call_deadline.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = call.deadline_ms.min(longest);
        let onward = Frame::Call(Call { id, deadline_ms, delivery: Delivery::Attached, ..*call });
        if onward.encoded_len() > limits.message {
            return Err(Code::BadArgument);
        }
        if !self.push(target, &onward) {
            return Err(Code::Busy);
        }
        if let Some(live) = self.live_mut(target) {
            live.next_call = CallId(id.0 + 2);
            live.runs.add(id, Back { to, orphan: false });
        }
        Ok(id)
    }

    /// When a call ends here, whatever its runner does.
    pub(super) fn due(&self, deadline_ms: u64, now: Now) -> crate::time::Mono {
        let limits = &self.config.limits;
        let deadline = Duration::from_millis(deadline_ms).min(limits.call_deadline);
        now.mono.after(deadline).after(limits.deadline_grace)
    }

    /// Output of a call, from the link that runs it to the one that made it.
    pub(super) fn output(&mut self, link: LinkId, output: &Output<'_>) {
        let (caller, id) = match self.back(link, output.id) {
            Some(Way::Call(caller, id)) => (caller, id),
            Some(Way::Leg(job, leg)) => return self.leg_output(job, leg, output),
            None => return,
        };
        let len = output.bytes.len() as u64;
        let Some(live) = self.live_mut(caller) else { return };
        if let Some(Made::Call(forward)) = live.made.find_mut(id) {
            forward.credit = forward.credit.saturating_sub(len);
            live.credit = live.credit.saturating_sub(len);
        }
        let Some(peer) = self.live(link).map(|live| live.peer) else { return };
        if !self.push(caller, &Frame::Output(Output { id, peer, ..*output })) {
            self.give_up(caller, id, Code::Lost);
        }
    }

    /// The end of a call.
    pub(super) fn result(&mut self, link: LinkId, result: &CallResult<'_>) {
        let Some(back) = self.live_mut(link).and_then(|live| live.runs.remove(result.id)) else {
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
        if !self.push(caller, &Frame::Result(onward)) {
            self.fail(caller, id, peer, Code::Lost);
        }
    }

    /// Credit: of the caller for output, or of the runner for input. A call whose windows cannot be
    /// passed on would stall, so it ends.
    pub(super) fn window(&mut self, link: LinkId, window: Window) {
        match self.back(link, window.id) {
            Some(Way::Call(caller, id)) => {
                if !self.push(caller, &Frame::Window(Window { id, ..window })) {
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
        if !self.has_credit(link, window.bytes) || !self.push(forward.target, &onward) {
            return self.give_up(link, window.id, Code::Busy);
        }
        if let Some(live) = self.live_mut(link) {
            live.credit += window.bytes;
            if let Some(Made::Call(forward)) = live.made.find_mut(window.id) {
                forward.credit += window.bytes;
            }
        }
    }

    /// Input for a call, from the link that made it to the one that runs it.
    pub(super) fn feed(&mut self, link: LinkId, input: &Input<'_>) {
        let forward = match self.made(link, input.id) {
            Some(Made::Call(forward)) => forward,
            Some(Made::Job(job)) => return self.job_input(job, input),
            None => return,
        };
        if !self.push(forward.target, &Frame::Input(Input { id: forward.id, ..*input })) {
            self.give_up(link, input.id, Code::Lost);
        }
    }

    /// The caller wants no more; the runner still answers.
    pub(super) fn cancel(&mut self, link: LinkId, cancel: &Cancel<'_>) {
        let Some(live) = self.live_mut(link) else { return };
        let forward = match live.made.find_mut(cancel.id) {
            Some(Made::Call(forward)) => forward,
            Some(&mut Made::Job(job)) => return self.cancel_job(job, cancel.reason),
            None => return,
        };
        if core::mem::replace(&mut forward.cancelled, true) {
            return;
        }
        let (target, id) = (forward.target, forward.id);
        self.push(target, &Frame::Cancel(Cancel { id, ..*cancel }));
    }

    /// The peer has not answered in time.
    pub(super) fn deadline_passed(&mut self, link: LinkId, id: CallId) {
        self.give_up(link, id, Code::Deadline);
    }

    /// The caller hears why, the runner is told to stop, and its own answer will be ignored.
    pub(super) fn give_up(&mut self, link: LinkId, id: CallId, code: Code) {
        let Some(forward) = self.forget_made(link, id, End::Hub(code)) else { return };
        self.fail(link, id, Some(forward.peer), code);
        self.unlink((forward.target, forward.id), forward.cancelled, code);
    }

    /// A link has ended: whoever waits for it hears `lost`, whatever it started is cancelled.
    pub(super) fn abandon_calls(&mut self, link: LinkId) {
        let Some(live) = self.live_mut(link) else { return };
        let (peer, runs, made) = (live.peer, live.runs.drain(), live.made.drain());
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
    pub(super) fn unlink(&mut self, (target, id): (LinkId, CallId), told: bool, code: Code) {
        let live = self.live_mut(target);
        if let Some(back) = live.and_then(|live| live.runs.find_mut(id)) {
            back.orphan = true;
        }
        if !told {
            let reason = match code {
                Code::Deadline => "the call's deadline passed",
                Code::Busy => "the caller asked for more output than it has credit for",
                _ if self.has_run_out() => "the hub is stopping",
                _ => "the caller is gone",
            };
            self.push(target, &Frame::Cancel(Cancel { id, reason }));
        }
    }

    fn forget_made(&mut self, link: LinkId, id: CallId, end: End) -> Option<Forward> {
        let live = self.live_mut(link)?;
        let Some(&Made::Call(forward)) = live.made.find(id) else { return None };
        live.made.remove(id);
        live.credit = live.credit.saturating_sub(forward.credit);
        let caller = live.peer;
        self.record_call(caller, &forward, end);
        self.deadline_ended();
        Some(forward)
    }

    fn record_call(&mut self, caller: PeerId, forward: &Forward, end: End) {
        let record = forward.to_record(caller);
        let (ended, counts) = (Some(self.unix), Counts::of(end));
        self.book.record(Record { ended, counts, end: Some(end), ..record });
    }

    /// A call has ended whose deadline had not passed, or has just been told.
    pub(super) fn deadline_ended(&mut self) {
        let Self { deadlines, links, book, .. } = self;
        deadlines.ended(|timed| match timed {
            Timed::Call(link, id) => match links.get(&link) {
                Some(super::Standing::Live(live)) => live.made.find(id).is_some(),
                _ => false,
            },
            Timed::Job(number) => book.is_running(number),
        });
    }

    /// Answers a call that did not run, or not to its end.
    pub(super) fn fail(&mut self, link: LinkId, id: CallId, peer: Option<PeerId>, code: Code) {
        let (status, text) = (Status::Failed(code), sentence(code));
        self.push(link, &Frame::Result(CallResult { id, peer, status, value: None, text }));
    }

    pub(super) fn deny(
        &mut self,
        link: LinkId,
        call: &Call<'_>,
        code: Code,
        required: Option<Capability>,
    ) {
        self.deny_as(link, (call.id, call.name), code, required, code.row().meaning);
    }

    /// As [`Hub::deny`], with a sentence of its own.
    pub(super) fn deny_as(
        &mut self,
        link: LinkId,
        (id, name): (CallId, CommandName),
        code: Code,
        required: Option<Capability>,
        text: &str,
    ) {
        let request = name.as_str();
        self.push(link, &Frame::Deny(Deny { id: Some(id), code, request, required, text }));
    }

    fn absent(&self, peer: PeerId) -> Code {
        match self.registry.known(peer) {
            Some(known) if known.binding.serves => Code::Offline,
            Some(_) | None => Code::UnknownPeer,
        }
    }

    pub(super) fn has_credit(&self, link: LinkId, more: u64) -> bool {
        let Some(live) = self.live(link) else { return false };
        let held = live.credit.saturating_add(live.outbox.flow() as u64);
        held.saturating_add(more) <= self.config.limits.caller_credit
    }

    fn back(&self, link: LinkId, id: CallId) -> Option<Way> {
        let back = self.live(link)?.runs.find(id)?;
        (!back.orphan).then_some(back.to)
    }

    fn made(&self, link: LinkId, id: CallId) -> Option<Made> {
        self.live(link)?.made.find(id).copied()
    }
}

/// What the hub says of a call that it ends.
pub(super) fn sentence(code: Code) -> &'static str {
    if code == Code::GoingAway { drain::ENDED } else { code.row().meaning }
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
