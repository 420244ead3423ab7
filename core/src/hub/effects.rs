//! Everything that leaves the hub: frames for links, links to wake, questions, and what happened.
//!
//! A machine is handed this and says what is to be done; nothing here decides anything. A frame is
//! encoded at once, straight into the outbox of its link, and the machine hears whether there was
//! room.

use std::collections::{BTreeMap, VecDeque};

use crate::code::Code;
use crate::hub::asks::Asks;
use crate::hub::{HubEvent, Outbox};
use crate::id::LinkId;
use crate::limits::Limits;
use crate::wire::Frame;
use crate::wire::frame::CallResult;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Effects {
    limits: Limits,
    outboxes: BTreeMap<LinkId, Outbox>,
    wakes: VecDeque<LinkId>,
    events: VecDeque<HubEvent>,
    /// Questions to durable storage.
    pub(super) asks: Asks,
    /// Links that were given something, or said something, since this was last taken; kept from
    /// [`Effects::watch`] on.
    touched: Option<Vec<LinkId>>,
}

impl Effects {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), ..Self::default() }
    }

    /// Bounds of outboxes from here on.
    pub(super) fn reconfigure(&mut self, limits: &Limits) {
        self.limits.clone_from(limits);
    }

    /// A session has begun: its link takes frames.
    pub(super) fn open(&mut self, link: LinkId) {
        self.outboxes.insert(link, Outbox::default());
    }

    /// A session is over: frames for its link go nowhere.
    pub(super) fn forget(&mut self, link: LinkId) {
        self.outboxes.remove(&link);
    }

    /// Puts a frame into a link's outbox; `false` where there is no room or no such session.
    pub(super) fn send(&mut self, link: LinkId, frame: &Frame<'_>) -> bool {
        self.put(link, |outbox, limits| outbox.push(frame, limits))
    }

    /// As [`Effects::send`], for the result of one peer that does not end its call.
    pub(super) fn send_part(&mut self, link: LinkId, result: &CallResult<'_>) -> bool {
        self.put(link, |outbox, limits| outbox.push_part(result, limits))
    }

    /// Has a link closed with this code after what waits for it; `at_once`, whatever waits.
    pub(super) fn close(&mut self, link: LinkId, code: Code, at_once: bool) {
        let Some(outbox) = self.outboxes.get_mut(&link) else { return };
        if outbox.is_idle() || at_once {
            self.wakes.push_back(link);
        }
        outbox.close(code, at_once);
    }

    /// The code that a link closes with, where it does.
    pub(super) fn closing(&self, link: LinkId) -> Option<Code> {
        self.outboxes.get(&link)?.closing()
    }

    /// Bytes of output and input that wait for a link.
    pub(super) fn flow(&self, link: LinkId) -> usize {
        self.outboxes.get(&link).map_or(0, Outbox::flow)
    }

    /// Results of legs that wait for a link.
    pub(super) fn legs(&self, link: LinkId) -> usize {
        self.outboxes.get(&link).map_or(0, Outbox::legs)
    }

    /// Something happened.
    pub(super) fn event(&mut self, event: HubEvent) {
        self.events.push_back(event);
    }

    /// Keeps which links were touched, from here on.
    pub(super) fn watch(&mut self) {
        self.touched.get_or_insert_default();
    }

    /// A link said something.
    pub(super) fn touch(&mut self, link: LinkId) {
        if let Some(touched) = &mut self.touched {
            touched.push(link);
        }
    }

    /// The links that were touched since this was last asked.
    pub(super) fn take_touched(&mut self) -> Vec<LinkId> {
        self.touched.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// What `Hub::take_outbox` does.
    pub(super) fn take_outbox(&mut self, link: LinkId, into: &mut Outbox) -> Option<Code> {
        let outbox = self.outboxes.get_mut(&link)?;
        if into.is_empty() {
            outbox.swap(into);
        }
        if outbox.is_empty() { outbox.closing() } else { None }
    }

    pub(super) fn poll_wake(&mut self) -> Option<LinkId> {
        self.wakes.pop_front()
    }

    pub(super) fn poll_event(&mut self) -> Option<HubEvent> {
        self.events.pop_front()
    }

    fn put(&mut self, link: LinkId, push: impl FnOnce(&mut Outbox, &Limits) -> bool) -> bool {
        let Some(outbox) = self.outboxes.get_mut(&link) else { return false };
        if let Some(touched) = &mut self.touched {
            touched.push(link);
        }
        let idle = outbox.is_idle();
        let taken = push(outbox, &self.limits);
        if idle && taken {
            self.wakes.push_back(link);
        }
        taken
    }
}
