//! Calls: which link made each, which runs it, and what the hub carries out or keeps itself.

pub(super) mod book;
pub(super) mod deadlines;
pub(super) mod fanout;
pub(super) mod job;
pub(super) mod record;
pub(super) mod route;
pub(super) mod routes;

use std::collections::BTreeMap;

use crate::id::{CallId, LinkId};
use crate::limits::Limits;

use book::Book;
use deadlines::Deadlines;
use job::Feeding;
use routes::{Back, Made, Routes};

/// The calls of a hub.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) links: BTreeMap<LinkId, LinkCalls>,
    pub(super) book: Book,
    pub(super) deadlines: Deadlines,
}

/// The calls of one session.
#[derive(Debug)]
pub(super) struct LinkCalls {
    /// Calls that it made, by its ids.
    pub(super) made: Routes<Made>,
    /// Calls that it runs, by the ids that the hub gave them.
    pub(super) runs: Routes<Back>,
    pub(super) next_call: CallId,
    /// Output credit that its calls hold, in bytes.
    pub(super) credit: u64,
    /// Input of its calls for several peers.
    pub(super) feeding: Feeding,
}

impl Calls {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { links: BTreeMap::new(), book: Book::new(limits), deadlines: Deadlines::default() }
    }

    pub(super) fn of(&self, link: LinkId) -> Option<&LinkCalls> {
        self.links.get(&link)
    }

    pub(super) fn of_mut(&mut self, link: LinkId) -> Option<&mut LinkCalls> {
        self.links.get_mut(&link)
    }
}

impl Default for LinkCalls {
    fn default() -> Self {
        Self {
            made: Routes::default(),
            runs: Routes::default(),
            next_call: CallId(2),
            credit: 0,
            feeding: Feeding::default(),
        }
    }
}
