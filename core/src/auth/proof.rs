//! Proof tokens: values that only the code that made a check can make.
//!
//! An admitted link cannot be built without them, so a check that is forgotten does not compile.

use crate::capability::Capabilities;
use crate::id::{HubId, PeerId, SessionId};
use crate::wire::frame::{Method, Purpose, SessionLimits};

/// The peer named the TLS key that this hub served on this connection, or there is no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelBound(pub(super) ());

/// The peer's side of the method was checked: the MAC and possession, or that the hub asks for
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerProved(pub(super) ());

/// The hub's side of the method was checked: trust was decided on a verified Hello and, for
/// `secret`, the MAC in Welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubProved(pub(super) ());

/// A link that has been admitted, by either side.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Admitted {
    /// The session's id.
    pub session: SessionId,
    /// The peer's id, claimed or assigned.
    pub peer: PeerId,
    /// The hub's id.
    pub hub: HubId,
    /// How the peer was admitted.
    pub method: Method,
    /// What the session is for.
    pub purpose: Purpose,
    /// What it may do.
    pub capabilities: Capabilities,
    /// When it ends, seconds since 1970.
    pub expires: Option<u64>,
    /// The hub's bounds for it.
    pub limits: SessionLimits,
    /// Seconds between the hub's heartbeats.
    pub heartbeat: u64,
    pub(super) proof: AdmissionProof,
}

/// What had to be checked on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AdmissionProof {
    /// At the hub.
    Hub(ChannelBound, PeerProved),
    /// At the peer.
    Peer(HubProved),
}

impl Admitted {
    /// Whether the hub's side of the link made this.
    #[must_use]
    pub fn is_hub(&self) -> bool {
        matches!(self.proof, AdmissionProof::Hub(..))
    }

    /// An admission that nothing was checked for: tests of the floors above begin with it.
    #[cfg(test)]
    pub(crate) fn for_tests(side: crate::session::Side, purpose: Purpose) -> Self {
        let proof = match side {
            crate::session::Side::Hub => AdmissionProof::Hub(ChannelBound(()), PeerProved(())),
            crate::session::Side::Peer => AdmissionProof::Peer(HubProved(())),
        };
        let limits = crate::limits::Limits::default();
        Self {
            session: SessionId([7; 16]),
            peer: "web-1".parse().unwrap(),
            hub: HubId([9; 16]),
            method: Method::Open,
            purpose,
            capabilities: Capabilities::default(),
            expires: None,
            limits: SessionLimits {
                message: limits.message as u64,
                open_calls: limits.open_calls as u64,
                call_deadline_ms: 86_400_000,
            },
            heartbeat: 15,
            proof,
        }
    }
}
