//! Which labels of a peer count. `// spec: hub §3`
//!
//! ```text
//!   vouched   by the join token that enrolled it; the registry has them  always count
//!   claimed   by the peer itself, with the session that serves, or did   with `self-labels` alone,
//!                                                                        never for a vouched key
//! ```
//!
//! Nothing is copied into a session: they are looked at where they are needed, so that a peer that
//! was enrolled anew is what it is at that moment. Whatever else is granted by labels than being a
//! target (rooms, approvals, a capability for some targets), and every test that asks for a label
//! not to be there, has to use [`LabelsOf::vouched`] alone, with `self-labels` too: a peer would
//! pass it by saying something else, or nothing.

use std::collections::BTreeMap;

use crate::hub::links::Links;
use crate::hub::members::Members;
use crate::id::PeerId;

/// Labels, by their keys.
pub(in crate::hub) type PeerLabels = BTreeMap<String, String>;

/// The labels of one peer.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct LabelsOf<'h> {
    /// What the token says that enrolled it; none where none did.
    pub(in crate::hub) vouched: Option<&'h PeerLabels>,
    /// What it says of itself; none where it has not served since the hub's start.
    claimed: Option<&'h PeerLabels>,
    /// Whether that counts.
    self_labels: bool,
}

/// Whether a peer is meant by label tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Meant {
    Yes,
    /// It would be, if what it says of itself counted.
    ByItsOwnWord,
    No,
}

impl Members {
    /// The labels of a peer, with those that its session gives itself, where one serves.
    pub(in crate::hub) fn labels_of<'h>(&'h self, peer: PeerId, links: &'h Links) -> LabelsOf<'h> {
        let enrolled = self.known(peer).and_then(|known| known.enrolled.as_ref());
        let live = self.serving(peer).and_then(|link| links.session(link));
        let seen = self.registry.seen(peer);
        LabelsOf {
            vouched: enrolled.map(|of| &of.labels),
            claimed: live.map(|live| &live.claimed).or(seen.map(|seen| &seen.claimed)),
            self_labels: self.terms.self_labels,
        }
    }
}

impl<'h> LabelsOf<'h> {
    pub(in crate::hub) fn meant(&self, tests: &[(&str, &str)]) -> Meant {
        let pass = |label: &dyn Fn(&str) -> Option<&'h String>| {
            tests.iter().all(|(key, value)| label(key).is_some_and(|has| has == value))
        };
        if pass(&|key| self.counted(key)) {
            Meant::Yes
        } else if pass(&|key| self.either(key)) {
            Meant::ByItsOwnWord
        } else {
            Meant::No
        }
    }

    /// Those that count.
    pub(in crate::hub) fn all_counted(&self) -> PeerLabels {
        self.keys().filter_map(|key| Some((key.clone(), self.counted(key)?.clone()))).collect()
    }

    /// What it says of itself and does not count.
    pub(in crate::hub) fn only_claimed(&self) -> PeerLabels {
        let claimed = self.claimed.into_iter().flatten();
        let rest = claimed.filter(|&(key, value)| self.counted(key) != Some(value));
        rest.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn counted(&self, key: &str) -> Option<&'h String> {
        if self.self_labels { self.either(key) } else { self.vouched?.get(key) }
    }

    fn either(&self, key: &str) -> Option<&'h String> {
        let of = |labels: Option<&'h PeerLabels>| labels.and_then(|labels| labels.get(key));
        of(self.vouched).or_else(|| of(self.claimed))
    }

    fn keys(&self) -> impl Iterator<Item = &'h String> + use<'h> {
        let of = |labels: Option<&'h PeerLabels>| labels.into_iter().flat_map(BTreeMap::keys);
        of(self.vouched).chain(of(self.claimed))
    }
}
