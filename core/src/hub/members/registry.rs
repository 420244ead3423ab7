//! Who may use which id, and which link serves for it.

use core::ops::Bound;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::facts::{Binding, Enrolled, Enrolment, PeerRecord, Refreshing, Revocation};
use crate::hub::members::labels::Labels;
use crate::id::{Jti, LinkId, PeerId, PublicKey};
use crate::time::Mono;

/// The peers that a hub knows.
#[derive(Debug)]
pub(in crate::hub) struct Registry {
    bound: BTreeMap<PeerId, Known>,
    serving: BTreeMap<PeerId, Serving>,
}

/// Which link serves for a peer.
#[derive(Debug)]
struct Serving {
    link: LinkId,
    /// When links of this peer were last replaced by newer ones, at most [`TWINS`] less one.
    replaced: VecDeque<Mono>,
    /// When it was last told that two use one id.
    told: Option<Mono>,
}

/// So many links that replace each other within [`CONTEST`] are not one machine's, which comes back
/// after its network failed, but two that have one id and one key.
const TWINS: usize = 3;
pub(in crate::hub) const CONTEST: Duration = Duration::from_secs(60);

/// What is known of one peer.
#[derive(Clone, Debug)]
pub(in crate::hub) struct Known {
    pub(in crate::hub) binding: Binding,
    /// What a join token made of it.
    pub(in crate::hub) enrolled: Option<Enrolled>,
    pub(in crate::hub) revoked: Option<Revocation>,
    /// A certificate of this issue was seen after its end: a clock that steps back does not revive
    /// it, and the next one is of another issue.
    pub(in crate::hub) outlived: u32,
    /// The number of the last change of its enrolment.
    pub(in crate::hub) changed: u64,
    /// When it last stopped serving, seconds since 1970; not known from before the hub's start.
    pub(in crate::hub) left: Option<u64>,
    /// The labels that it gave itself when it last served; none from before the hub's start.
    pub(in crate::hub) claimed: Labels,
}

impl Known {
    fn new(binding: Binding) -> Self {
        Self {
            binding,
            enrolled: None,
            revoked: None,
            outlived: 0,
            changed: 0,
            left: None,
            claimed: Labels::new(),
        }
    }
}

impl Registry {
    pub(in crate::hub) fn new(known: impl IntoIterator<Item = PeerRecord>) -> Self {
        let bound = known.into_iter().map(|PeerRecord { binding, enrolled, revoked }| {
            (binding.peer, Known { enrolled, revoked, ..Known::new(binding) })
        });
        Self { bound: bound.collect(), serving: BTreeMap::new() }
    }

    /// How many ids are bound.
    pub(in crate::hub) fn len(&self) -> usize {
        self.bound.len()
    }

    pub(in crate::hub) fn known(&self, peer: PeerId) -> Option<&Known> {
        self.bound.get(&peer)
    }

    /// Whether another key than this has the id.
    pub(in crate::hub) fn taken(&self, peer: PeerId, key: &PublicKey) -> bool {
        self.bound.get(&peer).is_some_and(|known| known.binding.key != *key)
    }

    /// What the ledger has recorded.
    pub(in crate::hub) fn bind(&mut self, binding: Binding) {
        let known = self.bound.entry(binding.peer).or_insert_with(|| Known::new(binding));
        known.binding.serves |= binding.serves;
    }

    /// A join token enrols a peer, in place of what was known of it.
    pub(in crate::hub) fn enrol(&mut self, enrolment: &Enrolment) {
        self.bind(enrolment.binding);
        if let Some(known) = self.bound.get_mut(&enrolment.binding.peer) {
            known.binding.method = enrolment.binding.method;
            known.enrolled = Some(enrolment.enrolled.clone());
        }
    }

    /// A refresh token was used.
    pub(in crate::hub) fn refresh(&mut self, refreshing: &Refreshing) {
        let Some(known) = self.bound.get_mut(&refreshing.peer) else { return };
        known.binding.serves |= refreshing.serves;
        if let Some(enrolled) = &mut known.enrolled
            && let Ok(family) = refreshing.apply(enrolled.family.as_ref())
        {
            enrolled.family = Some(family);
            enrolled.issue = enrolled.issue.max(refreshing.issue);
        }
    }

    /// A certificate of this issue was seen after its end.
    pub(in crate::hub) fn outlive(&mut self, peer: PeerId, issue: u32) {
        if let Some(known) = self.bound.get_mut(&peer) {
            known.outlived = known.outlived.max(issue);
        }
    }

