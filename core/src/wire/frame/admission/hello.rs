//! Hello: the hub says who it is.

use crate::id::{Nonce, Pin, PublicKey};
use crate::wire::bounds;
use crate::wire::frame::SessionLimits;
use crate::wire::frame::admission::MethodNumber;
use crate::wire::frame::codec::{Identity, Nested, Rising, Unix};
use crate::wire::frame::proved::{Proof, Signature, proved};
use crate::wire::frame::table::*;

proved! {
    /// Who the hub is, with its signature.
    pub struct Hello<'a> over HelloBody in Vec<u8> {
        /// Signature of the identity key over `"bowline/1 hello" ‖ peer nonce ‖ SHA-256(body)`.
        signature: &'a [u8; 64] as Signature,
    }
}

record! {
    /// What Hello's signature covers.
    #[derive(Clone, Debug, PartialEq)]
    pub struct HelloBody named "hello-body" {
        /// Hub's identity key.
        0 required "identity" identity: PublicKey as Identity,
        /// Hub's display name.
        1 required "name" name: String,
        /// Hub's nonce.
        2 required "nonce" nonce: Nonce,
        /// Methods offered, ascending, at least one. A number that this version does not know is
        /// kept, so that a newer hub can be told apart from a wrong one.
        3 required "methods" methods: Vec<u64> as Rising<MethodNumber, 1, { bounds::METHODS }>,
        /// Hub's clock, seconds since 1970.
        4 required "hub's clock" unix: u64 as Unix,
        /// TLS keys valid at this hub, ascending; empty where the hub is `plain`.
        5 required "TLS keys" tls_keys: Vec<Pin> as Rising<Pin, 0, { bounds::TLS_KEYS }>,
        /// Number of the hub's starts, durably counted.
        6 required "generation" generation: u64,
        /// Limits of a session here.
        7 required "limits" limits: SessionLimits as Nested,
    }
}
