//! Changes of what is recorded, by the operator or by the hub itself.

use crate::facts::{Durable, FactOutcome, FactRow, PeerRecord, Restored, Revocation, Write};
use crate::id::{Jti, PeerId};

/// A change of what is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// This id is bound to no key any more, and nothing is known of it.
    Forget(PeerId),
    /// These peers are revoked: each one's next certificate is of another issue, and its refresh
    /// tokens are void.
    Revoke(Vec<PeerId>, Revocation),
    /// A revoked peer may join again.
    Allow(PeerId),
    /// This token admits nobody new; revoked at this moment, seconds since 1970. These peers, which
    /// it enrolled, are revoked with it.
    RevokeToken(Jti, u64, Vec<PeerId>),
    /// Raises the floor to this, and then forgets the tokens that end at or before it.
    Purge(u64),
    /// The storage is older than the hub.
    Restored(Restored),
}

impl Change {
    /// The rows by which it is decided.
    pub(super) fn concerns(&self) -> Vec<FactRow> {
        let peers = |peers: &[PeerId]| peers.iter().map(|&peer| FactRow::Peer(peer)).collect();
        match self {
            Self::Forget(peer) | Self::Allow(peer) => vec![FactRow::Peer(*peer)],
            Self::Revoke(revoked, _) => peers(revoked),
            Self::RevokeToken(jti, _, revoked) => {
                let mut rows: Vec<FactRow> = peers(revoked);
                rows.push(FactRow::Token(*jti));
                rows
            }
            Self::Purge(floor) => vec![FactRow::Counters, FactRow::Ended(*floor)],
            Self::Restored(_) => vec![FactRow::Restored],
        }
    }

    /// What it makes of the rows; `has_ended`, whether a token ends at or before the floor that is
    /// to be.
    pub(super) fn outcome(&self, rows: &Durable, has_ended: bool) -> FactOutcome {
        match self {
            Self::Forget(peer) => {
                let known = rows.peers.get(peer);
                FactOutcome::of(known.map(|_| Write::NoPeer(*peer)).into_iter().collect())
            }
            Self::Revoke(peers, revocation) => FactOutcome::of(revoke(rows, peers, revocation)),
            Self::Allow(peer) => {
                let revoked = rows.peers.get(peer).filter(|known| known.revoked.is_some());
                let allowed = revoked.map(|known| PeerRecord { revoked: None, ..known.clone() });
                FactOutcome::of(
                    allowed.map(|peer| Write::Peer(Box::new(peer))).into_iter().collect(),
                )
            }
            Self::RevokeToken(jti, at, peers) => {
                let Some(token) = rows.tokens.get(jti) else { return FactOutcome::default() };
                let mut writes = vec![Write::RevokeToken(*jti, token.revoked.unwrap_or(*at))];
                writes.extend(revoke(rows, peers, &Revocation::with_token(*jti, *at)));
                FactOutcome::of(writes)
            }
            // The floor and what lies below it at one time: what is forgotten is refused.
            Self::Purge(floor) => {
                let writes = vec![Write::Floor(rows.floor.max(*floor))];
                FactOutcome { writes, changed: has_ended }
            }
            Self::Restored(shown) => {
                let adds = shown.beside(rows.restored);
                FactOutcome::of(adds.map(|adds| Write::Restored(Some(adds))).into_iter().collect())
            }
        }
    }
}

fn revoke(rows: &Durable, peers: &[PeerId], revocation: &Revocation) -> Vec<Write> {
    let known = peers.iter().filter_map(|peer| rows.peers.get(peer));
    let revoked = known.filter_map(|known| known.revoke(revocation));
    revoked.map(|peer| Write::Peer(Box::new(peer))).collect()
}
