//! Why a hub is not trusted: what happened, what was expected, what was seen.
//!
//! Ids, pins and names are public, so every message may be shown and logged.

use core::fmt;

use super::check_by::PinSpec;
use super::entry::Identities;
use super::roots::ChainFault;
use crate::code::Code;
use crate::id::{HubId, Pin};

/// Why a hub is not trusted. `hub` is the configured name or URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// Hello is not signed, for this link, by the identity that it claims.
    BadHello {
        /// The configured hub.
        hub: String,
        /// The claim.
        claimed: HubId,
    },
    /// The hub has another identity than one that is known for it.
    IdentityMismatch {
        /// The configured hub.
        hub: String,
        /// All that are known; they may differ among themselves.
        expected: Identities,
        /// The one that signed Hello.
        seen: HubId,
    },
    /// The identity does not list the TLS key that was served.
    KeyNotVouched {
        /// The configured hub.
        hub: String,
        /// The identity that signed Hello.
        identity: HubId,
        /// The keys that it lists.
        listed: Vec<Pin>,
        /// The key that was served.
        seen: Pin,
    },
    /// The key that was served is none of the pinned ones.
    PinMismatch {
        /// The configured hub.
        hub: String,
        /// The pins.
        expected: Vec<PinSpec>,
        /// The key that was served.
        seen: Pin,
    },
    /// The certificate served does not chain to the given roots, or its dates or names are wrong.
    NotChained {
        /// The configured hub.
        hub: String,
        /// What is wrong, with both values.
        fault: ChainFault,
    },
    /// `strict`, with neither pins nor roots.
    NothingToCheckBy {
        /// The configured hub.
        hub: String,
        /// The identities known, which alone do not satisfy `strict`.
        known: Identities,
    },
    /// Nothing is known of the hub, and the admission method does not make it prove itself.
    UnknownHub {
        /// The configured hub.
        hub: String,
        /// The identity that signed Hello.
        id: HubId,
        /// The key that was served; none without TLS.
        pin: Option<Pin>,
    },
    /// The settings contradict each other, so a check that was asked for could not be made.
    Misconfigured {
        /// The configured hub.
        hub: String,
        /// How.
        what: Misconfiguration,
    },
}

/// Settings that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misconfiguration {
    /// `pins` without TLS.
    PinsWithPlain,
    /// `roots` without TLS.
    RootsWithPlain,
    /// `roots` in `tofu`, which never looks at them.
    RootsWithTofu,
    /// A link over TLS in mode `plain`.
    PlainOverTls,
    /// A link without TLS in mode `tofu` or `strict`.
    NoTls,
}

impl TrustError {
    /// The code that logs and `--json` show. It is never sent.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::BadHello { .. } => Code::BadHello,
            Self::IdentityMismatch { .. } => Code::IdentityMismatch,
            Self::KeyNotVouched { .. } => Code::KeyNotVouched,
            Self::PinMismatch { .. } => Code::PinMismatch,
            Self::NotChained { .. } => Code::NotChained,
            Self::NothingToCheckBy { .. } => Code::NothingToCheckBy,
            Self::UnknownHub { .. } => Code::UnknownHub,
            Self::Misconfigured { .. } => Code::Misconfigured,
        }
    }

    /// What would have passed, each value as it is written; none where there is no single one.
    #[must_use]
    pub fn expected(&self) -> Vec<String> {
        match self {
            Self::IdentityMismatch { expected, .. } => {
                let known = [expected.stored, expected.configured, expected.token];
                let mut ids: Vec<_> =
                    known.into_iter().flatten().map(|id| id.to_string()).collect();
                ids.dedup();
                ids
            }
            Self::KeyNotVouched { listed, .. } => listed.iter().map(Pin::to_string).collect(),
            Self::PinMismatch { expected, .. } => expected.iter().map(PinSpec::to_string).collect(),
            Self::BadHello { .. }
            | Self::NotChained { .. }
            | Self::NothingToCheckBy { .. }
            | Self::UnknownHub { .. }
            | Self::Misconfigured { .. } => Vec::new(),
        }
    }

    /// The identity or the pin that was met.
    #[must_use]
    pub fn seen(&self) -> Option<String> {
        match self {
            Self::BadHello { claimed: id, .. }
            | Self::IdentityMismatch { seen: id, .. }
            | Self::UnknownHub { id, .. } => Some(id.to_string()),
            Self::KeyNotVouched { seen, .. } | Self::PinMismatch { seen, .. } => {
                Some(seen.to_string())
            }
            Self::NotChained { .. }
            | Self::NothingToCheckBy { .. }
            | Self::Misconfigured { .. } => None,
        }
    }
}

