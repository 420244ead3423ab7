//! What is known of calls, for who asks: those that run, those that are kept, the last that ended.

use crate::hub::calls::fanout::{Fanout, Leg, LegOutput, LegState};
use crate::hub::calls::record::{CallNumber, Goal, LegEnd, RecordedCall};
use crate::hub::calls::routes::{Forward, InboundCall};
use crate::hub::calls::table::LinkCalls;
use crate::hub::calls::{Calling, HubCalls};
use crate::id::{CallId, LinkId, PeerId};
use crate::wire::frame::Cancel;

/// A call that is known.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct KnownCall<'h>(Which<'h>);

/// Where it stands.
#[derive(Clone, Copy, Debug)]
enum Which<'h> {
    /// It runs, on the link that made it.
    Made(LinkId, CallId, PeerId, &'h Forward),
    /// The hub carries it out, or keeps it.
    Fanout(&'h Fanout),
    /// It was attached and has ended.
    Ended(&'h RecordedCall),
}

/// A call on one peer.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct KnownLeg<'h> {
    pub(in crate::hub) peer: PeerId,
    pub(in crate::hub) stage: KnownLegStage,
    /// What it said, where the call is detached.
    pub(in crate::hub) kept: Option<&'h LegOutput>,
}

/// How far a call is on one peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::hub) enum KnownLegStage {
    Waiting,
    Running,
    Ended(LegEnd),
}

impl HubCalls {
    /// The call of this number.
    pub(in crate::hub) fn known(&self, number: CallNumber) -> Option<KnownCall<'_>> {
        let running = self.fanouts.get(&number).map(|fanout| &**fanout);
        if let Some(fanout) = running.or_else(|| self.table.archive.fanout(number)) {
            return Some(KnownCall(Which::Fanout(fanout)));
        }
        self.attached().find(|known| known.number() == number)
    }

    /// Every call that is known.
    pub(in crate::hub) fn iter(&self) -> impl Iterator<Item = KnownCall<'_>> {
        let running = self.fanouts.values().map(|fanout| &**fanout);
        let fanouts = running.chain(self.table.archive.fanouts());
        fanouts.map(|fanout| KnownCall(Which::Fanout(fanout))).chain(self.attached())
    }

    /// Whether a call that was made under an id is of the one who has the id.
    pub(in crate::hub) fn owns(&self, peer: PeerId, number: CallNumber) -> bool {
        self.table.disowned.get(&peer).is_none_or(|&(_, first)| number >= first)
    }

    /// Attached calls, but for fan-outs that run.
    fn attached(&self) -> impl Iterator<Item = KnownCall<'_>> {
        let links = self.table.links.iter();
        let made = links.flat_map(|(&link, caller): (&LinkId, &LinkCalls)| {
            caller.inbound.iter().filter_map(move |(id, made)| match made {
                InboundCall::Call(forward) => Some(Which::Made(link, *id, caller.peer, forward)),
                InboundCall::Fanout(_) => None,
            })
        });
        self.table.archive.records().map(Which::Ended).chain(made).map(KnownCall)
    }
}

impl Calling<'_> {
    /// Has the runners of a call told to stop; whether it was running.
    pub(in crate::hub) fn cancel(&mut self, number: CallNumber, reason: &str) -> bool {
        match self.calls.known(number).map(|known| known.0) {
            Some(Which::Made(link, id, _, _)) => self.cancel_came(link, &Cancel { id, reason }),
            Some(Which::Fanout(fanout)) if fanout.ended.is_none() => {
                self.cancel_fanout(number, reason)
            }
            Some(Which::Fanout(_) | Which::Ended(_)) | None => return false,
        }
        true
    }
}

impl<'h> KnownCall<'h> {
    pub(in crate::hub) fn number(&self) -> CallNumber {
        match self.0 {
            Which::Made(_, _, _, forward) => forward.number,
            Which::Fanout(fanout) => fanout.number,
            Which::Ended(record) => record.number,
        }
    }

    pub(in crate::hub) fn caller(&self) -> PeerId {
        match self.0 {
            Which::Made(_, _, caller, _) => caller,
            Which::Fanout(fanout) => fanout.caller,
            Which::Ended(record) => record.caller,
        }
    }

    /// How it is listed.
    pub(in crate::hub) fn to_record(self) -> RecordedCall {
        match self.0 {
            Which::Made(_, _, caller, forward) => forward.to_record(caller),
            Which::Fanout(fanout) => fanout.to_record(),
            Which::Ended(record) => record.clone(),
        }
    }

    /// Its legs, in the order of the peers; none where they are not known: of an attached call that
    /// was for several and has ended there are the counts alone.
    pub(in crate::hub) fn legs(self) -> Option<Vec<KnownLeg<'h>>> {
        let only = |peer, stage| Some(vec![KnownLeg { peer, stage, kept: None }]);
        match self.0 {
            Which::Made(_, _, _, forward) => only(forward.peer, KnownLegStage::Running),
            Which::Fanout(fanout) => Some(fanout.legs.iter().map(KnownLeg::from).collect()),
            Which::Ended(record) => match record.goal {
                Goal::Peer(peer) => only(peer, KnownLegStage::Ended(record.end?)),
                Goal::All | Goal::Labels(_) => None,
            },
        }
    }
}

impl<'h> From<&'h Leg> for KnownLeg<'h> {
    fn from(leg: &'h Leg) -> Self {
        let stage = match leg.state {
            LegState::Chosen | LegState::Unable(_) => KnownLegStage::Waiting,
            LegState::Runs(..) => KnownLegStage::Running,
            LegState::Ended(end) => KnownLegStage::Ended(end),
        };
        Self { peer: leg.peer, stage, kept: leg.kept.as_deref() }
    }
}
