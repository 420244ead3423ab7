//! Authenticate: the peer says who it is, and proves it.

use core::fmt;
use std::collections::BTreeMap;

use crate::id::{PeerId, Pin, PublicKey};
use crate::wire::bounds;
use crate::wire::frame::Purpose;
use crate::wire::frame::admission::MethodNumber;
use crate::wire::frame::codec::{Agent, Payload};
use crate::wire::frame::proved::{MethodProof, Proof, proved};
use crate::wire::frame::table::*;

proved! {
    /// Who the peer is, with its proof.
    pub struct Authenticate<'a> over AuthBody in Vec<u8> {
        /// What the method asks for: nothing, or possession (64 bytes), or possession and a MAC
        /// (96).
        proof: &'a [u8] as MethodProof,
    }
}

record! {
    /// What Authenticate's proof covers.
    ///
    /// Which keys go with which method is not looked at: `auth` knows the methods.
    #[derive(Clone, PartialEq)]
    pub struct AuthBody named "auth-body" {
        /// Number of the method; one that this version does not know is kept, and refused later.
        0 required "method" method: u64 as MethodNumber,
        /// Purpose of the session.
        1 required "purpose" purpose: Purpose,
        /// Peer's id; absent for `open`, where the hub assigns one.
        2 optional "peer" peer: Option<PeerId>,
        /// Peer's key; absent for `open`.
        3 optional "peer's key" key: Option<PublicKey>,
        /// SPKI hash of the certificate that the peer saw; absent where the hub is `plain`.
        4 optional "TLS key seen" seen: Option<Pin>,
        /// Credential of the method; absent for `open` and `secret`.
        5 optional "credential" credential: Option<Vec<u8>> as Payload,
        /// Program and its version, at most 64 bytes of text.
        6 required "agent" agent: String as Agent,
        /// Labels of the peer; absent where there are none.
        7 optional "labels" labels: BTreeMap<String, String>,
        /// Number that means nothing: it is read, and nobody sends it.
        8 optional "generation" generation: Option<u64>,
        /// Start of this hub that is later than the one in its Hello, as
        /// [`SeenStart`](crate::trust::SeenStart) spells it; whatever else it holds is no error.
        0x80 optional "a later start" later: Option<Vec<u8>> as LaterStart,
    }
}

/// Bytes, where they are bytes.
enum LaterStart {}

codec!(
    LaterStart: Option<Vec<u8>>, FieldKind::Bytes, Grammar::Bytes(0, bounds::SEEN_START),
    |r| Ok(r.bytes_if_any()?.map(<[u8]>::to_vec)),
    |later, w| w.bytes(later.as_deref().unwrap_or_default()),
);

/// Everything but the credential, which may be a token.
impl fmt::Debug for AuthBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBody")
            .field("method", &self.method)
            .field("purpose", &self.purpose)
            .field("peer", &self.peer)
            .field("key", &self.key)
            .field("seen", &self.seen)
            .field("credential_len", &self.credential.as_ref().map(Vec::len))
            .field("agent", &self.agent)
            .field("labels", &self.labels)
            .field("generation", &self.generation)
            .field("later_len", &self.later.as_ref().map(Vec::len))
            .finish()
    }
}
