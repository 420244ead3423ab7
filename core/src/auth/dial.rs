//! What a peer brings to one connection: where to, what it knows, and how it proves itself.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::auth::{PeerCredentials, SharedSecret};
use crate::id::PeerId;
use crate::identity::PeerKey;
use crate::limits::Limits;
use crate::trust::{Known, Mode};
use crate::tunnel::ClientTls;
use crate::wire::frame::{Method, Purpose};

/// One connection to be made. The shell opens the socket; a link takes it from there.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The host of the hub's URL: a DNS name or an IP address without brackets.
    pub host: String,
    /// The value of the `Host` header: host, and port where it is not the scheme's own.
    pub authority: String,
    /// The path of the hub's URL, `/link` as a rule.
    pub path: String,
    /// TLS, or none.
    pub transport: Transport,
    /// How the hub is to be checked.
    pub trust: Mode,
    /// What is known of the hub.
    pub known: Known,
    /// How this peer proves itself.
    pub credential: Credential,
    /// What the session is for.
    pub purpose: Purpose,
    /// The id and key of this peer; `open` sends neither.
    pub peer: PeerId,
    /// The peer's own key.
    pub key: Arc<PeerKey>,
    /// The program and its version, at most 64 bytes.
    pub agent: String,
    /// The peer's labels.
    pub labels: BTreeMap<String, String>,
    /// The bounds of the link.
    pub limits: Limits,
}

/// What lies under the WebSocket.
#[derive(Clone, Debug)]
pub enum Transport {
    /// `ws://`.
    Plain,
    /// `wss://`.
    Tls(ClientTls),
}

/// How a peer proves itself. It uses the one that it is configured for and never falls back.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// No proof.
    Open,
    /// The shared secret.
    Secret(SharedSecret),
    /// A join token.
    Join(JoinToken),
    /// The certificate that the hub minted.
    Resume(PeerCredentials),
    /// The refresh token that the hub gave with it.
    Refresh(PeerCredentials),
    /// The hub is only looked at: trust is decided as for this method, then the link ends, and
    /// nothing was proved or bound.
    Withheld(Method),
}

/// A join token, as the hub made it; not printed.
#[derive(Clone)]
pub struct JoinToken(pub Zeroizing<String>);

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinToken({} bytes)", self.0.len())
    }
}

impl Credential {
    /// The method that goes with it.
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Self::Open => Method::Open,
            Self::Secret(_) => Method::Secret,
            Self::Join(_) => Method::Join,
            Self::Resume(_) => Method::Resume,
            Self::Refresh(_) => Method::Refresh,
            Self::Withheld(method) => *method,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Withheld(method) => write!(f, "Withheld({})", method.name()),
            Self::Open | Self::Secret(_) | Self::Join(_) | Self::Resume(_) | Self::Refresh(_) => {
                write!(f, "Credential({})", self.method().name())
            }
        }
    }
}
