//! A connection that a hub accepted: the question that its link asks between the upgrade and Hello,
//! and the answers.
//!
//! Where a connection truly comes from is known only with its upgrade, which a proxy may have
//! forwarded. So the link says what it was told, and the hub, under its lock, says whether the link
//! may go on and how it came, or why it is turned away.

use core::fmt;
use core::net::IpAddr;

use crate::code::Code;
use crate::forwarded::Forwarded;

/// What the upgrade told of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// For whom it is carried; none where the request does not say.
    pub forwarded: Option<Forwarded>,
}

/// How a connection reached the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyPath {
    /// Straight from its source.
    Direct,
    /// From the address of a trusted proxy, with nothing forwarded: from the proxy itself, or from
    /// a program beside it.
    Beside,
    /// Through a trusted proxy, which says for whom.
    Proxied,
}

/// A link is turned away before Hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnedAway {
    /// Why.
    pub why: RejectReason,
    /// What the hub takes for the source.
    pub source: IpAddr,
    /// Seconds after which another try makes sense; none where it never does by itself.
    pub retry_after: Option<u64>,
}

/// Why a link is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The source is in none of the networks that are allowed.
    NotAllowed,
    /// Too many admissions from this source have failed.
    Failures,
    /// As many links are pending as may be, from all sources together.
    Full,
    /// As many links are pending as may be from this source.
    Pending,
}

impl RejectReason {
    /// What the remote is told.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::NotAllowed => Code::AddressNotAllowed,
            Self::Failures | Self::Pending => Code::RateLimited,
            Self::Full => Code::Full,
        }
    }
}

impl core::error::Error for TurnedAway {}

/// The sentence that the remote is told, with the address under which the hub sees it.
impl fmt::Display for TurnedAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { why, source, .. } = self;
        match why {
            RejectReason::NotAllowed => write!(f, "This hub takes no connection from {source}."),
            RejectReason::Failures => write!(f, "Too many admissions from {source} have failed."),
            RejectReason::Pending => {
                write!(f, "Too many connections from {source} wait to be admitted.")
            }
            RejectReason::Full => f.write_str("Too many connections wait to be admitted."),
        }
    }
}
