//! What a peer brings to one connection: where to, what it knows, and how it proves itself.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::auth::{PeerCredentials, SharedSecret};
use crate::id::PeerId;
use crate::identity::PeerKey;
use crate::limits::Limits;
use crate::socket::PATH;
use crate::trust::{KnownHub, Mode};
use crate::tunnel::ClientTls;
use crate::wire::frame::{Method, Purpose};

/// One connection to be made. The shell opens the socket; a link takes it from there.
///
/// Fields may be added: begin with [`Dial::new`].
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
    pub known: KnownHub,
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

impl Dial {
    /// A dial of the hub at `authority`, a host and its port, on the path `/link`. It is to serve,
    /// knows nothing of the hub and proves nothing; the hub is checked as in `tofu`, or as in
    /// `plain` without TLS. What is to be otherwise is said before it:
    ///
    /// ```
    /// use bowline_core::auth::{Dial, Transport};
    /// use bowline_core::wire::frame::Purpose;
    /// # use bowline_core::{id::PeerId, identity::{PeerKey, SigningKey}, random::{Random, Seed}};
    ///
    /// # let peer: PeerId = "ops".parse().unwrap();
    /// # let key = PeerKey(SigningKey::generate(&mut Random::new(&Seed([1; 32]))));
    /// let ops = Dial::new("hub.example:7777", Transport::Plain, peer, key);
    /// let dial = Dial { purpose: Purpose::Operate, ..ops };
    /// assert_eq!((dial.host.as_str(), dial.path.as_str()), ("hub.example", "/link"));
    /// ```
    #[must_use]
    pub fn new(
        authority: &str,
        transport: Transport,
        peer: PeerId,
        key: impl Into<Arc<PeerKey>>,
    ) -> Self {
        // An IPv6 address stands in brackets.
        let host = match authority.strip_prefix('[') {
            Some(address) => address.split(']').next(),
            None => authority.split(':').next(),
        };
        let trust = match transport {
            Transport::Plain => Mode::Plain,
            Transport::Tls(_) => Mode::Tofu,
        };
        Self {
            host: host.unwrap_or_default().to_owned(),
            authority: authority.to_owned(),
            path: PATH.to_owned(),
            transport,
            trust,
            known: KnownHub { hub: authority.to_owned(), ..KnownHub::default() },
            credential: Credential::Open,
            purpose: Purpose::Serve,
            peer,
            key: key.into(),
            agent: concat!("bowline-core/", env!("CARGO_PKG_VERSION")).to_owned(),
            labels: BTreeMap::new(),
            limits: Limits::default(),
        }
    }
}

/// What lies under the WebSocket.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
