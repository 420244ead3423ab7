//! What is on the disk before a session begins, or goes on: ids and their keys, uses of join
//! tokens, uses of refresh tokens.

use crate::facts::{
    Binding, Conflict, Durable, Enrolled, FactRow, Family, Invited, PeerRecord, Spent, Write,
};
use crate::id::{PeerId, PublicKey, RefreshHash};

/// What has to be recorded: all of it, or nothing and the answer is no.
#[derive(Clone, Debug, PartialEq)]
pub enum FactRecord {
    /// This id is bound to this key, or serves from here on.
    Bind(Binding),
    /// A join token was used.
    Enrol(Box<Enrolment>),
    /// A refresh token was used, or a family of them begins.
    Refresh(Refreshing),
}

/// One use of a join token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Whom it enrols.
    pub binding: Binding,
    /// What the token says.
    pub invited: Invited,
    /// What is kept of it, in place of what was kept before.
    pub enrolled: Enrolled,
}

/// One use of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshing {
    /// Whose it is.
    pub peer: PeerId,
    /// The peer's key.
    pub key: PublicKey,
    /// The hash of the one presented: the family's current one or a successor. None where there
    /// is no family and this begins one.
    pub presented: Option<RefreshHash>,
    /// The hash of the successor.
    pub fresh: RefreshHash,
    /// When the successor ends, seconds since 1970.
    pub fresh_ends: u64,
    /// The issue of the certificate that goes with it: the one before, or another where that was
    /// seen after its end.
    pub issue: u32,
    /// Whether it serves from here on, and so is listed while it is away.
    pub serves: bool,
}

impl FactRecord {
    /// The rows by which it is decided.
    pub(super) fn concerns(&self) -> Vec<FactRow> {
        match self {
            Self::Bind(binding) => vec![FactRow::Peer(binding.peer)],
            Self::Enrol(enrolment) => {
                let Enrolment { binding, invited, .. } = &**enrolment;
                let token = [FactRow::Token(invited.jti), FactRow::Uses(invited.jti, binding.key)];
                [FactRow::Counters, FactRow::Peer(binding.peer)].into_iter().chain(token).collect()
            }
            Self::Refresh(refreshing) => vec![FactRow::Counters, FactRow::Peer(refreshing.peer)],
        }
    }

    /// Whether it goes with what is recorded.
    pub(super) fn check(&self, rows: &Durable, spent: Spent) -> Result<(), Conflict> {
        match self {
            Self::Bind(binding) => PeerRecord::admits(rows.peers.get(&binding.peer), &binding.key),
            Self::Enrol(enrolment) => {
                let Enrolment { binding, invited, .. } = &**enrolment;
                rows.joins(invited, (binding.peer, binding.key), spent).map(drop)
            }
            Self::Refresh(refreshing) => {
                let known = rows.peers.get(&refreshing.peer);
                let enrolled = PeerRecord::enrolled(known, &refreshing.key)?;
                refreshing.apply(enrolled.family.as_ref()).map(drop)
            }
        }
    }

    /// The rows as they stand once it is recorded; where storage has recorded it, it holds,
    /// whatever a later look at the rows would say.
    #[must_use]
    pub fn writes(&self, rows: &Durable) -> Vec<Write> {
        match self {
            Self::Bind(binding) => {
                let known = rows.peers.get(&binding.peer).cloned();
                let mut peer = known.unwrap_or_else(|| PeerRecord::bound(*binding));
                peer.binding.serves |= binding.serves;
                vec![Write::Peer(Box::new(peer))]
            }
            Self::Enrol(enrolment) => {
                let Enrolment { binding, enrolled, .. } = &**enrolment;
                let known = rows.peers.get(&binding.peer);
                let serves = binding.serves || known.is_some_and(|known| known.binding.serves);
                let first_seen = known.map_or(binding.first_seen, |known| known.binding.first_seen);
                let peer = PeerRecord {
                    binding: Binding { serves, first_seen, ..*binding },
                    enrolled: Some(enrolled.clone()),
                    revoked: known.and_then(|known| known.revoked.clone()),
                };
                let Binding { peer: id, key, .. } = *binding;
                let used = Write::Use { jti: enrolled.jti, key, peer: id };
                let mut writes = vec![used, Write::Peer(Box::new(peer))];
                writes.extend(drawn(rows, enrolled.issue));
                writes
            }
            Self::Refresh(refreshing) => {
                let Some(known) = rows.peers.get(&refreshing.peer) else { return Vec::new() };
                let mut peer = known.clone();
                peer.binding.serves |= refreshing.serves;
                if let Some(enrolled) = &mut peer.enrolled
                    && let Ok(family) = refreshing.apply(enrolled.family.as_ref())
                {
                    enrolled.family = Some(family);
                    enrolled.issue = enrolled.issue.max(refreshing.issue);
                }
                let mut writes = vec![Write::Peer(Box::new(peer))];
                writes.extend(drawn(rows, refreshing.issue));
                writes
            }
        }
    }
}

/// The issue was given to a certificate: none is drawn again that is not above it.
fn drawn(rows: &Durable, issue: u32) -> Option<Write> {
    (issue > rows.issues).then_some(Write::Issues(issue))
}

impl Refreshing {
    /// What becomes of a family by this use.
    ///
    /// # Errors
    /// [`Conflict`]: it does not fit it.
    pub fn apply(&self, family: Option<&Family>) -> Result<Family, Conflict> {
        match (self.presented, family) {
            (Some(presented), Some(family)) => {
                family.used(presented, self.fresh, self.fresh_ends).ok_or(Conflict::Superseded)
            }
            (None, None) => Ok(Family::of(self.fresh, self.fresh_ends)),
            (Some(_), None) => Err(Conflict::Voided),
            (None, Some(_)) => Err(Conflict::HasFamily),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_begins_only_where_there_is_none() {
        let [a, b] = [1, 2].map(|n| RefreshHash([n; 32]));
        let (peer, key) = ("web-1".parse().unwrap(), PublicKey([1; 32]));
        let (presented, serves) = (None, false);
        let begins = Refreshing { peer, key, presented, fresh: a, fresh_ends: 9, issue: 1, serves };
        assert_eq!(begins.apply(None), Ok(Family::of(a, 9)));
        assert_eq!(begins.apply(Some(&Family::of(b, 9))), Err(Conflict::HasFamily));
        let uses = Refreshing { presented: Some(a), ..begins };
        assert_eq!(uses.apply(None), Err(Conflict::Voided));
    }
}
