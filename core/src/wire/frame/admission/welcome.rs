//! Welcome: the peer is admitted.

use crate::capability::Capability;
use crate::id::{PeerId, SessionId};
use crate::wire::frame::codec::{Nested, Seconds, Unix};
use crate::wire::frame::proved::{Mac, Proof, proved};
use crate::wire::frame::table::*;
use crate::wire::frame::{Issued, SessionLimits};

proved! {
    /// What the peer gets, with the hub's own proof.
    pub struct Welcome<'a> over WelcomeBody in Vec<u8> {
        /// Hub's MAC (32 bytes) for `secret`; empty for every other method.
        proof: &'a [u8] as Mac,
    }
}

record! {
    /// What Welcome's proof covers.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WelcomeBody named "welcome-body" {
        /// Session's id.
        0 required "session" session: SessionId,
        /// Peer's id: the one that was admitted, or assigned.
        1 required "peer" peer: PeerId,
        /// Capabilities of this session, in the order of their spelling's bytes. Those that this
        /// version does not know are left out when read.
        2 required "capabilities" capabilities: Vec<Capability> as Capability,
        /// End of the session, seconds since 1970; absent where it does not end.
        4 optional "expires" expires: Option<u64> as Unix,
        /// Seconds between heartbeats.
        5 required "heartbeat" heartbeat: u64 as Seconds,
        /// Limits of this session.
        6 required "limits" limits: SessionLimits as Nested,
        /// Credentials that were minted; absent where none were.
        7 optional "credentials" issued: Option<Issued> as Nested,
    }
}
