//! A call that the hub carries out itself: for several peers, or detached from its caller.
//!
//! ```text
//!   Choosing ──► Starting ──► Started ──► every leg has ended: over
//!      │ │          │  │        │ ▲ │
//!      │ └──────────┴──┼────► Cancelling      the caller wants no more
//!      └───────────────┴────────────┴─► Ending ──► over    deadline, caller gone, too much credit
//! ```
//!
//! Each phase but `Started` is gone through in slices. A fan-out has a leg for each peer that it is
//! for, in the order of their ids; a leg ends once. This holds what is known and does nothing: see
//! [`fanouts`](crate::hub::calls::fanouts).

mod feed;
mod output;
mod share;

pub(super) use feed::{Feed, Feeding};
pub(in crate::hub) use output::LegOutput;
pub(super) use share::Share;

use crate::code::Code;
use crate::hub::calls::deadlines;
use crate::hub::calls::record::{CallNumber, Goal, LegCounts, LegEnd, RecordedCall};
use crate::hub::calls::usage::{Owner, RowUsage};
use crate::id::{CallId, CommandName, LinkId, PeerId};
use crate::wire::frame::{Call, Delivery};
use crate::wire::value::ArgumentsBuf;

/// One call, carried out.
#[derive(Debug)]
pub(super) struct Fanout {
    pub(super) number: CallNumber,
    pub(super) caller: PeerId,
    pub(super) owner: Owner,
    pub(super) hold: Attachment,
    pub(super) goal: Goal,
    pub(super) name: CommandName,
    /// None once every leg was begun.
    pub(super) arguments: ArgumentsBuf,
    pub(super) deadline_ms: u64,
    /// Output credit that the caller gave at first.
    pub(super) window: u64,
    /// Seconds since 1970.
    pub(super) started: u64,
    pub(super) ended: Option<u64>,
    pub(super) phase: FanoutPhase,
    pub(super) legs: Vec<Leg>,
    /// Peers that would be meant if the labels that they give themselves counted.
    pub(super) claimed: u64,
    pub(super) counts: LegCounts,
    pub(super) share: Share,
    pub(super) feed: Feed,
    /// Why it was cancelled.
    pub(super) cancelled: Option<String>,
    /// It waits for its next slice.
    pub(super) queued: bool,
    /// Bytes that are kept of it.
    pub(super) kept: usize,
    /// What is counted of it.
    pub(super) counted: RowUsage,
}

/// What a fan-out hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attachment {
    /// The link that made it, under its id there. Where that link has ended, nobody is told.
    Attached(LinkId, CallId),
    /// Nothing: it is kept. Whom it has still to be told to, before all its legs are known.
    Detached(Option<(LinkId, CallId)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FanoutPhase {
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

/// What a leg costs that is kept, before it says anything.
pub(super) const KEPT_LEG: usize = size_of::<Leg>() + size_of::<LegOutput>();

/// A fan-out's part on one peer.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) peer: PeerId,
    pub(super) state: LegState,
    /// The runner was told to stop.
    pub(super) notified: bool,
    /// What it said, where the fan-out is detached.
    pub(super) kept: Option<Box<LegOutput>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LegState {
    /// It is to be begun.
    Chosen,
    /// It is to end with this, which was so when the peer was looked at.
    Unable(Code),
    /// It runs on a link, under the id that the hub gave it there.
    Runs(LinkId, CallId),
    Ended(LegEnd),
}

impl Fanout {
    pub(super) fn new(
        number: CallNumber,
        (caller, owner): (PeerId, Owner),
        hold: Attachment,
        goal: Goal,
        call: &Call<'_>,
        unix: u64,
    ) -> Self {
        Self {
            number,
            caller,
            owner,
            hold,
            goal,
            name: call.name,
            arguments: call.arguments.into(),
            deadline_ms: call.deadline_ms,
            window: call.window,
            started: unix,
            ended: None,
            phase: FanoutPhase::Choosing(None),
            legs: Vec::new(),
            claimed: 0,
            counts: LegCounts::default(),
            share: Share::default(),
            feed: Feed::default(),
            cancelled: None,
            queued: false,
            kept: 0,
            counted: RowUsage::default(),
        }
    }

    pub(super) fn is_detached(&self) -> bool {
        matches!(self.hold, Attachment::Detached(_))
    }

    /// Whether it has something to do by itself.
    pub(super) fn has_work(&self) -> bool {
        match self.phase {
            _ if self.ended.is_some() => false,
            FanoutPhase::Choosing(_) | FanoutPhase::Starting(_) => true,
            FanoutPhase::Cancelling(_) | FanoutPhase::Ending(..) => true,
            FanoutPhase::Started => self.feed.is_due(),
            FanoutPhase::Refused => false,
        }
    }

    /// Whether every leg has ended.
    pub(super) fn is_over(&self) -> bool {
        self.phase == FanoutPhase::Started && self.counts.total() == self.legs.len() as u64
    }

    /// It ends with a code, whatever it was doing.
    pub(super) fn stop(&mut self, code: Code) {
        if !matches!(self.phase, FanoutPhase::Ending(..) | FanoutPhase::Refused) {
            self.phase = FanoutPhase::Ending(0, code);
        }
    }

    /// Its legs are told to stop, once.
    pub(super) fn cancel(&mut self, reason: &str) {
        match self.phase {
            FanoutPhase::Ending(..) | FanoutPhase::Refused => {}
            _ if self.cancelled.is_some() => {}
            FanoutPhase::Choosing(_)
            | FanoutPhase::Starting(_)
            | FanoutPhase::Started
            | FanoutPhase::Cancelling(_) => {
                self.cancelled = Some(reason.to_owned());
                self.phase = FanoutPhase::Cancelling(0);
            }
        }
    }

    /// A sweep has come to the leg of this place, in this phase; behind the last one nothing is
    /// left to be begun.
    pub(super) fn swept(&mut self, next: usize, phase: FanoutPhase) {
        self.phase = phase;
        if next == self.legs.len() {
            self.phase = FanoutPhase::Started;
            self.arguments = ArgumentsBuf::new();
        }
    }

    /// What it holds, with its legs and its deadline.
    pub(super) fn held(&self) -> RowUsage {
        let legs = self.legs.len();
        let (positional, named) = self.arguments.as_arguments().as_bytes();
        let words = self.goal.heap() + self.cancelled.as_ref().map_or(0, String::len);
        let rows = size_of::<(CallNumber, Box<Self>)>() + size_of::<Self>() + deadlines::ENTRY;
        // What is kept of a leg is counted with the leg, from the moment that there is room for it.
        let legs_held = self.kept.max(legs * size_of::<Leg>());
        let flow = self.share.heap() + self.feed.heap();
        RowUsage {
            entries: 1 + legs,
            bytes: rows + positional.len() + named.len() + words + legs_held + flow,
            legs: if self.ended.is_none() { legs } else { 0 },
        }
    }

    /// How it is listed.
    pub(super) fn to_record(&self) -> RecordedCall {
        let end = match (&self.goal, self.legs.first().map(|leg| leg.state)) {
            (Goal::Peer(_), Some(LegState::Ended(end))) => Some(end),
            _ => None,
        };
        RecordedCall {
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
    pub(super) fn new(peer: PeerId, state: LegState) -> Self {
        Self { peer, state, notified: false, kept: None }
    }

    /// Whether it may still be begun.
    pub(super) fn is_chosen(&self) -> bool {
        self.state == LegState::Chosen
    }
}
