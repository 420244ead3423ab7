//! The calls of each link, the credit that they hold, and the archive: everything that is known of
//! calls beside the fan-outs that run, so that a fan-out can be carried out with all of it at hand.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::hub::calls::archive::Archive;
use crate::hub::calls::deadlines;
use crate::hub::calls::fanout::{Attachment, Fanout, FanoutPhase, Feeding};
use crate::hub::calls::record::{CallNumber, LegCounts, LegEnd, RecordedCall};
use crate::hub::calls::routes::{Forward, InboundCall, OutboundCall, ReplyTo, Routes};
use crate::hub::calls::usage::{Owner, RowUsage, Usage};
use crate::hub::directory::Directory;
use crate::hub::effects::Effects;
use crate::id::{CallId, LinkId, PeerId};
use crate::limits::Limits;
use crate::wire::Frame;
use crate::wire::frame::{Call, Cancel, Delivery};

/// Calls, but for the fan-outs that run.
#[derive(Debug)]
pub(super) struct CallTable {
    /// How often the hub has started: the first part of calls' names.
    pub(super) generation: u64,
    next: u64,
    pub(super) links: BTreeMap<LinkId, LinkCalls>,
    pub(super) archive: Archive,
    /// Ids that were freed for another key, with the first call that may be of the other.
    pub(super) disowned: BTreeMap<PeerId, (Owner, CallNumber)>,
    pub(super) usage: Usage,
    /// Fan-outs that waited for room to feed and may have it.
    pub(super) woken: Vec<CallNumber>,
}

/// What an id holds that was freed.
pub(super) const DISOWNED: RowUsage = RowUsage::row::<(PeerId, (Owner, CallNumber))>();

/// The calls of one session.
#[derive(Debug)]
pub(super) struct LinkCalls {
    pub(super) peer: PeerId,
    pub(super) owner: Owner,
    /// Calls that it made, by its ids.
    pub(super) inbound: Routes<InboundCall>,
    /// Calls that it runs, by the ids that the hub gave them.
    pub(super) outbound: Routes<OutboundCall>,
    next_call: CallId,
    /// Output credit that its calls hold, in bytes.
    pub(super) credit: u64,
    /// Input of its calls for several peers.
    pub(super) feeding: Feeding,
}

impl CallTable {
    pub(super) fn new(generation: u64, limits: &Limits) -> Self {
        Self {
            generation,
            next: 1,
            links: BTreeMap::new(),
            archive: Archive::new(limits),
            disowned: BTreeMap::new(),
            usage: Usage::default(),
            woken: Vec::new(),
        }
    }

    /// The number of one more call.
    pub(super) fn number(&mut self) -> CallNumber {
        let number = CallNumber(self.next);
        self.next += 1;
        number
    }

    /// Calls under this id are another's from the next one on.
    pub(super) fn disown(&mut self, peer: PeerId) {
        let first = CallNumber(self.next);
        if let Some((_, before)) = self.disowned.get_mut(&peer) {
            *before = first;
        } else {
            let owner = self.usage.begin(peer, DISOWNED);
            self.disowned.insert(peer, (owner, first));
        }
    }

    /// A session of this peer has begun.
    pub(super) fn begin(&mut self, link: LinkId, peer: PeerId) {
        let owner = self.usage.begin(peer, LinkCalls::HELD);
        let calls = LinkCalls {
            peer,
            owner,
            inbound: Routes::default(),
            outbound: Routes::default(),
            next_call: CallId(2),
            credit: 0,
            feeding: Feeding::default(),
        };
        self.links.insert(link, calls);
    }

    pub(super) fn of(&self, link: LinkId) -> Option<&LinkCalls> {
        self.links.get(&link)
    }

    pub(super) fn of_mut(&mut self, link: LinkId) -> Option<&mut LinkCalls> {
        self.links.get_mut(&link)
    }

