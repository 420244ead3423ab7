//! A call's way: the caller's id on its link, the hub's id on the target's link, and back.

use core::time::Duration;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::id::{CallId, LinkId, PeerId};
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{
    Call, CallResult, Cancel, Delivery, Deny, Input, Output, Status, Target, Window,
};

/// Calls of one direction on one link, in the order of their ids.
#[derive(Debug)]
pub(super) struct Routes<T>(Vec<(CallId, T)>);

/// Where a call went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forward {
    target: LinkId,
    peer: PeerId,
    id: CallId,
    /// Output credit that the call holds.
    credit: u64,
    /// The runner was told to stop.
    cancelled: bool,
}

/// Where a call came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    caller: LinkId,
    id: CallId,
    /// Nobody waits for its end, which still has to come: until then it counts as open, as it does
    /// in the link's session.
    orphan: bool,
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Routes<T> {
    /// Adds a call; ids rise.
    fn add(&mut self, id: CallId, to: T) {
        self.0.push((id, to));
    }

    fn find(&self, id: CallId) -> Option<T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.0[at].1)
    }

    fn find_mut(&mut self, id: CallId) -> Option<&mut T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&mut self.0[at].1)
    }

    fn remove(&mut self, id: CallId) -> Option<T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.0.remove(at).1)
    }

    fn drain(&mut self) -> Vec<(CallId, T)> {
        core::mem::take(&mut self.0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

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
        // Whatever its target, a Deny ends the call.
        if call.delivery == Delivery::Detached {
            return self.deny(link, call, Code::Unsupported, None);
        }
        match call.target {
            Target::Hub => self.control(link, call),
            Target::Peer(peer) => {
                if let Err(code) = self.forward(link, peer, call, now) {
                    self.fail(link, call.id, Some(peer), code);
                }
            }
            // A Result would not end a call of many targets; a Deny does.
            Target::All | Target::Labels(_) => self.deny(link, call, Code::Unsupported, None),
        }
    }

    fn forward(
        &mut self,
        caller: LinkId,
        peer: PeerId,
        call: &Call<'_>,
        now: Now,
    ) -> Result<(), Code> {
        let target = self.registry.serving(peer).ok_or_else(|| self.absent(peer))?;
        let live = self.live(target).ok_or(Code::Offline)?;
        let serves = live.serves.as_ref().ok_or(Code::NotReady)?;
        if !serves.commands.iter().any(|command| command.name == call.name) {
            return Err(Code::UnknownCommand);
        }
        let limits = &self.config.limits;
        if live.runs.len() >= limits.open_calls || !self.has_credit(caller, call.window) {
            return Err(Code::Busy);
        }
        let id = live.next_call;
        let longest = limits.call_deadline;
        let grace = limits.deadline_grace;
        let deadline = Duration::from_millis(call.deadline_ms).min(longest);
        let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        let onward = Frame::Call(Call { id, deadline_ms, delivery: Delivery::Attached, ..*call });
        if onward.encoded_len() > limits.message {
            return Err(Code::BadArgument);
        }
        if !self.push(target, &onward) {
            return Err(Code::Busy);
        }
        if let Some(live) = self.live_mut(target) {
            live.next_call = CallId(id.0 + 2);
            live.runs.add(id, Back { caller, id: call.id, orphan: false });
        }
        if let Some(live) = self.live_mut(caller) {
            live.credit += call.window;
            live.made
                .add(call.id, Forward { target, peer, id, credit: call.window, cancelled: false });
        }
        self.deadlines.set(now.mono.after(deadline).after(grace), caller, call.id);
        Ok(())
    }

    /// Output of a call, from the link that runs it to the one that made it.
    pub(super) fn output(&mut self, link: LinkId, output: &Output<'_>) {
        let Some(back) = self.back(link, output.id) else { return };
        let len = output.bytes.len() as u64;
        let Some(caller) = self.live_mut(back.caller) else { return };
        if let Some(forward) = caller.made.find_mut(back.id) {
            forward.credit = forward.credit.saturating_sub(len);
            caller.credit = caller.credit.saturating_sub(len);
        }
        let Some(peer) = self.live(link).map(|live| live.peer) else { return };
        if !self.push(back.caller, &Frame::Output(Output { id: back.id, peer, ..*output })) {
            self.give_up(back.caller, back.id, Code::Lost);
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
        let peer = self.live(link).map(|live| live.peer);
        self.forget_made(back.caller, back.id);
        let onward = CallResult { id: back.id, peer, ..*result };
        // It ran: a code that invites to another try would have it run twice.
        if !self.push(back.caller, &Frame::Result(onward)) {
            self.fail(back.caller, back.id, peer, Code::Lost);
        }
    }

    /// Credit: of the caller for output, or of the runner for input. A call whose windows cannot be
    /// passed on would stall, so it ends.
    pub(super) fn window(&mut self, link: LinkId, window: Window) {
        if let Some(back) = self.back(link, window.id) {
            if !self.push(back.caller, &Frame::Window(Window { id: back.id, ..window })) {
                self.give_up(back.caller, back.id, Code::Busy);
            }
            return;
        }
        let Some(forward) = self.live(link).and_then(|live| live.made.find(window.id)) else {
            return;
        };
        let onward = Frame::Window(Window { id: forward.id, ..window });
        if !self.has_credit(link, window.bytes) || !self.push(forward.target, &onward) {
            return self.give_up(link, window.id, Code::Busy);
        }
        if let Some(live) = self.live_mut(link) {
            live.credit += window.bytes;
            if let Some(forward) = live.made.find_mut(window.id) {
                forward.credit += window.bytes;
            }
        }
    }

    /// Input for a call, from the link that made it to the one that runs it.
    pub(super) fn feed(&mut self, link: LinkId, input: &Input<'_>) {
        let Some(forward) = self.live(link).and_then(|live| live.made.find(input.id)) else {
            return;
        };
        if !self.push(forward.target, &Frame::Input(Input { id: forward.id, ..*input })) {
            self.give_up(link, input.id, Code::Lost);
        }
    }

    /// The caller wants no more; the runner still answers.
    pub(super) fn cancel(&mut self, link: LinkId, cancel: &Cancel<'_>) {
        let Some(forward) = self.live_mut(link).and_then(|live| live.made.find_mut(cancel.id))
        else {
            return;
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
    fn give_up(&mut self, link: LinkId, id: CallId, code: Code) {
        let Some(forward) = self.forget_made(link, id) else { return };
        self.fail(link, id, Some(forward.peer), code);
        self.unlink(&forward);
    }

    /// A link has ended: whoever waits for it hears `lost`, whatever it started is cancelled.
    pub(super) fn abandon_calls(&mut self, link: LinkId) {
        let Some(live) = self.live_mut(link) else { return };
        let (peer, runs, made) = (live.peer, live.runs.drain(), live.made.drain());
        for (_, back) in runs.into_iter().filter(|(_, back)| !back.orphan) {
            self.forget_made(back.caller, back.id);
            self.fail(back.caller, back.id, Some(peer), Code::Lost);
        }
        for (_, forward) in made {
            self.deadline_ended();
            self.unlink(&forward);
        }
    }

    fn unlink(&mut self, forward: &Forward) {
        let target = self.live_mut(forward.target);
        if let Some(back) = target.and_then(|target| target.runs.find_mut(forward.id)) {
            back.orphan = true;
        }
        if forward.cancelled {
            return;
        }
        let reason = "the caller is gone";
        self.push(forward.target, &Frame::Cancel(Cancel { id: forward.id, reason }));
    }

    fn forget_made(&mut self, link: LinkId, id: CallId) -> Option<Forward> {
        let live = self.live_mut(link)?;
        let forward = live.made.remove(id)?;
        live.credit = live.credit.saturating_sub(forward.credit);
        self.deadline_ended();
        Some(forward)
    }

    fn deadline_ended(&mut self) {
        let Self { deadlines, links, .. } = self;
        deadlines.ended(|link, id| match links.get(&link) {
            Some(super::Standing::Live(live)) => live.made.find(id).is_some(),
            _ => false,
        });
    }

    /// Answers a call that did not run, or not to its end.
    pub(super) fn fail(&mut self, link: LinkId, id: CallId, peer: Option<PeerId>, code: Code) {
        let text = code.row().meaning;
        let status = Status::Failed(code);
        self.push(link, &Frame::Result(CallResult { id, peer, status, value: None, text }));
    }

    pub(super) fn deny(
        &mut self,
        link: LinkId,
        call: &Call<'_>,
        code: Code,
        required: Option<Capability>,
    ) {
        let request = call.name;
        self.push(
            link,
            &Frame::Deny(Deny {
                id: Some(call.id),
                code,
                request: request.as_str(),
                required,
                text: code.row().meaning,
            }),
        );
    }

    fn absent(&self, peer: PeerId) -> Code {
        match self.registry.known(peer) {
            Some(known) if known.binding.serves => Code::Offline,
            Some(_) | None => Code::UnknownPeer,
        }
    }

    fn has_credit(&self, link: LinkId, more: u64) -> bool {
        let Some(live) = self.live(link) else { return false };
        let held = live.credit.saturating_add(live.outbox.flow() as u64);
        held.saturating_add(more) <= self.config.limits.caller_credit
    }

    fn back(&self, link: LinkId, id: CallId) -> Option<Back> {
        self.live(link)?.runs.find(id).filter(|back| !back.orphan)
    }
}
