//! The peer's key as TLS signs with it, where the peer shows its certificate in the handshake.
//!
//! What is signed there begins with 64 spaces and TLS's own label (RFC 8446 §4.4.3), so that no
//! such signature stands for one of ours, and none of ours for it.

use core::fmt;
use std::sync::Arc;

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::possession::PeerKey;

impl PeerKey {
    /// The key, to sign TLS handshakes with. The private half stays where it is.
    #[must_use]
    pub fn for_tls(self: &Arc<Self>) -> Arc<dyn SigningKey> {
        Arc::new(TlsSigner(Arc::clone(self)))
    }
}

/// Signs with Ed25519 and nothing else.
struct TlsSigner(Arc<PeerKey>);

impl SigningKey for TlsSigner {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let offered = offered.contains(&SignatureScheme::ED25519);
        offered.then(|| Box::new(Self(Arc::clone(&self.0))) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.0.public().spki().to_vec().into())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for TlsSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.0.sign(message).to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

impl fmt::Debug for TlsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsSigner({:?})", self.0.public())
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::{SigningKey as OwnKey, verify};
    use super::*;
    use crate::random::{Random, Seed};

    fn peer() -> Arc<PeerKey> {
        Arc::new(PeerKey(OwnKey::generate(&mut Random::new(&Seed([1; 32])))))
    }

    #[test]
    fn tls_signs_with_the_peers_key_and_with_ed25519_alone() {
        let (peer, tls) = (peer(), peer().for_tls());
        assert_eq!(tls.public_key().unwrap().as_ref(), peer.public().spki());
        let offered = [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::ED25519];
        let signer = tls.choose_scheme(&offered).unwrap();
        assert_eq!(signer.scheme(), SignatureScheme::ED25519);
        let signature = signer.sign(b"message").unwrap().try_into().unwrap();
        assert_eq!(verify(&peer.public(), b"message", &signature), Ok(()));
        assert!(tls.choose_scheme(&offered[..1]).is_none());
    }

    #[test]
    fn printing_it_shows_the_public_half_only() {
        let signer = peer().for_tls().choose_scheme(&[SignatureScheme::ED25519]).unwrap();
        let expected = format!("TlsSigner({:?})", peer().public());
        assert_eq!(format!("{signer:?}"), expected);
        assert_eq!(format!("{:?}", peer().for_tls()), expected);
    }
}
