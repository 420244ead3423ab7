//! A pair of links: both ends of one connection.

use bowline_core::ask::{AskId, Memory, Question};
use bowline_core::hub::Outbox;
use bowline_core::id::LinkId;
use bowline_core::link::{Ended, Link};
use bowline_core::time::Now;

use crate::ferry::ferry_all;

/// A connection that [`TestHub::connect`](crate::TestHub::connect) made.
#[derive(Debug)]
pub struct Pair {
    /// The number of the connection at the hub.
    pub id: LinkId,
    /// The end of the peer, or of an operator.
    pub peer: Link,
    /// The storage of the peer.
    pub ledger: Memory,
    /// The end of the hub.
    pub hub: Link,
    /// What the hub has for the peer.
    pub outbox: Outbox,
    /// How the hub's end ended; none while it goes on.
    pub ended: Option<Ended>,
}

impl Pair {
    /// Has the peer's storage answer its link.
    ///
    /// # Panics
    /// Where the question is none of a peer's.
    pub fn answer(&mut self, ask: AskId, question: &Question, now: Now) {
        let answer = self.ledger.answer(question).expect("a peer's question");
        self.peer.answer(ask, answer, now);
    }

    /// Carries bytes both ways until none move; whether any did.
    pub fn carry(&mut self, now: Now) -> bool {
        ferry_all(&mut self.peer, &mut self.hub, now)
            | ferry_all(&mut self.hub, &mut self.peer, now)
    }

    /// Tells both links what time it is.
    pub fn handle_timeout(&mut self, now: Now) {
        self.peer.handle_timeout(now);
        self.hub.handle_timeout(now);
    }

    /// Gives back what both ends hold for a busy connection.
    pub fn rest(&mut self) {
        self.peer.rest();
        self.hub.rest();
        self.outbox.rest();
    }
}
