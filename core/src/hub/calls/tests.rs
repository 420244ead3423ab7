//! What tests of the hub look at inside of the calls, and the counts of every row.

use std::collections::BTreeMap;

use crate::hub::calls::HubCalls;
use crate::hub::calls::archive::held;
use crate::hub::calls::fanout::{Fanout, KEPT_LEG, Leg};
use crate::hub::calls::record::CallNumber;
use crate::hub::calls::routes::OutboundCall;
use crate::hub::calls::table::{DISOWNED, LinkCalls};
use crate::hub::calls::usage::{Owner, RowUsage};
use crate::id::{LinkId, PeerId};
use crate::wire::frame::OutputStream;

impl HubCalls {
    /// Output credit that the calls of a link hold.
    pub(in crate::hub) fn credit_of(&self, link: LinkId) -> u64 {
        self.table.of(link).unwrap().credit
    }

    /// Whether a link has no call, and none of its calls has left anything behind.
    pub(in crate::hub) fn has_nothing(&self, link: LinkId) -> bool {
        let LinkCalls { inbound: made, outbound: runs, credit, feeding, .. } =
            self.table.of(link).unwrap();
        let under_way = feeding.bytes + feeding.stalled.len() as u64;
        (made.len(), runs.len(), *credit, under_way) == (0, 0, 0, 0)
    }

    /// Fan-outs that run.
    pub(in crate::hub) fn fanouts_running(&self) -> usize {
        self.fanouts.len()
    }

    /// Fan-outs that run, and those that are kept.
    pub(in crate::hub) fn fanouts(&self) -> Vec<CallNumber> {
        let fanouts =
            self.fanouts.values().map(|fanout| &**fanout).chain(self.table.archive.fanouts());
        let mut numbers: Vec<_> = fanouts.map(|fanout| fanout.number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Bytes that are kept of detached calls.
    pub(in crate::hub) fn kept(&self) -> usize {
        self.table.archive.bytes()
    }

    /// Deadlines, of calls that have ended too.
    pub(in crate::hub) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// Every row is counted for its owner, once, with what it holds.
    pub(in crate::hub) fn assert_counted(&self) {
        let mut all: BTreeMap<PeerId, RowUsage> = BTreeMap::new();
        let mut add = |owner: Owner, held: RowUsage| {
            let of = all.entry(self.table.usage.peer(owner)).or_default();
            *of = *of + held;
        };
        for calls in self.table.links.values() {
            add(calls.owner, LinkCalls::HELD);
            calls.inbound.iter().for_each(|(_, made)| add(calls.owner, made.held()));
            calls.outbound.iter().for_each(|(_, back)| add(back.owner, OutboundCall::HELD));
        }
        self.table.disowned.values().for_each(|(owner, _)| add(*owner, DISOWNED));
        for (owner, record) in self.table.archive.owned_records() {
            add(*owner, held(record));
        }
        for fanout in
            self.fanouts.values().map(|fanout| &**fanout).chain(self.table.archive.fanouts())
        {
            assert_eq!(fanout.kept, kept_of(fanout), "{}", fanout.number.0);
            add(fanout.owner, fanout.held());
        }
        assert_eq!(all, self.table.usage.all());
    }
}

/// What is kept of a detached fan-out, looked at anew; nothing before all its legs are known.
fn kept_of(fanout: &Fanout) -> usize {
    let said = |leg: &Leg| {
        leg.kept.as_ref().map_or(0, |kept| {
            kept.text.len()
                + kept.tail(OutputStream::Out).len()
                + kept.tail(OutputStream::Err).len()
        })
    };
    match fanout.kept {
        0 => 0,
        _ => fanout.legs.iter().map(|leg| KEPT_LEG + said(leg)).sum(),
    }
}
