//! What a hub tells whoever keeps its log: who came and left, who was refused and why, and what a
//! person has to look into. Nothing depends on it.

use core::net::IpAddr;

use crate::arrival::RejectReason;
use crate::facts::Restored;
use crate::id::{Jti, LinkId, PeerId, SecretNumber};
use crate::wire::frame::Purpose;

/// What happened in the hub, for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HubEvent {
    /// A session began.
    Online {
        /// The link.
        link: LinkId,
        /// The peer.
        peer: PeerId,
        /// What the session is for.
        purpose: Purpose,
    },
    /// A peer said which commands it serves.
    Ready {
        /// The peer.
        peer: PeerId,
        /// How many they are.
        commands: usize,
    },
    /// Links were turned away before Hello: the first at once, those of the minute after it
    /// together.
    TurnedAway {
        /// Their source, an IPv6 one as its /64; none for many others together.
        source: Option<IpAddr>,
        /// Why the last one was.
        why: RejectReason,
        /// How many there were since the last time.
        count: u64,
    },
    /// A peer was refused because its links take each other's place: two machines have its id and
    /// its key. At most once in a minute for each.
    Contested {
        /// The peer.
        peer: PeerId,
    },
    /// A join token came from another key than may use it, or for another id than that key's.
    Replayed {
        /// Who brought it.
        peer: PeerId,
        /// The token.
        jti: Jti,
    },
    /// A join token verifies and is not the one that was recorded: who made it has the key, which
    /// may be stolen.
    Forged {
        /// Who brought it.
        peer: PeerId,
        /// The number that it has.
        jti: Jti,
        /// The first claim that differs; `jti` where none of this number is recorded.
        claim: &'static str,
    },
    /// A refresh token came again after its successor: it may have been copied.
    Reused {
        /// Whose it is.
        peer: PeerId,
    },
    /// A peer was revoked.
    Revoked {
        /// The peer.
        peer: PeerId,
        /// Why.
        reason: String,
    },
    /// A peer has shown that this hub's storage is older than the hub: it was restored from a
    /// backup. It takes no join and no refresh token from here on, until that is accepted.
    RolledBack {
        /// What was shown, and by whom.
        restored: Restored,
        /// The hub's own generation.
        own: u64,
    },
    /// The grace of an old secret is over: it admits nobody any more.
    SecretEnded {
        /// Its number.
        number: SecretNumber,
    },
    /// A hub that stops has no session any more.
    Drained,
    /// A session is over.
    Offline {
        /// The link.
        link: LinkId,
        /// The peer.
        peer: PeerId,
        /// What the session was for.
        purpose: Purpose,
    },
}
