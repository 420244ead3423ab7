//! The peers: whom an id is bound to, and which link serves for it.

use core::ops::Bound;

use crate::facts::PeerRecord;
use crate::hub::members::Members;
use crate::hub::members::labels::PeerLabels;
use crate::id::{Jti, LinkId, PeerId};
use crate::time::Mono;

impl Members {
    /// What is recorded of a peer.
    pub(in crate::hub) fn known(&self, peer: PeerId) -> Option<&PeerRecord> {
        self.facts.peers.get(&peer)
    }

    /// How many ids are bound.
    pub(in crate::hub) fn bound_count(&self) -> usize {
        self.facts.peers.len()
    }

    /// Every bound id, in the order of the ids, after `after`.
    pub(in crate::hub) fn bound(
        &self,
        after: Option<PeerId>,
    ) -> impl Iterator<Item = PeerId> + use<'_> {
        self.facts.peers.range((behind(after), Bound::Unbounded)).map(|(&peer, _)| peer)
    }

    /// Every peer that serves or has served, in the order of the ids, after `after`.
    pub(in crate::hub) fn listed(
        &self,
        after: Option<PeerId>,
    ) -> impl Iterator<Item = PeerId> + use<'_> {
        let bound = self.facts.peers.range((behind(after), Bound::Unbounded));
        let bound = bound.filter(|(_, known)| known.binding.serves);
        let mut bound = bound.map(|(&peer, _)| peer).peekable();
        let mut serving = self.registry.served(behind(after)).peekable();
        core::iter::from_fn(move || match (bound.peek(), serving.peek()) {
            (Some(one), Some(other)) if one == other => {
                serving.next();
                bound.next()
            }
            (Some(one), Some(other)) if one > other => serving.next(),
            (Some(_), _) => bound.next(),
            (None, _) => serving.next(),
        })
    }

    /// The peers that a token enrolled and that are not revoked.
    pub(in crate::hub) fn enrolled_by(&self, jti: Jti) -> Vec<PeerId> {
        let enrolled = self.facts.peers.values().filter(|known| {
            known.revoked.is_none() && known.enrolled.as_ref().is_some_and(|of| of.jti == jti)
        });
        enrolled.map(|known| known.binding.peer).collect()
    }

    /// The link that serves for a peer.
    pub(in crate::hub) fn serving(&self, peer: PeerId) -> Option<LinkId> {
        self.registry.serving(peer)
    }

    /// This link serves from here on; the one that did.
    pub(in crate::hub) fn serve(
        &mut self,
        peer: PeerId,
        link: LinkId,
        now: Mono,
    ) -> Option<LinkId> {
        self.registry.serve(peer, link, now)
    }

    /// This link, whose peer gave itself these labels, serves no more; nothing where another has
    /// taken its place.
    pub(in crate::hub) fn leave(
        &mut self,
        peer: PeerId,
        link: LinkId,
        claimed: PeerLabels,
        unix: u64,
    ) {
        if self.registry.leave(peer, link) && self.facts.peers.contains_key(&peer) {
            let seen = self.registry.see(peer);
            (seen.left, seen.claimed) = (Some(unix), claimed);
        }
    }

    /// When a peer last stopped serving, seconds since 1970; not known from before the hub's start.
    pub(in crate::hub) fn left(&self, peer: PeerId) -> Option<u64> {
        self.registry.seen(peer)?.left
    }

    /// Whether another link of this peer would be one too many; it waits for
    /// [`CONTEST`](super::CONTEST) then.
    pub(in crate::hub) fn contested(&self, peer: PeerId, now: Mono) -> bool {
        self.registry.contested(peer, now)
    }

    /// Whether that is to be told: once in the time that it holds.
    pub(in crate::hub) fn tell_contested(&mut self, peer: PeerId, now: Mono) -> bool {
        self.registry.tell_contested(peer, now)
    }

    /// The peers of which this holds.
    pub(in crate::hub) fn duplicate_sessions(
        &self,
        now: Mono,
    ) -> impl Iterator<Item = PeerId> + '_ {
        self.registry.duplicate_sessions(now)
    }
}

fn behind(after: Option<PeerId>) -> Bound<PeerId> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}
