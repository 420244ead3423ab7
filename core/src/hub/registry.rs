//! Who may use which id, and which link serves for it.

use core::ops::Bound;
use std::collections::BTreeMap;

use crate::id::{LinkId, PeerId, PublicKey};
use crate::ledger::Binding;

/// The peers that a hub knows.
#[derive(Debug)]
pub(super) struct Registry {
    bound: BTreeMap<PeerId, Known>,
    serving: BTreeMap<PeerId, LinkId>,
}

/// What is known of one peer.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) binding: Binding,
    /// When it last stopped serving, seconds since 1970; not known from before the hub's start.
    pub(super) left: Option<u64>,
    /// The labels with which it last served; none from before the hub's start.
    pub(super) labels: BTreeMap<String, String>,
}

impl Known {
    fn new(binding: Binding) -> Self {
        Self { binding, left: None, labels: BTreeMap::new() }
    }
}

impl Registry {
    pub(super) fn new(known: impl IntoIterator<Item = Binding>) -> Self {
        let bound = known.into_iter().map(|binding| (binding.peer, Known::new(binding)));
        Self { bound: bound.collect(), serving: BTreeMap::new() }
    }

    /// How many ids are bound.
    pub(super) fn len(&self) -> usize {
        self.bound.len()
    }

    pub(super) fn known(&self, peer: PeerId) -> Option<&Known> {
        self.bound.get(&peer)
    }

    /// Whether another key than this has the id.
    pub(super) fn taken(&self, peer: PeerId, key: &PublicKey) -> bool {
        self.bound.get(&peer).is_some_and(|known| known.binding.key != *key)
    }

    /// What the ledger has recorded.
    pub(super) fn bind(&mut self, binding: Binding) {
        let known = self.bound.entry(binding.peer).or_insert_with(|| Known::new(binding));
        known.binding.serves |= binding.serves;
    }

    /// The id is free for another key, and nobody serves under it.
    pub(super) fn forget(&mut self, peer: PeerId) {
        self.serving.remove(&peer);
        self.bound.remove(&peer);
    }

    /// The link that serves for a peer.
    pub(super) fn serving(&self, peer: PeerId) -> Option<LinkId> {
        self.serving.get(&peer).copied()
    }

    /// This link serves from here on; the one that did.
    pub(super) fn serve(&mut self, peer: PeerId, link: LinkId) -> Option<LinkId> {
        self.serving.insert(peer, link)
    }

    /// This link, which had these labels, serves no more; nothing where another has taken its place.
    pub(super) fn leave(
        &mut self,
        peer: PeerId,
        link: LinkId,
        labels: BTreeMap<String, String>,
        unix: u64,
    ) {
        if self.serving.get(&peer) != Some(&link) {
            return;
        }
        self.serving.remove(&peer);
        if let Some(known) = self.bound.get_mut(&peer) {
            (known.left, known.labels) = (Some(unix), labels);
        }
    }

    /// Every bound id, in the order of the ids, after `after`.
    pub(super) fn enrolled(&self, after: Option<PeerId>) -> impl Iterator<Item = PeerId> + '_ {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.bound.range((from, Bound::Unbounded)).map(|(&peer, _)| peer)
    }

    /// Every peer that serves or has served, in the order of the ids, after `after`.
    pub(super) fn listed(&self, after: Option<PeerId>) -> impl Iterator<Item = PeerId> + '_ {
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let bound = self.bound.range(behind).filter(|(_, known)| known.binding.serves);
        let mut bound = bound.map(|(&peer, _)| peer).peekable();
        let mut serving = self.serving.range(behind).map(|(&peer, _)| peer).peekable();
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
}