    /// This change is the last one of a peer's enrolment.
    pub(in crate::hub) fn changed(&mut self, peer: PeerId, change: u64) {
        if let Some(known) = self.bound.get_mut(&peer) {
            known.changed = change;
        }
    }

    /// Revokes a peer: its certificates and refresh tokens are void. Whether it was not before.
    pub(in crate::hub) fn revoke(&mut self, peer: PeerId, revocation: &Revocation) -> bool {
        let Some(known) = self.bound.get_mut(&peer) else { return false };
        if known.revoked.is_some() {
            return false;
        }
        known.revoked = Some(revocation.clone());
        if let Some(enrolled) = &mut known.enrolled {
            enrolled.issue = enrolled.issue.saturating_add(1);
            enrolled.family = None;
        }
        true
    }

    /// A revoked peer may join again. Whether it was revoked.
    pub(in crate::hub) fn allow(&mut self, peer: PeerId) -> bool {
        self.bound.get_mut(&peer).is_some_and(|known| known.revoked.take().is_some())
    }

    /// The peers that a token enrolled.
    pub(in crate::hub) fn enrolled_by(&self, jti: Jti) -> impl Iterator<Item = PeerId> + '_ {
        let by = move |known: &&Known| known.enrolled.as_ref().is_some_and(|of| of.jti == jti);
        self.bound.values().filter(by).map(|known| known.binding.peer)
    }

    /// The id is free for another key, and nobody serves under it.
    pub(in crate::hub) fn forget(&mut self, peer: PeerId) {
        self.serving.remove(&peer);
        self.bound.remove(&peer);
    }

    /// The link that serves for a peer.
    pub(in crate::hub) fn serving(&self, peer: PeerId) -> Option<LinkId> {
        self.serving.get(&peer).map(|serving| serving.link)
    }

    /// Whether another link of this peer would be one too many; it waits for [`CONTEST`] then.
    pub(in crate::hub) fn contested(&self, peer: PeerId, now: Mono) -> bool {
        self.serving.get(&peer).is_some_and(|Serving { replaced, .. }| {
            let first = replaced.front().filter(|_| replaced.len() + 1 >= TWINS);
            first.is_some_and(|first| first.after(CONTEST) > now)
        })
    }

    /// Whether that is to be told: once in the time that it holds.
    pub(in crate::hub) fn tell_contested(&mut self, peer: PeerId, now: Mono) -> bool {
        let Some(serving) = self.serving.get_mut(&peer) else { return false };
        let due = serving.told.is_none_or(|told| told.after(CONTEST) <= now);
        if due {
            serving.told = Some(now);
        }
        due
    }

    /// The peers of which this holds.
    pub(in crate::hub) fn twins(&self, now: Mono) -> impl Iterator<Item = PeerId> + '_ {
        self.serving.keys().copied().filter(move |&peer| self.contested(peer, now))
    }

    /// This link serves from here on; the one that did.
    pub(in crate::hub) fn serve(
        &mut self,
        peer: PeerId,
        link: LinkId,
        now: Mono,
    ) -> Option<LinkId> {
        let Some(serving) = self.serving.get_mut(&peer) else {
            self.serving.insert(peer, Serving { link, replaced: VecDeque::new(), told: None });
            return None;
        };
        serving.replaced.push_back(now);
        if serving.replaced.len() >= TWINS {
            serving.replaced.pop_front();
        }
        Some(core::mem::replace(&mut serving.link, link))
    }

    /// This link, whose peer gave itself these labels, serves no more; nothing where another has
    /// taken its place.
    pub(in crate::hub) fn leave(&mut self, peer: PeerId, link: LinkId, claimed: Labels, unix: u64) {
        if self.serving(peer) != Some(link) {
            return;
        }
        self.serving.remove(&peer);
        if let Some(known) = self.bound.get_mut(&peer) {
            (known.left, known.claimed) = (Some(unix), claimed);
        }
    }

    /// Every bound id, in the order of the ids, after `after`.
    pub(in crate::hub) fn enrolled(
        &self,
        after: Option<PeerId>,
    ) -> impl Iterator<Item = PeerId> + '_ {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.bound.range((from, Bound::Unbounded)).map(|(&peer, _)| peer)
    }

    /// Every peer that serves or has served, in the order of the ids, after `after`.
    pub(in crate::hub) fn listed(
        &self,
        after: Option<PeerId>,
    ) -> impl Iterator<Item = PeerId> + '_ {
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
