//! Who asks for a session, and what is granted: what passes between a link and the hub's lock.

use std::collections::BTreeMap;

use crate::capability::Capabilities;
use crate::facts::{FactRecord, Invited};
use crate::id::{PeerId, PublicKey, RefreshHash, SecretNumber, SessionId};
use crate::wire::frame::{Method, Purpose};

/// Who asks for a session; every proof has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// How it was proved.
    pub method: Method,
    /// What the session is for.
    pub purpose: Purpose,
    /// The id and the key whose possession was proved; none for `open`.
    pub identity: Option<(PeerId, PublicKey)>,
    /// What proved it beside the key; none for `open`.
    pub evidence: Option<Evidence>,
    /// What the peer shows of a later start of this hub.
    pub later: Later,
    /// The program and its version.
    pub agent: String,
    /// The labels that the peer gives itself.
    pub labels: BTreeMap<String, String>,
}

impl Claim {
    /// The shared secret that proved it.
    #[must_use]
    pub fn secret(&self) -> Option<SecretNumber> {
        match self.evidence {
            Some(Evidence::Secret(number)) => Some(number),
            Some(Evidence::Join { .. } | Evidence::Resume { .. } | Evidence::Refresh { .. })
            | None => None,
        }
    }
}

/// What a peer shows of a later start of this hub.
///
/// Whoever reaches a hub gets a Hello from it, so this says nothing of the peer; and a signature is
/// not checked for somebody who has proved nothing. `// spec: admission §4.2`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Later {
    /// Nothing, or nothing that holds.
    #[default]
    Nothing,
    /// Something that nobody has looked at.
    Shown,
    /// A Hello that this hub's identity signed, of this generation.
    Verified(u64),
}

/// What a link has checked by itself: its form, its signature or MAC, its dates.
/// Whether it still holds, the hub knows.
///
/// `fresh` is the hash of a refresh token that the link has drawn: it is handed out where the
/// [`Grant`] says so.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// The shared secret of this number.
    Secret(SecretNumber),
    /// A join token.
    Join {
        /// What the token says.
        invited: Box<Invited>,
        /// See [`Evidence`].
        fresh: RefreshHash,
    },
    /// A certificate of this hub's for this id and key.
    Resume {
        /// What the certificate says.
        certified: Certified,
        /// See [`Evidence`].
        fresh: RefreshHash,
    },
    /// A refresh token.
    Refresh {
        /// Its hash.
        presented: RefreshHash,
        /// See [`Evidence`].
        fresh: RefreshHash,
    },
}

/// What a certificate of this hub's says. Dates are seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certified {
    /// Which issue of the hub's certificates it is.
    pub issue: u32,
    /// When it ends.
    pub not_after: u64,
    /// Whether it has ended.
    pub expired: bool,
}

/// A session asks for new credentials; its proof has been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The id and the key of the session.
    pub identity: (PeerId, PublicKey),
    /// The hash of the refresh token presented.
    pub presented: RefreshHash,
    /// The hash of one that the link has drawn.
    pub fresh: RefreshHash,
}

/// What the hub grants.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The id claimed, or the one assigned.
    pub peer: PeerId,
    /// What the session may do.
    pub capabilities: Capabilities,
    /// When the session ends, seconds since 1970.
    pub expires: Option<u64>,
    /// What has to be recorded before the session may begin, or go on.
    pub record: Option<FactRecord>,
    /// What is to be minted once that is committed.
    pub issues: Option<Issues>,
    /// The hub's revocation epoch at which all this held.
    pub epoch: u64,
}

/// A certificate to be minted, and the end of the refresh token that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issues {
    /// The certificate's issue.
    pub issue: u32,
    /// Valid from, seconds since 1970.
    pub not_before: u64,
    /// Valid to, seconds since 1970; the session ends then.
    pub not_after: u64,
    /// When the refresh token ends, seconds since 1970.
    pub refresh_ends: u64,
}

/// A session about to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    /// Who it is.
    pub claim: Claim,
    /// What was granted.
    pub grant: Grant,
    /// The session's id.
    pub session: SessionId,
}
