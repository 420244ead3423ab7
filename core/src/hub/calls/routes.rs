//! Calls of one link, and where each of them comes from or goes to.

use std::collections::VecDeque;

use crate::hub::calls::record::CallNumber;
use crate::hub::calls::usage::Owner;
use crate::id::{CallId, CommandName, LinkId, PeerId};

/// Calls of one direction on one link, in the order of their ids.
#[derive(Debug)]
pub(super) struct Routes<T>(VecDeque<(CallId, T)>);

/// A call that a link made.
#[derive(Clone, Copy, Debug)]
pub(super) enum InboundCall {
    /// It went to one peer.
    Call(Forward),
    /// The hub carries it out on several.
    Fanout(CallNumber),
}

/// Where a call for one peer went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forward {
    pub(super) target: LinkId,
    pub(super) peer: PeerId,
    pub(super) id: CallId,
    /// Output credit that the call holds.
    pub(super) credit: u64,
    /// The runner was told to stop.
    pub(super) cancelled: bool,
    pub(super) number: CallNumber,
    pub(super) name: CommandName,
    /// Seconds since 1970.
    pub(super) started: u64,
}

/// Where a call that a link runs came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutboundCall {
    pub(super) to: ReplyTo,
    /// Whose call it is.
    pub(super) owner: Owner,
    /// Nobody waits for its end, which still has to come: until then it counts as open, as it does
    /// in the link's session.
    pub(super) orphan: bool,
}

/// Who hears what a runner says.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReplyTo {
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
    pub(super) fn add(&mut self, id: CallId, to: T) {
        self.0.push_back((id, to));
    }

    pub(super) fn find(&self, id: CallId) -> Option<&T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get(at).map(|(_, to)| to)
    }

    pub(super) fn find_mut(&mut self, id: CallId) -> Option<&mut T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get_mut(at).map(|(_, to)| to)
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<T> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.remove(at).map(|(_, to)| to)
    }

    pub(super) fn drain(&mut self) -> VecDeque<(CallId, T)> {
        core::mem::take(&mut self.0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(CallId, T)> {
        self.0.iter()
    }
}
