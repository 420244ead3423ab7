//! Which link serves for which peer, and what was seen of a peer since the hub's start.

use core::ops::Bound;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::hub::members::labels::PeerLabels;
use crate::id::{LinkId, PeerId};
use crate::time::Mono;

/// What is known of peers and is not durable.
#[derive(Debug, Default)]
pub(super) struct Registry {
    serving: BTreeMap<PeerId, Serving>,
    /// Of peers whose ids are bound.
    seen: BTreeMap<PeerId, Seen>,
}

/// Which link serves for a peer.
#[derive(Debug)]
struct Serving {
    link: LinkId,
    /// When links of this peer were last replaced by newer ones, at most [`TWINS`] less one.
    replaced: VecDeque<Mono>,
    /// When it was last told that two use one id.
    notified: Option<Mono>,
}

/// So many links that replace each other within [`CONTEST`] are not one machine's, which comes back
/// after its network failed, but two that have one id and one key.
const TWINS: usize = 3;
pub(in crate::hub) const CONTEST: Duration = Duration::from_secs(60);

/// What was seen of one peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// A certificate of this issue was seen after its end: a clock that steps back does not revive
    /// it, and the next one is of another issue.
    pub(super) outlived: u32,
    /// The number of the last change of its enrolment.
    pub(super) changed: u64,
    /// When it last stopped serving, seconds since 1970.
    pub(super) left: Option<u64>,
    /// The labels that it gave itself when it last served.
    pub(super) claimed: PeerLabels,
}

impl Registry {
    /// What was seen of a peer, where anything was.
    pub(super) fn seen(&self, peer: PeerId) -> Option<&Seen> {
        self.seen.get(&peer)
    }

    /// The same, to be changed.
    pub(super) fn see(&mut self, peer: PeerId) -> &mut Seen {
        self.seen.entry(peer).or_default()
    }

    /// Nobody serves for this peer, and nothing was seen of it.
    pub(super) fn forget(&mut self, peer: PeerId) {
        self.serving.remove(&peer);
        self.seen.remove(&peer);
    }

    /// The link that serves for a peer.
    pub(super) fn serving(&self, peer: PeerId) -> Option<LinkId> {
        self.serving.get(&peer).map(|serving| serving.link)
    }

    /// Whether another link of this peer would be one too many; it waits for [`CONTEST`] then.
    pub(super) fn contested(&self, peer: PeerId, now: Mono) -> bool {
        self.serving.get(&peer).is_some_and(|Serving { replaced, .. }| {
            let first = replaced.front().filter(|_| replaced.len() + 1 >= TWINS);
            first.is_some_and(|first| first.after(CONTEST) > now)
        })
    }

    /// Whether that is to be told: once in the time that it holds.
    pub(super) fn tell_contested(&mut self, peer: PeerId, now: Mono) -> bool {
        let Some(serving) = self.serving.get_mut(&peer) else { return false };
        let due = serving.notified.is_none_or(|told| told.after(CONTEST) <= now);
        if due {
            serving.notified = Some(now);
        }
        due
    }

    /// The peers of which this holds.
    pub(super) fn duplicate_sessions(&self, now: Mono) -> impl Iterator<Item = PeerId> + '_ {
        self.serving.keys().copied().filter(move |&peer| self.contested(peer, now))
    }

    /// This link serves from here on; the one that did.
    pub(super) fn serve(&mut self, peer: PeerId, link: LinkId, now: Mono) -> Option<LinkId> {
        let Some(serving) = self.serving.get_mut(&peer) else {
            self.serving.insert(peer, Serving { link, replaced: VecDeque::new(), notified: None });
            return None;
        };
        serving.replaced.push_back(now);
        if serving.replaced.len() >= TWINS {
            serving.replaced.pop_front();
        }
        Some(core::mem::replace(&mut serving.link, link))
    }

    /// This link serves no more; whether it did, and no other has taken its place.
    pub(super) fn leave(&mut self, peer: PeerId, link: LinkId) -> bool {
        let served = self.serving(peer) == Some(link);
        if served {
            self.serving.remove(&peer);
        }
        served
    }

    /// The peers that are served for, in the order of the ids, after `after`.
    pub(super) fn served(&self, after: Bound<PeerId>) -> impl Iterator<Item = PeerId> + '_ {
        self.serving.range((after, Bound::Unbounded)).map(|(&peer, _)| peer)
    }
}
