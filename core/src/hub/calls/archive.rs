//! Calls that have ended: the last attached ones as records, the detached ones as they are kept.

use std::collections::{BTreeMap, VecDeque};

use crate::hub::calls::fanout::Fanout;
use crate::hub::calls::record::{CallNumber, RecordedCall};
use crate::hub::calls::usage::{Owner, RowUsage, Usage};
use crate::limits::Limits;

/// Calls that have ended.
#[derive(Debug)]
pub(super) struct Archive {
    /// Attached calls, the oldest end first. A full one allocates nothing.
    records: VecDeque<(Owner, RecordedCall)>,
    most: usize,
    /// Detached calls.
    fanouts: BTreeMap<CallNumber, Box<Fanout>>,
    /// Numbers of `fanouts`, the oldest end first.
    forgettable: VecDeque<CallNumber>,
    /// Bytes that are kept of detached calls, of those that run too.
    bytes: usize,
}

impl Archive {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            records: VecDeque::with_capacity(limits.ended_calls),
            most: limits.ended_calls,
            fanouts: BTreeMap::new(),
            forgettable: VecDeque::new(),
            bytes: 0,
        }
    }

    /// An attached call has ended.
    pub(super) fn record(&mut self, owner: Owner, record: RecordedCall, usage: &mut Usage) {
        if self.most == 0 {
            return;
        }
        usage.add(owner, held(&record));
        if self.records.len() >= self.most
            && let Some((owner, oldest)) = self.records.pop_front()
        {
            usage.remove(owner, held(&oldest));
        }
        self.records.push_back((owner, record));
    }

    /// A detached call has ended.
    pub(super) fn keep(&mut self, fanout: Box<Fanout>) {
        self.forgettable.push_back(fanout.number);
        self.fanouts.insert(fanout.number, fanout);
    }

    /// So many bytes more are kept of a detached call.
    pub(super) fn count(&mut self, fanout: &mut Fanout, bytes: usize) {
        fanout.kept += bytes;
        self.bytes += bytes;
    }

    /// A detached call is not kept after all.
    pub(super) fn uncount(&mut self, fanout: &mut Fanout) {
        self.bytes -= core::mem::take(&mut fanout.kept);
    }

    /// Forgets the detached calls that ended first until there is room for another beside so many
    /// that run; whether there is.
    pub(super) fn room_for_call(
        &mut self,
        running: usize,
        limits: &Limits,
        usage: &mut Usage,
    ) -> bool {
        while running + self.fanouts.len() >= limits.kept_calls {
            if !self.forget(usage) {
                return false;
            }
        }
        true
    }

    /// Forgets the detached calls that ended first until there is room for so many bytes; how much
    /// room there is.
    pub(super) fn room_for(&mut self, bytes: usize, limits: &Limits, usage: &mut Usage) -> usize {
        while self.bytes.saturating_add(bytes) > limits.kept_output && self.forget(usage) {}
        limits.kept_output.saturating_sub(self.bytes)
    }

    pub(super) fn fanout(&self, number: CallNumber) -> Option<&Fanout> {
        self.fanouts.get(&number).map(|fanout| &**fanout)
    }

    pub(super) fn fanouts(&self) -> impl Iterator<Item = &Fanout> {
        self.fanouts.values().map(|fanout| &**fanout)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &RecordedCall> {
        self.records.iter().map(|(_, record)| record)
    }

    fn forget(&mut self, usage: &mut Usage) -> bool {
        let Some(number) = self.forgettable.pop_front() else { return false };
        if let Some(fanout) = self.fanouts.remove(&number) {
            self.bytes -= fanout.kept;
            usage.remove(fanout.owner, fanout.counted);
        }
        true
    }

    #[cfg(test)]
    pub(super) fn owned_records(&self) -> impl Iterator<Item = &(Owner, RecordedCall)> {
        self.records.iter()
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What a record holds.
pub(super) fn held(record: &RecordedCall) -> RowUsage {
    let row = RowUsage::row::<(Owner, RecordedCall)>();
    RowUsage { bytes: row.bytes + record.goal.heap(), ..row }
}
