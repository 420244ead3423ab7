//! The links of a hub, by how far each has come.

mod sessions;

use core::time::Duration;
use std::collections::BTreeMap;

use crate::capability::Capabilities;
use crate::hub::Source;
use crate::hub::members::labels::PeerLabels;
use crate::hub::preauth::Rejection;
use crate::id::{LinkId, PeerId, SecretNumber, SessionId};
use crate::wire::frame::{Purpose, Register};

pub(super) use sessions::{Sessions, cuts};

/// Every link that has not ended.
#[derive(Debug)]
pub(super) struct Links {
    table: BTreeMap<LinkId, Standing>,
    next: u64,
}

/// How far a link has come.
#[derive(Debug)]
pub(super) enum Standing {
    /// To be told why, and never admitted.
    TurnedAway(Rejection),
    /// From this trusted proxy; its own source is not known yet.
    Carried(Source),
    /// Not admitted yet.
    Pending(Source),
    /// Room is held for it, and for its id where that would be bound anew.
    Reserved(Source, Option<PeerId>),
    /// In its session.
    Live(Box<Live>),
}

/// A session, as the hub sees it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) source: Source,
    pub(super) peer: PeerId,
    pub(super) session: SessionId,
    pub(super) purpose: Purpose,
    /// The shared secret that it was admitted by.
    pub(super) secret: Option<SecretNumber>,
    pub(super) capabilities: Capabilities,
    pub(super) agent: String,
    /// The labels that the peer gives itself.
    pub(super) claimed: PeerLabels,
    /// Seconds since 1970.
    pub(super) since: u64,
    pub(super) round_trip: Option<Duration>,
    /// Its peer said Goaway.
    pub(super) left: bool,
    /// What it serves; none until its first Register.
    pub(super) serves: Option<Register>,
}

impl Links {
    /// Adds a link; its id.
    pub(super) fn add(&mut self, standing: Standing) -> LinkId {
        let link = LinkId(self.next);
        self.next += 1;
        self.table.insert(link, standing);
        link
    }

    pub(super) fn get(&self, link: LinkId) -> Option<&Standing> {
        self.table.get(&link)
    }

    /// A link has come as far as this.
    pub(super) fn set(&mut self, link: LinkId, standing: Standing) {
        self.table.insert(link, standing);
    }

    pub(super) fn remove(&mut self, link: LinkId) -> Option<Standing> {
        self.table.remove(&link)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (LinkId, &Standing)> {
        self.table.iter().map(|(&link, standing)| (link, standing))
    }

    /// The sessions.
    pub(super) fn live(&self) -> impl Iterator<Item = (LinkId, &Live)> {
        self.table.iter().filter_map(|(&link, standing)| Some((link, standing.live()?)))
    }

    /// The sessions, to be changed.
    pub(super) fn live_mut(&mut self) -> impl Iterator<Item = (LinkId, &mut Live)> {
        self.table.iter_mut().filter_map(|(&link, standing)| Some((link, standing.live_mut()?)))
    }

    /// Links from this machine.
    pub(super) fn local(&self) -> usize {
        self.table.values().filter(|standing| standing.source().is_local()).count()
    }

    /// The session of a link.
    pub(super) fn session(&self, link: LinkId) -> Option<&Live> {
        self.table.get(&link)?.live()
    }

    /// The session of a link, to be changed.
    pub(super) fn session_mut(&mut self, link: LinkId) -> Option<&mut Live> {
        self.table.get_mut(&link)?.live_mut()
    }
}

impl Default for Links {
    fn default() -> Self {
        Self { table: BTreeMap::new(), next: 1 }
    }
}

impl Source {
    /// Whether what comes from here is the operator's.
    pub(super) fn is_local(self) -> bool {
        matches!(self, Self::Local)
    }
}

impl Standing {
    /// Where the link comes from, as far as is known.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::TurnedAway(away) => away.source,
            Self::Carried(source) | Self::Pending(source) | Self::Reserved(source, _) => *source,
            Self::Live(live) => live.source,
        }
    }

    fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::TurnedAway(_) | Self::Carried(_) | Self::Pending(_) | Self::Reserved(..) => None,
        }
    }

    fn live_mut(&mut self) -> Option<&mut Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::TurnedAway(_) | Self::Carried(_) | Self::Pending(_) | Self::Reserved(..) => None,
        }
    }
}
