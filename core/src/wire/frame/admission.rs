//! Hello, Authenticate, Welcome, Refuse: the frames of admission.

use std::collections::BTreeMap;

use crate::capability::Capability;
use crate::code::Code;
use crate::id::{Nonce, PeerId, Pin, PublicKey, SessionId};

/// 0x01 `[1, bstr(HelloBody), bstr(signature)]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hello<'a> {
    /// The encoded [`HelloBody`].
    pub body: &'a [u8],
    /// The identity key over `"bowline/1 hello" ‖ peer nonce ‖ SHA-256(body)`.
    pub signature: &'a [u8; 64],
}

/// What Hello's signature covers.
#[derive(Clone, Debug, PartialEq)]
pub struct HelloBody {
    /// 0: the hub's identity key.
    pub identity: PublicKey,
    /// 1: the hub's display name.
    pub name: String,
    /// 2: the hub's nonce.
    pub nonce: Nonce,
    /// 3: the methods offered, ascending, at least one. A number that this version does not know
    /// is kept, so that a newer hub can be told apart from a wrong one.
    pub methods: Vec<u64>,
    /// 4: the hub's clock, seconds since 1970.
    pub unix: u64,
    /// 5: the TLS keys valid at this hub, ascending; empty where the hub is `plain`.
    pub tls_keys: Vec<Pin>,
    /// 6: how often the hub has started, durably.
    pub generation: u64,
    /// 7: what a session here gets.
    pub limits: SessionLimits,
}

/// Bounds that a hub tells its peers. Encoded as a map: 0, 1, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// 0: bytes of the largest message.
    pub message: u64,
    /// 1: calls open in one direction.
    pub open_calls: u64,
    /// 2: the longest deadline of a call, milliseconds.
    pub call_deadline_ms: u64,
}

/// How a peer proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Method {
    /// No proof at all.
    Open = 0,
    /// The shared secret.
    Secret = 1,
    /// A join token.
    Join = 2,
    /// The certificate minted at join.
    Resume = 3,
    /// A refresh token.
    Refresh = 4,
    /// A room-scoped capability token.
    Pass = 5,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// 0: routable and listed; one for each peer.
    Serve = 0,
    /// 1: calls and watches; any number.
    Operate = 1,
}

/// 0x02 `[2, bstr(AuthBody), bstr(proof)]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Authenticate<'a> {
    /// The encoded [`AuthBody`].
    pub body: &'a [u8],
    /// What the method asks for: nothing, or possession (64 bytes), or possession and a MAC (96).
    pub proof: &'a [u8],
}

/// What Authenticate's proof covers.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthBody {
    /// 0: the method's number; one that this version does not know is kept, and refused later.
    pub method: u64,
    /// 1.
    pub purpose: Purpose,
    /// 2: absent for `open`, where the hub assigns one.
    pub peer: Option<PeerId>,
    /// 3: absent for `open`.
    pub key: Option<PublicKey>,
    /// 4: the SPKI hash of the certificate that the peer saw; absent where the hub is `plain`.
    pub seen: Option<Pin>,
    /// 5: the method's credential; absent for `open` and `secret`.
    pub credential: Option<Vec<u8>>,
    /// 6: the program and its version, at most 64 bytes of text.
    pub agent: String,
    /// 7: the peer's own labels; absent where there are none.
    pub labels: BTreeMap<String, String>,
    /// 8: the highest generation of this hub that the peer has seen; absent at a first contact.
    pub generation: Option<u64>,
}

/// 0x03 `[3, bstr(WelcomeBody), bstr(proof)]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welcome<'a> {
    /// The encoded [`WelcomeBody`].
    pub body: &'a [u8],
    /// The hub's MAC (32 bytes) for `secret`; empty for every other method.
    pub proof: &'a [u8],
}

/// What Welcome's proof covers.
#[derive(Clone, Debug, PartialEq)]
pub struct WelcomeBody {
    /// 0.
    pub session: SessionId,
    /// 1: the id that was admitted, or assigned.
    pub peer: PeerId,
    /// 2: what this session may do, in the order of their spelling's bytes.
    pub capabilities: Vec<Capability>,
    /// 4: when the session ends, seconds since 1970; absent where it does not.
    pub expires: Option<u64>,
    /// 5: seconds between heartbeats.
    pub heartbeat: u64,
    /// 6.
    pub limits: SessionLimits,
}

/// 0x04 `[4, {0: code, 1: text, 2: unix time, ? 3: retry-after}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refuse<'a> {
    /// 0: the code's name.
    pub code: Code,
    /// 1: a sentence for a person; may be empty.
    pub text: &'a str,
    /// 2: the hub's clock, seconds since 1970.
    pub unix: u64,
    /// 3: seconds to wait before another try.
    pub retry_after: Option<u64>,
}
