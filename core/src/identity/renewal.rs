//! What a peer signs for new credentials within a session.
//!
//! spec: identity §4, session §9.

use sha2::{Digest, Sha256};

use super::key::{BadSignature, verify};
use super::possession::{PeerKey, Transcript};
use crate::id::PublicKey;

impl PeerKey {
    /// Proves that this body of a Refresh is this peer's, on the link of this transcript.
    #[must_use]
    pub fn sign_refresh(&self, transcript: &Transcript, body: &[u8]) -> [u8; 64] {
        self.0.sign(&message(transcript, body))
    }
}

/// Verifies the proof of a Refresh.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_refresh(
    key: &PublicKey,
    transcript: &Transcript,
    body: &[u8],
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    verify(key, &message(transcript, body), signature)
}

/// `label ‖ T ‖ SHA-256(body)`.
fn message(transcript: &Transcript, body: &[u8]) -> [u8; LABEL.len() + 64] {
    let mut message = [0; LABEL.len() + 64];
    let (label, hashes) = message.split_at_mut(LABEL.len());
    label.copy_from_slice(LABEL);
    hashes[..32].copy_from_slice(&transcript.0);
    hashes[32..].copy_from_slice(&Sha256::digest(body));
    message
}

const LABEL: &[u8] = b"bowline/1 refresh";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SigningKey;
    use crate::random::{Random, Seed};

    const T: Transcript = Transcript([0x22; 32]);

    #[test]
    fn a_refresh_is_signed_over_label_transcript_and_the_hash_of_its_body() {
        let peer = PeerKey(SigningKey::generate(&mut Random::new(&Seed([1; 32]))));
        let mut message = b"bowline/1 refresh".to_vec();
        message.extend(T.0);
        message.extend(Sha256::digest(b"body"));
        let signature = peer.sign_refresh(&T, b"body");
        assert_eq!(signature, peer.0.sign(&message));
        assert_eq!(verify_refresh(&peer.public(), &T, b"body", &signature), Ok(()));
        for (transcript, body) in [(T, &b"bodz"[..]), (Transcript([0x23; 32]), b"body")] {
            let verified = verify_refresh(&peer.public(), &transcript, body, &signature);
            assert_eq!(verified, Err(BadSignature));
        }
        let possession = peer.sign_possession(&T);
        assert_eq!(verify_refresh(&peer.public(), &T, b"", &possession), Err(BadSignature));
    }
}
