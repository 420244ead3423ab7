//! A call that the hub carries out itself: for several peers, or detached from its caller.
//!
//! ```text
//!   Choosing ──► Starting ──► Started ──► every leg has ended: over
//!      │ │          │  │        │ ▲ │
//!      │ └──────────┴──┼────► Cancelling      the caller wants no more
//!      └───────────────┴────────────┴─► Ending ──► over      deadline, caller gone, too much credit
//! ```
//!
//! Each phase but `Started` is gone through in slices. A job has a leg for each peer that it is
//! for, in the order of their ids; a leg ends once. This holds what is known and does nothing: see
//! [`fanout`](crate::hub::calls::fanout).

mod feed;
mod kept;
mod share;

pub(in crate::hub) use feed::{Feed, Feeding};
pub(in crate::hub) use kept::Kept;
pub(in crate::hub) use share::Share;

use crate::code::Code;
use crate::hub::calls::record::{CallNumber, Counts, End, Goal, Record};
use crate::id::{CallId, CommandName, LinkId, PeerId};
use crate::wire::frame::{Call, Delivery};
use crate::wire::value::ArgumentsBuf;

/// One call, carried out.
#[derive(Debug)]
pub(in crate::hub) struct Job {
    pub(in crate::hub) number: CallNumber,
    pub(in crate::hub) caller: PeerId,
    pub(in crate::hub) hold: Hold,
    pub(in crate::hub) goal: Goal,
    pub(in crate::hub) name: CommandName,
    /// None once every leg was begun.
    pub(in crate::hub) arguments: ArgumentsBuf,
    pub(in crate::hub) deadline_ms: u64,
    /// Output credit that the caller gave at first.
    pub(in crate::hub) window: u64,
    /// Seconds since 1970.
    pub(in crate::hub) started: u64,
    pub(in crate::hub) ended: Option<u64>,
    pub(in crate::hub) phase: Phase,
    pub(in crate::hub) legs: Vec<Leg>,
    /// Peers that would be meant if the labels that they give themselves counted.
    pub(in crate::hub) claimed: u64,
    pub(in crate::hub) counts: Counts,
    pub(in crate::hub) share: Share,
    pub(in crate::hub) feed: Feed,
    /// Why it was cancelled.
    pub(in crate::hub) cancelled: Option<String>,
    /// It waits for its next slice.
    pub(in crate::hub) queued: bool,
    /// Bytes that are kept of it.
    pub(in crate::hub) kept: usize,
}

/// What a job hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Hold {
    /// The link that made it, under its id there. Where that link has ended, nobody is told.
    Attached(LinkId, CallId),
    /// Nothing: it is kept. Whom it has still to be told to, before all its legs are known.
    Detached(Option<(LinkId, CallId)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Phase {
    /// Peers are looked at, those behind this one.
    Choosing(Option<PeerId>),
    /// Legs are begun, from this place on.
    Starting(usize),
    /// Every leg was begun, or has ended.
    Started,
    /// Legs are told to stop, from this place on; those not begun end.
    Cancelling(usize),
    /// Legs end with a code, from this place on.
    Ending(usize, Code),
    /// It was refused before the first leg was begun.
    Refused,
}

/// A job's part on one peer.
#[derive(Debug)]
pub(in crate::hub) struct Leg {
    pub(in crate::hub) peer: PeerId,
    pub(in crate::hub) state: State,
    /// The runner was told to stop.
    pub(in crate::hub) told: bool,
    /// What it said, where the job is detached.
    pub(in crate::hub) kept: Option<Box<Kept>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::hub) enum State {
    /// It is to be begun.
    Chosen,
    /// It is to end with this, which was so when the peer was looked at.
    Unable(Code),
    /// It runs on a link, under the id that the hub gave it there.
    Runs(LinkId, CallId),
    Ended(End),
}

impl Job {
    pub(in crate::hub) fn new(
        number: CallNumber,
        caller: PeerId,
        hold: Hold,
        goal: Goal,
        call: &Call<'_>,
        unix: u64,
    ) -> Self {
        Self {
            number,
            caller,
            hold,
            goal,
            name: call.name,
            arguments: call.arguments.into(),
            deadline_ms: call.deadline_ms,
            window: call.window,
            started: unix,
            ended: None,
            phase: Phase::Choosing(None),
            legs: Vec::new(),
            claimed: 0,
            counts: Counts::default(),
            share: Share::default(),
            feed: Feed::default(),
            cancelled: None,
            queued: false,
            kept: 0,
        }
    }

    pub(in crate::hub) fn is_detached(&self) -> bool {
        matches!(self.hold, Hold::Detached(_))
    }

    /// Whether it has something to do by itself.
    pub(in crate::hub) fn has_work(&self) -> bool {
        match self.phase {
            _ if self.ended.is_some() => false,
            Phase::Choosing(_) | Phase::Starting(_) => true,
            Phase::Cancelling(_) | Phase::Ending(..) => true,
            Phase::Started => self.feed.is_due(),
            Phase::Refused => false,
        }
    }

    /// Whether every leg has ended.
    pub(in crate::hub) fn is_over(&self) -> bool {
        self.phase == Phase::Started && self.counts.total() == self.legs.len() as u64
    }

    /// It ends with a code, whatever it was doing.
    pub(in crate::hub) fn stop(&mut self, code: Code) {
        if !matches!(self.phase, Phase::Ending(..) | Phase::Refused) {
            self.phase = Phase::Ending(0, code);
        }
    }

    /// Its legs are told to stop, once.
    pub(in crate::hub) fn cancel(&mut self, reason: &str) {
        match self.phase {
            Phase::Ending(..) | Phase::Refused => {}
            _ if self.cancelled.is_some() => {}
            Phase::Choosing(_) | Phase::Starting(_) | Phase::Started | Phase::Cancelling(_) => {
                self.cancelled = Some(reason.to_owned());
                self.phase = Phase::Cancelling(0);
            }
        }
    }

    /// How it is listed.
    pub(in crate::hub) fn to_record(&self) -> Record {
        let end = match (&self.goal, self.legs.first().map(|leg| leg.state)) {
            (Goal::Peer(_), Some(State::Ended(end))) => Some(end),
            _ => None,
        };
        Record {
            number: self.number,
            caller: self.caller,
            goal: self.goal.clone(),
            name: self.name,
            delivery: if self.is_detached() { Delivery::Detached } else { Delivery::Attached },
            started: self.started,
            ended: self.ended,
            targets: self.legs.len() as u64,
            claimed: self.claimed,
            counts: self.counts,
            end,
        }
    }
}

impl Leg {
    pub(in crate::hub) fn new(peer: PeerId, state: State) -> Self {
        Self { peer, state, told: false, kept: None }
    }

    /// Whether it may still be begun.
    pub(in crate::hub) fn is_chosen(&self) -> bool {
        self.state == State::Chosen
    }
}
