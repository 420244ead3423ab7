//! What a hub minted, looked at by the peer that it is for.

use crate::auth::{AuthError, PeerCredentials};
use crate::id::{HubId, PeerId, PublicKey};
use crate::wire::frame::Issued;

/// Whether the credentials are for this peer of this hub.
///
/// The hub proved itself before: that its CA signed the certificate is for the hub to check, when
/// the certificate comes back.
///
/// # Errors
/// [`AuthError::NotOurs`].
pub(super) fn check(
    issued: &Issued,
    hub: HubId,
    (peer, key): (PeerId, PublicKey),
) -> Result<PeerCredentials, AuthError> {
    let (issuer, certificate, credentials) = PeerCredentials::read(issued)
        .map_err(|_| AuthError::NotOurs("the certificate is not one of a hub's"))?;
    if issuer != hub {
        return Err(AuthError::NotOurs("the certificate is another hub's"));
    }
    if certificate.peer != peer {
        return Err(AuthError::NotOurs("the certificate is for another id"));
    }
    if certificate.key != key {
        return Err(AuthError::NotOurs("the certificate is for another key"));
    }
    Ok(credentials)
}
