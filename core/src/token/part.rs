//! One part of a token: strict base64, and JSON in it.
//!
//! spec: tokens §1.

use data_encoding::BASE64URL_NOPAD;

use super::algorithm::Algorithm;
use super::json::{JsonError, Object};

/// The longest token, in bytes.
pub const MOST: usize = 4 << 10;

/// Which part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPart {
    /// The first: which key signed, and how.
    Header,
    /// The second: what is claimed.
    Claims,
    /// The third.
    Signature,
}

impl core::fmt::Display for TokenPart {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// Why a part cannot be read. It shows one byte of the part at most, or one name, cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// Padding at the end.
    #[error("padded with '=': a token has no padding")]
    Padded,
    /// A byte that is not of URL-safe base64.
    #[error("character {at} is not of URL-safe base64: '{}'", byte.escape_ascii())]
    Character {
        /// Its place, from 1.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// A length that no bytes have in base64.
    #[error("{0} characters of base64 are no whole bytes")]
    Length(usize),
    /// Bits of the last character that stand for nothing are set: a second spelling.
    #[error("the last character of the base64 has stray bits")]
    StrayBits,
    /// Nothing where something must be.
    #[error("it is empty")]
    Empty,
    /// A signature of another length than its algorithm makes.
    #[error(
        "{found} bytes, and {algorithm} makes {wanted}: it was cut, or there is text behind it"
    )]
    Signature {
        /// Bytes that there are.
        found: usize,
        /// What the header names.
        algorithm: Algorithm,
        /// Bytes that it makes.
        wanted: usize,
    },
    /// Not the JSON of a token.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// Decodes strict unpadded URL-safe base64 (RFC 4648 §5).
///
/// # Errors
/// What keeps the part from being the only spelling of some bytes, at least one.
pub fn decode(part: &[u8]) -> Result<Vec<u8>, PartError> {
    if part.is_empty() {
        return Err(PartError::Empty);
    }
    if part.ends_with(b"=") {
        return Err(PartError::Padded);
    }
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if let Some(at) = part.iter().position(|byte| !is_known(byte)) {
        return Err(PartError::Character { at: at + 1, byte: part[at] });
    }
    if part.len() % 4 == 1 {
        return Err(PartError::Length(part.len()));
    }
    BASE64URL_NOPAD.decode(part).map_err(|_| PartError::StrayBits)
}

/// Decodes and reads a part that is a JSON object.
///
/// # Errors
/// What keeps it from being one.
pub fn object(part: &[u8]) -> Result<Object, PartError> {
    Ok(Object::read(&decode(part)?)?)
}
