//! From bytes to claims that a key vouches for: the checks in their one order.
//!
//! Each kind of token has the same first half, [`open`], and its own claims.
//!
//! spec: tokens §3.

use super::claims::ClaimFault;
use super::error::TokenError;
use super::header::{TokenHeader, TokenKind, TokenPolicy};
use super::json::Object;
use super::key::TokenKey;
use super::keys::{KeySet, KeyState, TokenKeys};
use super::parts::{self, Parts, TokenPart};
use super::times::{Rules, Times};
use crate::id::{HubId, KeyId};

/// A token whose signature is good and whose key may sign. Its claims are still to be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened<'k> {
    /// The key that signed it.
    pub key: &'k TokenKey,
    /// What is claimed.
    pub claims: Object,
}

/// Verifies the form, the header, the signature and the key of a token, in this order, and reads
/// nothing of the claims before that. `now` is in seconds since 1970.
///
/// [`verify_join`](super::verify_join) and [`verify_pass`](super::verify_pass) are this and their
/// own claims; for tokens of others it is the first half.
///
/// # Errors
/// [`TokenError`], of the first check that fails.
pub fn open<'k, K: KeySet>(
    token: &[u8],
    keys: &'k K,
    policy: &TokenPolicy,
    now: u64,
    rules: &Rules,
) -> Result<Opened<'k>, TokenError> {
    let parts = Parts::of(token)?;
    let part = |part| move |error| TokenError::Part { part, error };
    let header = parts::object(parts.header).map_err(part(TokenPart::Header))?;
    let claims = parts::decode(parts.claims).map_err(part(TokenPart::Claims))?;
    let signature = parts::decode(parts.signature).map_err(part(TokenPart::Signature))?;
    let header = TokenHeader::read(&header, policy).map_err(TokenError::Header)?;
    let (key, state) = keys.find(&header.kid).ok_or(TokenError::UnknownKey)?;
    if key.algorithm() != header.algorithm {
        let (alg, key) = (header.algorithm, key.algorithm());
        return Err(TokenError::OtherAlgorithm { alg, key });
    }
    key.verify(parts.signed, &signature).map_err(|_| TokenError::Signature)?;
    match state {
        KeyState::Active => {}
        KeyState::VerifyOnly { until } if rules.is_before_end(now, until) => {}
        KeyState::VerifyOnly { until } => {
            return Err(TokenError::RetiredKey { kid: key.id(), until, now });
        }
        KeyState::Revoked => return Err(TokenError::RevokedKey(key.id())),
    }
    let claims = Object::read(&claims)
        .map_err(|error| TokenError::Part { part: TokenPart::Claims, error: error.into() })?;
    Ok(Opened { key, claims })
}

/// Claims that a key of the hub vouches for, within their time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified<C> {
    /// The key that signed them.
    pub kid: KeyId,
    /// What it vouches for.
    pub claims: C,
}

/// The claims of one kind of token.
pub(super) trait Claims: PartialEq + Sized {
    const KIND: TokenKind;
    /// What its times are held to when it is issued.
    const RULES: Rules;

    /// Reads claims and holds them to their form.
    fn read(claims: &Object, rules: &Rules) -> Result<(Self, Times), Vec<ClaimFault>>;

    /// The claims as JSON, in the order of the specification.
    fn to_json(&self) -> Object;

    /// The hub that takes them.
    fn hub(&self) -> HubId;
}

/// Verifies a token of one kind for `hub`.
pub(super) fn verify<C: Claims>(
    token: &[u8],
    keys: &TokenKeys,
    hub: HubId,
    now: u64,
    rules: &Rules,
) -> Result<Verified<C>, TokenError> {
    let opened = open(token, keys, &TokenPolicy::of(C::KIND), now, rules)?;
    let (claims, times) = C::read(&opened.claims, rules).map_err(TokenError::Claims)?;
    if claims.hub() != hub {
        return Err(TokenError::OtherHub(claims.hub()));
    }
    times.check(now, rules)?;
    Ok(Verified { kid: opened.key.id(), claims })
}
