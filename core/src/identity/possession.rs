//! The peer's own key, and its proof of possession.
//!
//! spec: identity §4.

use super::key::{BadSignature, SigningKey, verify};
use crate::id::PublicKey;

/// The hash that a link's proofs are bound to: `T`, built by `auth` (spec: admission §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transcript(pub [u8; 32]);

/// A peer's key, made at its first start; the hub binds the peer's id to it.
#[derive(Debug)]
pub struct PeerKey(pub SigningKey);

impl PeerKey {
    /// The public half, as it stands in `AuthBody`.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Proves, for one link, that this end holds the key.
    #[must_use]
    pub fn sign_possession(&self, transcript: &Transcript) -> [u8; 64] {
        self.0.sign(&message(transcript))
    }
}

/// Verifies a proof of possession of `key`.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_possession(
    key: &PublicKey,
    transcript: &Transcript,
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    verify(key, &message(transcript), signature)
}

/// `label ‖ T`.
fn message(transcript: &Transcript) -> [u8; LABEL.len() + 32] {
    let mut message = [0; LABEL.len() + 32];
    let (label, hash) = message.split_at_mut(LABEL.len());
    label.copy_from_slice(LABEL);
    hash.copy_from_slice(&transcript.0);
    message
}

const LABEL: &[u8] = b"bowline/1 possession";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, Seed};

    const T: Transcript = Transcript([0x22; 32]);

    fn peer(byte: u8) -> PeerKey {
        PeerKey(SigningKey::generate(&mut Random::new(&Seed([byte; 32]))))
    }

    #[test]
    fn possession_is_signed_over_label_and_transcript() {
        let peer = peer(1);
        let mut message = b"bowline/1 possession".to_vec();
        message.extend([0x22; 32]);
        assert_eq!(peer.sign_possession(&T), peer.0.sign(&message));
    }

    #[test]
    fn possession_verifies_for_its_own_key_and_transcript_only() {
        let proof = peer(1).sign_possession(&T);
        let key = peer(1).public();
        assert_eq!(verify_possession(&key, &T, &proof), Ok(()));
        assert_eq!(verify_possession(&key, &Transcript([0x23; 32]), &proof), Err(BadSignature));
        assert_eq!(verify_possession(&peer(2).public(), &T, &proof), Err(BadSignature));
    }

    #[test]
    fn a_bare_signature_of_the_transcript_is_no_proof_of_possession() {
        let peer = peer(1);
        let unlabelled = peer.0.sign(&T.0);
        assert_eq!(verify_possession(&peer.public(), &T, &unlabelled), Err(BadSignature));
    }
}
