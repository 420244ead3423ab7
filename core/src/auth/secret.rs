//! The shared secret: two keys derived from it, one for each direction, and their MACs.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::identity::Transcript;

/// A secret that is too short to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared secret is shorter than 16 bytes")]
pub struct WeakSecret;

/// The shared secret, as the two keys that the protocol uses. The secret itself is not kept.
///
/// Whoever holds it can pose as the hub at a first contact, and as any peer whose id is not bound.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret {
    peer: [u8; 32],
    hub: [u8; 32],
}

impl SharedSecret {
    /// From the secret's bytes: 32 random ones as a rule, never fewer than 16.
    ///
    /// # Errors
    /// [`WeakSecret`] under 16 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < 16 {
            return Err(WeakSecret);
        }
        Ok(Self {
            peer: mac(secret, &[b"bowline/1 secret peer"]).finalize().into_bytes().into(),
            hub: mac(secret, &[b"bowline/1 secret hub"]).finalize().into_bytes().into(),
        })
    }

    /// Whether this is the same secret, in constant time.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.peer.ct_eq(&other.peer) & self.hub.ct_eq(&other.hub)).into()
    }

    /// The peer's proof: `HMAC-SHA256(k_peer, T)`.
    pub(crate) fn peer_mac(&self, transcript: &Transcript) -> [u8; 32] {
        mac(&self.peer, &[&transcript.0]).finalize().into_bytes().into()
    }

    /// The hub's proof: `HMAC-SHA256(k_hub, T ‖ SHA-256(WelcomeBody))`.
    pub(crate) fn hub_mac(&self, transcript: &Transcript, welcome_body: &[u8]) -> [u8; 32] {
        let digest = Sha256::digest(welcome_body);
        mac(&self.hub, &[&transcript.0, &digest]).finalize().into_bytes().into()
    }

    /// Whether `proof` is the peer's, in constant time.
    pub(super) fn peer_mac_is(&self, transcript: &Transcript, proof: &[u8]) -> bool {
        mac(&self.peer, &[&transcript.0]).verify_slice(proof).is_ok()
    }

    /// Whether `proof` is the hub's, in constant time.
    pub(super) fn hub_mac_is(
        &self,
        transcript: &Transcript,
        welcome_body: &[u8],
        proof: &[u8],
    ) -> bool {
        let digest = Sha256::digest(welcome_body);
        mac(&self.hub, &[&transcript.0, &digest]).verify_slice(proof).is_ok()
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC takes keys of every length (RFC 2104 §2), so this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes every key length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sides_proof_is_not_the_others() {
        let secret = SharedSecret::new(&[7; 32]).unwrap();
        let transcript = Transcript([1; 32]);
        let peer = secret.peer_mac(&transcript);
        let hub = secret.hub_mac(&transcript, b"welcome");
        assert!(secret.peer_mac_is(&transcript, &peer));
        assert!(secret.hub_mac_is(&transcript, b"welcome", &hub));
        assert!(!secret.hub_mac_is(&transcript, b"welcome", &peer));
        assert!(!secret.peer_mac_is(&transcript, &hub));
        assert!(!secret.hub_mac_is(&transcript, b"another", &hub));
    }

    #[test]
    fn a_proof_for_another_transcript_secret_or_length_is_refused() {
        let secret = SharedSecret::new(&[7; 32]).unwrap();
        let transcript = Transcript([1; 32]);
        let proof = secret.peer_mac(&transcript);
        assert!(!secret.peer_mac_is(&Transcript([2; 32]), &proof));
        assert!(!SharedSecret::new(&[8; 32]).unwrap().peer_mac_is(&transcript, &proof));
        assert!(!secret.peer_mac_is(&transcript, &proof[..31]));
        assert!(!secret.peer_mac_is(&transcript, &[]));
    }

    #[test]
    fn a_secret_is_the_same_as_itself_only() {
        let secret = |byte| SharedSecret::new(&[byte; 32]).unwrap();
        assert!(secret(7).is_same(&secret(7)));
        assert!(!secret(7).is_same(&secret(8)));
    }

    #[test]
    fn a_short_secret_is_none() {
        assert_eq!(SharedSecret::new(&[7; 15]).unwrap_err(), WeakSecret);
        assert_eq!(format!("{:?}", SharedSecret::new(&[7; 16]).unwrap()), "SharedSecret(..)");
    }
}