impl fmt::Display for TrustError {
    /// The first line says what happened; lines below it, what was expected and what was seen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadHello { hub, claimed } => {
                write!(f, "the Hello of {hub} is not signed by the identity that it claims")?;
                write!(f, "\n  claimed   {claimed}")
            }
            Self::IdentityMismatch { hub, expected, seen } => {
                write!(f, "{hub} has another identity than the one known")?;
                write_identities(f, expected)?;
                write!(f, "\n  seen      {seen}")
            }
            Self::KeyNotVouched { hub, identity, listed, seen } => {
                write!(f, "the identity of {hub} does not vouch for the TLS key that was served")?;
                write!(f, "\n  identity  {identity}")?;
                write_list(f, listed)?;
                write!(f, "\n  seen      {seen}")
            }
            Self::PinMismatch { hub, expected, seen } => {
                write!(f, "the TLS key that {hub} served is none of the pinned ones")?;
                write_list(f, expected)?;
                write!(f, "\n  seen      {seen}")
            }
            Self::NotChained { hub, fault } => {
                write!(f, "the certificate of {hub} does not pass the given roots\n  {fault}")
            }
            Self::NothingToCheckBy { hub, known } => {
                write!(
                    f,
                    "strict was asked for with neither pins nor roots to check the TLS key of {hub} by"
                )?;
                write_identities(f, known)
            }
            Self::UnknownHub { hub, id, pin } => {
                write!(
                    f,
                    "nothing is known of {hub}, and this admission method does not make it prove \
                     itself\n  identity  {id}"
                )?;
                pin.map_or(Ok(()), |pin| write!(f, "\n  pin       {pin}"))
            }
            Self::Misconfigured { hub, what } => write!(f, "the settings for {hub}: {what}"),
        }
    }
}

impl core::error::Error for TrustError {}

impl fmt::Display for Misconfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PinsWithPlain => "pins were given, and plain has no TLS key to check by them",
            Self::RootsWithPlain => {
                "roots were given, and plain has no certificate to check by them"
            }
            Self::RootsWithTofu => "roots were given, and tofu does not check by them",
            Self::PlainOverTls => "the mode is plain, and the link is over TLS",
            Self::NoTls => "the mode asks for TLS, and the link has none",
        })
    }
}

fn write_identities(f: &mut fmt::Formatter<'_>, known: &Identities) -> fmt::Result {
    for (id, source) in [
        (known.stored, "kept from an earlier connection"),
        (known.configured, "configured as hub-id"),
        (known.token, "the issuer of the token in use"),
    ] {
        if let Some(id) = id {
            write!(f, "\n  expected  {id} ({source})")?;
        }
    }
    Ok(())
}

/// A line for each of the first [`SHOWN`], and how many more there are: the list can be a
/// stranger's.
fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, expected: &[T]) -> fmt::Result {
    if expected.is_empty() {
        return write!(f, "\n  expected  none at all");
    }
    for pin in expected.iter().take(SHOWN) {
        write!(f, "\n  expected  {pin}")?;
    }
    match expected.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, "\n  expected  or one of {more} more"),
    }
}

/// How many of a list are shown.
const SHOWN: usize = 4;

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
