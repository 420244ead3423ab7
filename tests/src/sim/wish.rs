//! What an operator wants: a call, and whom it is for.

use std::time::Duration;

use bowline_core::id::PeerId;
use bowline_core::wire::frame::Delivery;

use crate::sim::program::Plan;

/// A call that an operator wants made.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Whom it is for.
    pub whom: Whom,
    /// What it does.
    pub plan: Plan,
    /// What it may take.
    pub within: Duration,
    /// Credit for its output.
    pub window: u64,
    /// Whether the hub keeps it.
    pub delivery: Delivery,
}

/// Whom a call is for.
#[derive(Clone, Copy, Debug)]
pub enum Whom {
    /// One peer.
    Peer(PeerId),
    /// Those of a zone.
    Zone(&'static str),
    /// All.
    All,
}

impl Whom {
    /// The zone, where it is one.
    #[must_use]
    pub fn zone(self) -> Option<&'static str> {
        match self {
            Self::Zone(zone) => Some(zone),
            Self::Peer(_) | Self::All => None,
        }
    }
}
