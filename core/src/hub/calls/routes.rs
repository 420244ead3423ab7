//! Calls of one link, and where each of them comes from or goes to.

use std::collections::VecDeque;

use crate::hub::calls::record::CallNumber;
use crate::id::{CallId, CommandName, LinkId, PeerId};

/// Calls of one direction on one link, in the order of their ids.
#[derive(Debug)]
pub(in crate::hub) struct Routes<T>(VecDeque<(CallId, T)>);

/// A call that a link made.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) enum Made {
    /// It went to one peer.
    Call(Forward),
    /// The hub carries it out on several.
    Job(CallNumber),
}

/// Where a call for one peer went.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Forward {
    pub(in crate::hub) target: LinkId,
    pub(in crate::hub) peer: PeerId,
    pub(in crate::hub) id: CallId,
    /// Output credit that the call holds.
    pub(in crate::hub) credit: u64,
    /// The runner was told to stop.
    pub(in crate::hub) cancelled: bool,
    pub(in crate::hub) number: CallNumber,
    pub(in crate::hub) name: CommandName,
    /// Seconds since 1970.
    pub(in crate::hub) started: u64,
}

/// Where a call that a link runs came from.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Back {
    pub(in crate::hub) to: Way,
    /// Nobody waits for its end, which still has to come: until then it counts as open, as it does
    /// in the link's session.
    pub(in crate::hub) orphan: bool,
}

/// Who hears what a runner says.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) enum Way {
    /// The link that made the call, under its id there.
    Call(LinkId, CallId),
    /// The call that the hub carries out, as the leg of this place.
    Leg(CallNumber, usize),
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Routes<T> {
    /// Adds a call; ids rise.
    pub(in crate::hub) fn add(&mut self, id: CallId, to: T) {
        self.0.push_back((id, to));
    }

    pub(in crate::hub) fn find(&self, id: CallId) -> Option<&T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get(at).map(|(_, to)| to)
    }

    pub(in crate::hub) fn find_mut(&mut self, id: CallId) -> Option<&mut T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get_mut(at).map(|(_, to)| to)
    }

    pub(in crate::hub) fn remove(&mut self, id: CallId) -> Option<T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.remove(at).map(|(_, to)| to)
    }

    pub(in crate::hub) fn drain(&mut self) -> VecDeque<(CallId, T)> {
        core::mem::take(&mut self.0)
    }

    pub(in crate::hub) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::hub) fn iter(&self) -> impl Iterator<Item = &(CallId, T)> {
        self.0.iter()
    }
}
