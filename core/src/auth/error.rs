//! Why an admission failed, for the operator of the side that failed it.

use crate::arrival::TurnedAway;
use crate::code::Code;
use crate::id::{PeerId, Pin};
use crate::identity::{CertificateError, MintError};
use crate::token::TokenError;
use crate::trust::TrustError;
use crate::wire::WireError;
use crate::wire::frame::Method;

/// Why an admission failed. No secrets; the remote gets only [`AuthError::code`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// A message that is not a frame.
    #[error("a message is not a frame: {0}")]
    Wire(#[from] WireError),
    /// A frame that does not belong to admission, or came out of turn.
    #[error("a '{0}' frame came before admission was done")]
    OutOfTurn(&'static str),
    /// Hub: the peer asks for a method that this hub does not offer.
    #[error("the peer asked for admission method {0}, which this hub does not offer")]
    MethodNotOffered(u64),
    /// Peer: the hub does not offer the configured method.
    #[error(
        "the hub does not offer '{}', which this peer uses; it offers {offered}", .wanted.name()
    )]
    HubLacksMethod {
        /// The method this peer is configured for.
        wanted: Method,
        /// Those that the hub offers, in quotes.
        offered: String,
    },
    /// Hub: the connection was turned away before Hello.
    #[error("turned away: {}: {}", .0.why.code(), .0)]
    TurnedAway(TurnedAway),
    /// Hub: the peer saw another TLS key.
    #[error(
        "the peer saw the TLS key {seen}, where this hub, or a proxy of its 'external-pins', serves \
         {served}: something between them terminates TLS"
    )]
    OtherKeySeen {
        /// What the peer says that it saw.
        seen: String,
        /// What it should have seen.
        served: String,
    },
    /// Hub: a part that the method needs is missing, or one that it must not have is there.
    #[error("the peer's claim has not the form that its method needs: {0}")]
    Form(&'static str),
    /// Hub: the MAC is wrong: another secret.
    #[error("the peer's proof does not match the shared secret")]
    WrongSecret,
    /// Hub: the peer did not prove that it holds its key.
    #[error("the peer did not prove possession of its key")]
    NoPossession,
    /// Hub: the join token is none of this hub's, or its time has not come or is over.
    #[error("the join token is not taken: {0}")]
    Token(#[from] TokenError),
    /// Hub: the certificate is none of this hub's.
    #[error("the peer's certificate is not one of this hub's: {0}")]
    Certificate(#[from] CertificateError),
    /// Hub: the certificate in the TLS handshake is another than the one that was brought.
    #[error("the peer showed another certificate in TLS than the one that it brought")]
    OtherCertificate,
    /// Hub: the certificate is from the future.
    #[error("the peer's certificate is valid only {by} s from now: a clock is wrong, here or then")]
    NotYetValid {
        /// Seconds.
        by: u64,
    },
    /// Hub: a certificate could not be made.
    #[error("cannot make a certificate for the peer: {0}")]
    Mint(#[from] MintError),
    /// Peer: what the hub minted is not for this peer, or not what it should be.
    #[error("the hub minted credentials that are not this peer's: {0}; they were not kept")]
    NotOurs(&'static str),
    /// Hub: the lock or the ledger said no.
    #[error("admission of {peer} was refused: {code}", peer = peer_or_open(*.0), code = .1)]
    Refused(Option<PeerId>, Code),
    /// Hub: the same for a reason that the remote is told.
    #[error("admission of {peer} was refused: {code}: {said}", peer = peer_or_open(*.0), code = .1, said = .2)]
    Said(Option<PeerId>, Code, &'static str),
    /// Peer: the hub is not the one that it should be, or nothing tells.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Peer: the hub's MAC is wrong: another secret.
    #[error("the hub did not prove that it holds the shared secret; nothing about it was kept")]
    HubNotProved,
    /// Peer: Welcome names another peer than the one that asked.
    #[error("the hub admitted '{0}', which is not what this peer asked for")]
    OtherPeer(PeerId),
    /// Peer: what was learnt of the hub could not be kept.
    #[error("what was learnt of the hub could not be kept; the link was not used")]
    NotKept,
}

fn peer_or_open(peer: Option<PeerId>) -> String {
    peer.map_or_else(|| "an unnamed peer".to_owned(), |peer| format!("'{peer}'"))
}

/// How a pin, or its absence, reads in an error.
pub(super) fn pin_or_none(pin: Option<Pin>) -> String {
    pin.map_or_else(|| "none".to_owned(), |pin| pin.to_string())
}

/// How a list of pins reads in an error.
pub(super) fn pins_or_none(pins: &[Pin]) -> String {
    match pins {
        [] => "none".to_owned(),
        pins => pins.iter().map(Pin::to_string).collect::<Vec<_>>().join(" or "),
    }
}

impl AuthError {
    /// Whether this counts against the peer's source at a hub.
    pub(crate) fn is_failed_attempt(&self) -> bool {
        match self {
            Self::Wire(_)
            | Self::OutOfTurn(_)
            | Self::MethodNotOffered(_)
            | Self::OtherKeySeen { .. }
            | Self::Form(_)
            | Self::WrongSecret
            | Self::NoPossession
            | Self::Certificate(_)
            | Self::OtherCertificate => true,
            // A good token, or certificate, of a clock that is off is nobody's guess.
            Self::Token(error) => error.code() == Code::Refused,
            // The hub's own state, or its disk, said these; anything else is about who asks.
            Self::Refused(_, code) | Self::Said(_, code, _) => !matches!(
                code,
                Code::Full | Code::Unavailable | Code::RateLimited | Code::GoingAway
            ),
            Self::TurnedAway(_)
            | Self::HubLacksMethod { .. }
            | Self::Trust(_)
            | Self::HubNotProved
            | Self::OtherPeer(_)
            | Self::NotOurs(_)
            | Self::NotYetValid { .. }
            | Self::Mint(_)
            | Self::NotKept => false,
        }
    }

    /// The sentence that the remote is told: what its code means, and, where it was turned away,
    /// the address that the hub saw.
    #[must_use]
    pub fn said(&self) -> String {
        match self {
            Self::TurnedAway(away) => away.to_string(),
            Self::Said(_, _, said) => (*said).to_owned(),
            error => error.code().row().meaning.to_owned(),
        }
    }

    /// What the remote may know.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Wire(_) | Self::OutOfTurn(_) => Code::ProtocolError,
            Self::MethodNotOffered(_) | Self::HubLacksMethod { .. } => Code::MethodNotOffered,
            Self::TurnedAway(away) => away.why.code(),
            Self::OtherKeySeen { .. } => Code::OtherKeySeen,
            Self::Form(_)
            | Self::WrongSecret
            | Self::NoPossession
            | Self::Certificate(_)
            | Self::OtherCertificate => Code::Refused,
            Self::Token(error) => error.code(),
            Self::NotYetValid { .. } => Code::NotYetValid,
            Self::Mint(_) => Code::Unavailable,
            Self::Refused(_, code) | Self::Said(_, code, _) => *code,
            Self::Trust(error) => error.code(),
            Self::HubNotProved | Self::OtherPeer(_) | Self::NotOurs(_) => Code::HubNotProved,
            Self::NotKept => Code::Unavailable,
        }
    }
}
