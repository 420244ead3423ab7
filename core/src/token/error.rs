//! Why a token is not taken: for the operator exactly, for whoever sent it in a word.
//!
//! Nothing here holds the token, or enough of it to be used: names and single values of it, cut.

use super::algorithm::Algorithm;
use super::claims::ClaimFault;
use super::header::HeaderFault;
use super::part::{MOST, PartError, TokenPart};
use crate::code::Code;
use crate::id::{HubId, KeyId};

/// Why a token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// Above [`MOST`] bytes.
    #[error("{bytes} bytes: a token has at most {MOST}")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Another number of parts than three.
    #[error(
        "three parts with a dot between; these are {parts}{}",
        if *parts == 5 { ", as an encrypted token has" } else { "" }
    )]
    Parts {
        /// How many.
        parts: usize,
    },
    /// A part is not strict base64 of what belongs there.
    #[error("{part}: {error}")]
    Part {
        /// Which.
        part: TokenPart,
        /// What is wrong with it.
        error: PartError,
    },
    /// The header asks for what is never done, or lacks what it must say.
    #[error("header: {}", listed(.0))]
    Header(Vec<HeaderFault>),
    /// No key of that name.
    #[error(
        "its kid names no key of this hub: it was made by another hub, or its key was forgotten. \
         Issue a new token"
    )]
    UnknownKey,
    /// The algorithm is not that of the key which is named.
    #[error("its alg is {alg}, and the key it names signs with {key}")]
    OtherAlgorithm {
        /// What the header says.
        alg: Algorithm,
        /// What the key signs with.
        key: Algorithm,
    },
    /// The signature is not that key's over this token.
    #[error("the signature does not verify: it was changed on its way, or forged")]
    Signature,
    /// The signature is good, and its key was revoked.
    #[error("its key {0} was revoked. Issue a new token")]
    RevokedKey(KeyId),
    /// The signature is good, and its key was replaced so long ago that nothing it signed still
    /// holds.
    #[error("its key {kid} is out of use since {until}, and it is {now}. Issue a new token")]
    RetiredKey {
        /// The key.
        kid: KeyId,
        /// Seconds since 1970.
        until: u64,
        /// The verifier's time, seconds since 1970.
        now: u64,
    },
    /// The signature is good, and the claims are not such a token's.
    #[error("claims: {}", listed(.0))]
    Claims(Vec<ClaimFault>),
    /// The signature is good, and the token is for another hub.
    #[error("it is for the hub {0}, which is not this one")]
    OtherHub(HubId),
    /// The signature is good, and the token's time has not come.
    #[error(
        "it is valid from {from}, and it is {now} (unix time; {skew} s are allowed). \
         Compare the clocks of this machine and of the one that issued it"
    )]
    NotYetValid {
        /// `iat`, or `nbf` where that is later; seconds since 1970.
        from: u64,
        /// The verifier's time, seconds since 1970.
        now: u64,
        /// Seconds allowed between clocks.
        skew: u64,
    },
    /// The signature is good, and the token's time is over.
    #[error(
        "it ended at {exp}, and it is {now} (unix time; {skew} s are allowed). Issue a new token"
    )]
    Expired {
        /// Seconds since 1970.
        exp: u64,
        /// The verifier's time, seconds since 1970.
        now: u64,
        /// Seconds allowed between clocks.
        skew: u64,
    },
}

impl TokenError {
    /// What whoever sent the token may know. Before the signature was verified it is `refused`,
    /// whatever the reason.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Empty
            | Self::TooLong { .. }
            | Self::Parts { .. }
            | Self::Part { .. }
            | Self::Header(_)
            | Self::UnknownKey
            | Self::OtherAlgorithm { .. }
            | Self::Signature
            | Self::Claims(_)
            | Self::OtherHub(_) => Code::Refused,
            Self::RevokedKey(_) => Code::Revoked,
            Self::RetiredKey { .. } | Self::Expired { .. } => Code::Expired,
            Self::NotYetValid { .. } => Code::NotYetValid,
        }
    }
}

fn listed<T: ToString>(faults: &[T]) -> String {
    faults.iter().map(T::to_string).collect::<Vec<_>>().join("; ")
}