    /// Gives a call to a link that is to run it; its id there.
    pub(super) fn place(
        &mut self,
        target: LinkId,
        call: &Call<'_>,
        (owner, to): (Owner, ReplyTo),
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) -> Result<CallId, Code> {
        let limits = directory.limits;
        let runner = self.links.get_mut(&target).ok_or(Code::Offline)?;
        if runner.outbound.len() >= limits.open_calls {
            return Err(Code::Busy);
        }
        let id = runner.next_call;
        let longest = u64::try_from(limits.call_deadline.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = call.deadline_ms.min(longest);
        let onward = Frame::Call(Call { id, deadline_ms, delivery: Delivery::Attached, ..*call });
        if !effects.send(target, &onward) {
            let fits = onward.encoded_len() <= limits.message;
            return Err(if fits { Code::Busy } else { Code::BadArgument });
        }
        runner.next_call = CallId(id.0 + 2);
        runner.outbound.add(id, OutboundCall { to, owner, orphan: false });
        self.usage.add(owner, OutboundCall::HELD);
        Ok(id)
    }

    /// What a runner says of a call that ended with `code` goes nowhere from here on; it is told to
    /// stop and why, unless it was told before.
    pub(super) fn unlink(
        &mut self,
        (target, id): (LinkId, CallId),
        told: bool,
        code: Code,
        directory: &Directory<'_>,
        effects: &mut Effects,
    ) {
        if let Some(back) = self.of_mut(target).and_then(|runner| runner.outbound.find_mut(id)) {
            back.orphan = true;
        }
        if !told {
            let reason = match code {
                Code::Deadline => "the call's deadline passed",
                Code::Busy => "the caller asked for more output than it has credit for",
                _ if directory.has_run_out() => "the hub is stopping",
                _ => "the caller is gone",
            };
            effects.send(target, &Frame::Cancel(Cancel { id, reason }));
        }
    }

    /// A link made a call, with so much output credit.
    pub(super) fn add_inbound(&mut self, link: LinkId, id: CallId, made: InboundCall, window: u64) {
        let Some(caller) = self.links.get_mut(&link) else { return };
        self.usage.add(caller.owner, made.held());
        caller.inbound.add(id, made);
        caller.credit += window;
    }

    /// A fan-out that a link made has ended, or was refused: the link has neither the call nor this
    /// credit any more.
    pub(super) fn remove_made(&mut self, link: LinkId, id: CallId, credit: u64) {
        let Some(caller) = self.links.get_mut(&link) else { return };
        caller.credit = caller.credit.saturating_sub(credit);
        if let Some(made) = caller.inbound.remove(id) {
            self.usage.remove(caller.owner, made.held());
        }
    }

    /// A call for one peer that a link made has ended.
    pub(super) fn remove_forward(
        &mut self,
        link: LinkId,
        id: CallId,
        end: LegEnd,
        unix: u64,
    ) -> Option<Forward> {
        let caller = self.links.get_mut(&link)?;
        let &InboundCall::Call(forward) = caller.inbound.find(id)? else { return None };
        caller.inbound.remove(id);
        caller.credit = caller.credit.saturating_sub(forward.credit);
        let who = (caller.peer, caller.owner);
        self.end_forward(who, &forward, end, unix);
        Some(forward)
    }

    /// A call for one peer has ended, and is no link's any more.
    pub(super) fn end_forward(
        &mut self,
        (caller, owner): (PeerId, Owner),
        forward: &Forward,
        end: LegEnd,
        unix: u64,
    ) {
        let (ended, counts) = (Some(unix), LegCounts::of(end));
        let record = RecordedCall { ended, counts, end: Some(end), ..forward.to_record(caller) };
        self.archive.record(owner, record, &mut self.usage);
        self.usage.remove(owner, InboundCall::Call(*forward).held());
    }

    /// A runner has ended a call: the runner, and who made it.
    pub(super) fn remove_run(
        &mut self,
        link: LinkId,
        id: CallId,
    ) -> Option<(PeerId, OutboundCall)> {
        let runner = self.links.get_mut(&link)?;
        let back = runner.outbound.remove(id)?;
        self.usage.remove(back.owner, OutboundCall::HELD);
        Some((runner.peer, back))
    }

    /// A fan-out runs no more: it is kept, or recorded, or was refused.
    pub(super) fn put_away(&mut self, mut fanout: Box<Fanout>) {
        match (fanout.phase, fanout.hold) {
            (FanoutPhase::Refused, _) => self.archive.uncount(&mut fanout),
            (_, Attachment::Detached(_)) => return self.archive.keep(fanout),
            (_, Attachment::Attached(..)) => {
                self.archive.record(fanout.owner, fanout.to_record(), &mut self.usage);
            }
        }
        self.usage.remove(fanout.owner, fanout.counted);
    }

    /// Forgets what ended first until there is room for one more detached call, beside so many that
    /// run; whether there is.
    pub(super) fn room_for_call(&mut self, running: usize, limits: &Limits) -> bool {
        self.archive.room_for_call(running, limits, &mut self.usage)
    }

    /// Forgets what ended first until there is room for so many bytes of detached calls; how much
    /// room there is.
    pub(super) fn room_for(&mut self, bytes: usize, limits: &Limits) -> usize {
        self.archive.room_for(bytes, limits, &mut self.usage)
    }

    /// Counts what a fan-out holds, in place of what was counted of it before.
    pub(super) fn count(&mut self, fanout: &mut Fanout) {
        let held = fanout.held();
        self.usage.replace(fanout.owner, fanout.counted, held);
        fanout.counted = held;
    }
}

impl LinkCalls {
    pub(super) const HELD: RowUsage = RowUsage::row::<(LinkId, Self)>();

    /// Whether it may hold so much more output credit, with `flow` bytes waiting for it.
    pub(super) fn has_credit(&self, more: u64, flow: usize, limits: &Limits) -> bool {
        let held = self.credit.saturating_add(flow as u64);
        held.saturating_add(more) <= limits.caller_credit
    }

    /// Where what is said of a call that it runs goes; none where nobody waits for it.
    pub(super) fn back(&self, id: CallId) -> Option<ReplyTo> {
        self.outbound.find(id).filter(|back| !back.orphan).map(|back| back.to)
    }
}

impl OutboundCall {
    pub(super) const HELD: RowUsage = RowUsage::row::<(CallId, Self)>();
}

impl InboundCall {
    /// With the deadline of a call for one peer; a fan-out has its own.
    pub(super) fn held(&self) -> RowUsage {
        let row = RowUsage::row::<(CallId, Self)>();
        match self {
            Self::Call(_) => RowUsage { bytes: row.bytes + deadlines::ENTRY, ..row },
            Self::Fanout(_) => row,
        }
    }
}
