//! What is known of calls, for who asks: those that run, those that are kept, the last that ended.

use crate::hub::calls::job::{Job, Kept, Leg, State};
use crate::hub::calls::record::{CallNumber, End, Goal, Record};
use crate::hub::calls::routes::{Forward, Made};
use crate::hub::calls::table::LinkCalls;
use crate::hub::calls::{Calling, Calls};
use crate::id::{CallId, LinkId, PeerId};
use crate::wire::frame::Cancel;

/// A call that is known.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Known<'h>(Which<'h>);

/// Where it stands.
#[derive(Clone, Copy, Debug)]
enum Which<'h> {
    /// It runs, on the link that made it.
    Made(LinkId, CallId, PeerId, &'h Forward),
    /// The hub carries it out, or keeps it.
    Job(&'h Job),
    /// It was attached and has ended.
    Ended(&'h Record),
}

/// A call on one peer.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct KnownLeg<'h> {
    pub(in crate::hub) peer: PeerId,
    pub(in crate::hub) stage: LegStage,
    /// What it said, where the call is detached.
    pub(in crate::hub) kept: Option<&'h Kept>,
}

/// How far a call is on one peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::hub) enum LegStage {
    Waiting,
    Running,
    Ended(End),
}

impl Calls {
    /// The call of this number.
    pub(in crate::hub) fn known(&self, number: CallNumber) -> Option<Known<'_>> {
        let running = self.jobs.get(&number).map(|job| &**job);
        if let Some(job) = running.or_else(|| self.table.archive.job(number)) {
            return Some(Known(Which::Job(job)));
        }
        self.attached().find(|known| known.number() == number)
    }

    /// Every call that is known.
    pub(in crate::hub) fn iter(&self) -> impl Iterator<Item = Known<'_>> {
        let running = self.jobs.values().map(|job| &**job);
        let jobs = running.chain(self.table.archive.jobs());
        jobs.map(|job| Known(Which::Job(job))).chain(self.attached())
    }

    /// Whether a call that was made under an id is of the one who has the id.
    pub(in crate::hub) fn owns(&self, peer: PeerId, number: CallNumber) -> bool {
        self.table.disowned.get(&peer).is_none_or(|&(_, first)| number >= first)
    }

    /// Attached calls, but for jobs that run.
    fn attached(&self) -> impl Iterator<Item = Known<'_>> {
        let links = self.table.links.iter();
        let made = links.flat_map(|(&link, caller): (&LinkId, &LinkCalls)| {
            caller.made.iter().filter_map(move |(id, made)| match made {
                Made::Call(forward) => Some(Which::Made(link, *id, caller.peer, forward)),
                Made::Job(_) => None,
            })
        });
        self.table.archive.records().map(Which::Ended).chain(made).map(Known)
    }
}

impl Calling<'_> {
    /// Has the runners of a call told to stop; whether it was running.
    pub(in crate::hub) fn cancel(&mut self, number: CallNumber, reason: &str) -> bool {
        match self.calls.known(number).map(|known| known.0) {
            Some(Which::Made(link, id, _, _)) => self.cancel_came(link, &Cancel { id, reason }),
            Some(Which::Job(job)) if job.ended.is_none() => self.cancel_job(number, reason),
            Some(Which::Job(_) | Which::Ended(_)) | None => return false,
        }
        true
    }
}

impl<'h> Known<'h> {
    pub(in crate::hub) fn number(&self) -> CallNumber {
        match self.0 {
            Which::Made(_, _, _, forward) => forward.number,
            Which::Job(job) => job.number,
            Which::Ended(record) => record.number,
        }
    }

    pub(in crate::hub) fn caller(&self) -> PeerId {
        match self.0 {
            Which::Made(_, _, caller, _) => caller,
            Which::Job(job) => job.caller,
            Which::Ended(record) => record.caller,
        }
    }

    /// How it is listed.
    pub(in crate::hub) fn to_record(self) -> Record {
        match self.0 {
            Which::Made(_, _, caller, forward) => forward.to_record(caller),
            Which::Job(job) => job.to_record(),
            Which::Ended(record) => record.clone(),
        }
    }

    /// Its legs, in the order of the peers; none where they are not known: of an attached call that
    /// was for several and has ended there are the counts alone.
    pub(in crate::hub) fn legs(self) -> Option<Vec<KnownLeg<'h>>> {
        let only = |peer, stage| Some(vec![KnownLeg { peer, stage, kept: None }]);
        match self.0 {
            Which::Made(_, _, _, forward) => only(forward.peer, LegStage::Running),
            Which::Job(job) => Some(job.legs.iter().map(KnownLeg::from).collect()),
            Which::Ended(record) => match record.goal {
                Goal::Peer(peer) => only(peer, LegStage::Ended(record.end?)),
                Goal::All | Goal::Labels(_) => None,
            },
        }
    }
}

impl<'h> From<&'h Leg> for KnownLeg<'h> {
    fn from(leg: &'h Leg) -> Self {
        let stage = match leg.state {
            State::Chosen | State::Unable(_) => LegStage::Waiting,
            State::Runs(..) => LegStage::Running,
            State::Ended(end) => LegStage::Ended(end),
        };
        Self { peer: leg.peer, stage, kept: leg.kept.as_deref() }
    }
}
