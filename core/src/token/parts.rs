//! The three parts of a compact JWS (RFC 7515 §7.1), with one spelling for each token.
//!
//! spec: tokens §1.

use super::error::TokenError;

pub use super::part::{MOST, PartError, TokenPart, decode, object};

/// The parts, still in base64.
#[derive(Clone, Copy)]
pub struct Parts<'t> {
    /// The first.
    pub header: &'t [u8],
    /// The second.
    pub claims: &'t [u8],
    /// The third.
    pub signature: &'t [u8],
    /// What is signed: the first, a dot and the second.
    pub signed: &'t [u8],
}

impl<'t> Parts<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`TokenError::Empty`], [`TokenError::TooLong`], [`TokenError::Parts`].
    pub fn of(token: &'t [u8]) -> Result<Self, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Empty);
        }
        if token.len() > MOST {
            return Err(TokenError::TooLong { bytes: token.len() });
        }
        let mut parts = token.split(|&byte| byte == b'.');
        let taken = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(header), Some(claims), Some(signature), None) = taken else {
            let parts = token.split(|&byte| byte == b'.').count();
            return Err(TokenError::Parts { parts });
        };
        let signed = &token[..header.len() + 1 + claims.len()];
        Ok(Self { header, claims, signature, signed })
    }
}
