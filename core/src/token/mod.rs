//! Tokens: what a hub's token key vouches for, in one string (a compact JWS, RFC 7515).
//!
//! Bytes become claims by checks in one order: form, header, key, signature, the key's state,
//! claims, hub, times. Nothing of the claims is read before the signature is good. The time is an
//! argument.
//!
//! This floor signs and verifies. It does not know which tokens were issued, used or revoked: that
//! is the ledger's, and the hub asks it. Nor does it decide whether a peer trusts the hub that
//! invites it (`trust`). Keys come in and go out as bytes and JWKs: files are the shell's.
//!
//! spec: tokens.

mod algorithm;
mod claims;
mod error;
mod faults;
mod header;
mod invitation;
mod issue;
mod join;
pub mod json;
mod jwk;
mod key;
mod keys;
mod part;
pub mod parts;
mod pass;
mod signer;
mod times;
mod verify;
mod wrapped;

pub use algorithm::Algorithm;
pub use claims::{ClaimFault, Wrong};
pub use error::TokenError;
pub use faults::faults;
pub use header::{HeaderFault, KID, Others, TokenHeader, TokenKind, TokenPolicy, Typ};
pub use invitation::Invitation;
pub use issue::IssueError;
pub use join::{CAPS, JoinClaims, PINS, ROOMS, SUB, URL, URLS, USES, issue_join, verify_join};
pub use key::{KeyError, TokenKey};
pub use keys::{KeySet, KeyState, KeysError, MOST_BYTES, MOST_KEYS, TokenKeys};
pub use parts::MOST;
pub use pass::{ISS, PassClaims, issue_pass, verify_pass};
pub use signer::{NoSigner, NotSigned, TokenSigner};
pub use times::Rules;
pub use verify::{Opened, Verified, open};
pub use wrapped::{Wrapped, unwrapped};

use crate::text::is_unsafe;

/// What an error shows of a value in a token: its first 32 characters, none of which drives a
/// terminal.
fn excerpt(text: &str) -> String {
    let shown = text.chars().take(32);
    shown.map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests;
