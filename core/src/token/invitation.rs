//! What a peer reads of a join token, which it cannot verify: where the hub is, who it is, and what
//! is offered.
//!
//! Whoever hands a peer an invitation decides which hub it goes to, so it is taken as a
//! configuration is: from a person who is trusted. The peer then holds the hub to the identity
//! named here (`trust`).
//!
//! spec: tokens §8.

use std::collections::BTreeMap;

use super::error::TokenError;
use super::header::{TokenHeader, TokenPolicy};
use super::join::JoinClaims;
use super::json::Object;
use super::parts::{self, PartError, Parts, TokenPart};
use super::times::Rules;
use super::verify::Claims;
use crate::capability::{Capabilities, Role};
use crate::id::{HubId, Jti, PeerId, Pin, Room};

/// A join token as a peer reads it. Nothing of it is verified. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// The hub that invites.
    pub hub: HubId,
    /// Where it is, the best first; none where the token names none.
    pub urls: Vec<String>,
    /// Pins of its TLS keys when the token was issued.
    pub pins: Vec<Pin>,
    /// When the token was issued, by the hub's clock.
    pub iat: u64,
    /// When it ends, by the hub's clock.
    pub exp: u64,
    /// The token's id, for messages and for the hub's operator.
    pub jti: Jti,
    /// For whom it was issued.
    pub sub: String,
    /// What is offered.
    pub role: Role,
    /// What of the role is offered: all that the peer will be able to do.
    pub capabilities: Capabilities,
    /// Rooms.
    pub rooms: Vec<Room>,
    /// Labels that go before the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The only peer id that may be asked for.
    pub id: Option<PeerId>,
}

impl Invitation {
    /// Reads a join token by the rules of form that the hub holds it to.
    ///
    /// # Errors
    /// [`TokenError`] of its form, its header or its claims; never of a key, a signature or a time.
    pub fn read(token: &[u8]) -> Result<Self, TokenError> {
        let parts = Parts::of(token)?;
        let part = |part| move |error| TokenError::Part { part, error };
        let header = parts::object(parts.header).map_err(part(TokenPart::Header))?;
        let claims: Object = parts::object(parts.claims).map_err(part(TokenPart::Claims))?;
        let signature = parts::decode(parts.signature).map_err(part(TokenPart::Signature))?;
        let TokenHeader { algorithm, .. } =
            TokenHeader::read(&header, &TokenPolicy::JOIN).map_err(TokenError::Header)?;
        if let Some(wanted) = algorithm.signature_len()
            && signature.len() != wanted
        {
            let error = PartError::Signature { found: signature.len(), algorithm, wanted };
            return Err(TokenError::Part { part: TokenPart::Signature, error });
        }
        let (claims, _) = JoinClaims::read(&claims, &Rules::JOIN).map_err(TokenError::Claims)?;
        Ok(Self {
            capabilities: claims.capabilities(),
            hub: claims.hub,
            urls: claims.urls,
            pins: claims.pins,
            iat: claims.iat,
            exp: claims.exp,
            jti: claims.jti,
            sub: claims.sub,
            role: claims.role,
            rooms: claims.rooms,
            labels: claims.labels,
            id: claims.id,
        })
    }
}
