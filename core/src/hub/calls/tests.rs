//! What tests of the hub look at inside of the calls, and the counts of every row.

use std::collections::BTreeMap;

use crate::hub::calls::Calls;
use crate::hub::calls::archive::held;
use crate::hub::calls::job::{Job, KEPT_LEG, Leg};
use crate::hub::calls::record::CallNumber;
use crate::hub::calls::routes::Back;
use crate::hub::calls::table::{DISOWNED, LinkCalls};
use crate::hub::calls::usage::{Held, Owner};
use crate::id::{LinkId, PeerId};
use crate::wire::frame::Source;

impl Calls {
    /// Output credit that the calls of a link hold.
    pub(in crate::hub) fn credit_of(&self, link: LinkId) -> u64 {
        self.table.of(link).unwrap().credit
    }

    /// Whether a link has no call, and none of its calls has left anything behind.
    pub(in crate::hub) fn has_nothing(&self, link: LinkId) -> bool {
        let LinkCalls { made, runs, credit, feeding, .. } = self.table.of(link).unwrap();
        let under_way = feeding.bytes + feeding.stalled.len() as u64;
        (made.len(), runs.len(), *credit, under_way) == (0, 0, 0, 0)
    }

    /// Jobs that run.
    pub(in crate::hub) fn jobs_running(&self) -> usize {
        self.jobs.len()
    }

    /// Jobs that run, and those that are kept.
    pub(in crate::hub) fn jobs(&self) -> Vec<CallNumber> {
        let jobs = self.jobs.values().map(|job| &**job).chain(self.table.archive.jobs());
        let mut numbers: Vec<_> = jobs.map(|job| job.number).collect();
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
        let mut all: BTreeMap<PeerId, Held> = BTreeMap::new();
        let mut add = |owner: Owner, held: Held| {
            let of = all.entry(self.table.usage.peer(owner)).or_default();
            *of = *of + held;
        };
        for calls in self.table.links.values() {
            add(calls.owner, LinkCalls::HELD);
            calls.made.iter().for_each(|(_, made)| add(calls.owner, made.held()));
            calls.runs.iter().for_each(|(_, back)| add(back.owner, Back::HELD));
        }
        self.table.disowned.values().for_each(|(owner, _)| add(*owner, DISOWNED));
        for (owner, record) in self.table.archive.owned_records() {
            add(*owner, held(record));
        }
        for job in self.jobs.values().map(|job| &**job).chain(self.table.archive.jobs()) {
            assert_eq!(job.kept, kept_of(job), "{}", job.number.0);
            add(job.owner, job.held());
        }
        assert_eq!(all, self.table.usage.all());
    }
}

/// What is kept of a detached job, looked at anew; nothing before all its legs are known.
fn kept_of(job: &Job) -> usize {
    let said = |leg: &Leg| {
        leg.kept.as_ref().map_or(0, |kept| {
            kept.text.len() + kept.tail(Source::Out).len() + kept.tail(Source::Err).len()
        })
    };
    match job.kept {
        0 => 0,
        _ => job.legs.iter().map(|leg| KEPT_LEG + said(leg)).sum(),
    }
}
