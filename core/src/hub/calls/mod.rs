//! Calls: which link made each, which runs it, and what the hub carries out or keeps itself.
//!
//! ```text
//!   Call ──► route ──┬─ for one peer ─────────► a call on the link that serves it   (table)
//!                    └─ for several, detached ► a fan-out, and a call on each link     (fan-outs)
//!   Output, Result, Window, Input, Cancel ────► by link and id, to the other end of the call
//!   every end ────────────────────────────────► record, or the fan-out as it is kept   (archive)
//! ```
//!
//! What calls have to know of the rest of the hub is handed in as a [`Directory`], and what is to
//! be done goes into [`Effects`]. Each row of each table has its owner and is counted: [`usage`].

mod archive;
mod deadlines;
mod fanout;
mod fanouts;
mod known;
mod record;
mod route;
mod routes;
mod table;
#[cfg(test)]
mod tests;
mod usage;

pub(super) use known::{KnownCall, KnownLeg, KnownLegStage};
pub(super) use record::{CallNumber, LegEnd, RecordedCall};
pub(super) use route::{Caller, Routed};

use std::collections::{BTreeMap, VecDeque};

use crate::code::Code;
use crate::hub::directory::Directory;
use crate::hub::effects::Effects;
use crate::id::{LinkId, PeerId};
use crate::limits::Limits;
use crate::time::Mono;

use deadlines::{Deadlines, Timed};
use fanout::{Attachment, Fanout};
use table::CallTable;

/// The calls of a hub.
#[derive(Debug)]
pub(super) struct HubCalls {
    table: CallTable,
    /// Calls that the hub carries out and that have not ended.
    fanouts: BTreeMap<CallNumber, Box<Fanout>>,
    /// Fan-outs that wait for a slice, each once.
    due: VecDeque<CallNumber>,
    deadlines: Deadlines,
}

/// The calls, with what a frame, a deadline or a slice of work may need that comes to them.
pub(super) struct Calling<'h> {
    pub(super) calls: &'h mut HubCalls,
    pub(super) directory: Directory<'h>,
    pub(super) effects: &'h mut Effects,
}

impl HubCalls {
    /// No calls, of a hub that has started so often.
    pub(super) fn new(generation: u64, limits: &Limits) -> Self {
        Self {
            table: CallTable::new(generation, limits),
            fanouts: BTreeMap::new(),
            due: VecDeque::new(),
            deadlines: Deadlines::default(),
        }
    }

    /// A session of this peer has begun.
    pub(super) fn link_began(&mut self, link: LinkId, peer: PeerId) {
        self.table.begin(link, peer);
    }

    /// An id is free for another key: whoever has it next does not own the calls made until now.
    pub(super) fn disown(&mut self, peer: PeerId) {
        self.table.disown(peer);
    }

    /// When the next call ends that has not ended by then.
    pub(super) fn next_deadline(&self) -> Option<Mono> {
        self.deadlines.next()
    }

    /// Whether a fan-out waits for its next slice: see [`Calling::work`].
    pub(super) fn has_work(&self) -> bool {
        !self.due.is_empty()
    }

    /// Whether no call is open on a link. What it still runs for nobody is not waited for.
    pub(super) fn is_idle(&self, link: LinkId) -> bool {
        self.table.of(link).is_none_or(|calls| {
            calls.inbound.len() == 0 && calls.outbound.iter().all(|(_, back)| back.orphan)
        })
    }

    /// Links whose detached call has no name yet; it is not among those that they made.
    pub(super) fn links_unnamed(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.fanouts.values().filter_map(|fanout| match fanout.hold {
            Attachment::Detached(Some((link, _))) => Some(link),
            Attachment::Attached(..) | Attachment::Detached(None) => None,
        })
    }

    /// How many calls are open, those that nobody waits for not among them.
    pub(super) fn open(&self) -> usize {
        let made = self.table.links.values().map(|calls| calls.inbound.len());
        made.sum::<usize>() + self.fanouts.values().filter(|fanout| fanout.is_detached()).count()
    }

    /// How many calls links run.
    pub(super) fn running(&self) -> usize {
        self.table.links.values().map(|calls| calls.outbound.len()).sum()
    }

    /// A call has ended whose deadline had not passed, or has just been told.
    fn deadline_ended(&mut self) {
        let Self { deadlines, table, fanouts, .. } = self;
        deadlines.ended(|timed| match timed {
            Timed::Call(link, id) => {
                table.of(link).is_some_and(|caller| caller.inbound.find(id).is_some())
            }
            Timed::Fanout(number) => fanouts.contains_key(&number),
        });
    }
}

impl Calling<'_> {
    /// Time has passed: calls whose peers did not answer in time end.
    pub(super) fn time_passed(&mut self) {
        while let Some(timed) = self.calls.deadlines.expire(self.directory.now.mono) {
            match timed {
                Timed::Call(link, id) => self.give_up(link, id, Code::Deadline),
                Timed::Fanout(number) => self.stop_fanout(number, Code::Deadline),
            }
        }
    }
}
