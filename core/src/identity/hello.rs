//! The hub's identity key, and its signature over Hello.
//!
//! spec: identity §3.

use sha2::{Digest, Sha256};

use super::key::{BadSignature, SigningKey, verify};
use crate::id::{HubId, Nonce, PublicKey};

/// A hub's identity: it vouches for the TLS keys of the moment, and signs no TLS itself.
#[derive(Debug)]
pub struct HubIdentity(pub SigningKey);

impl HubIdentity {
    /// What peers know this hub by.
    #[must_use]
    pub fn id(&self) -> HubId {
        HubId::of(&self.0.public())
    }

    /// Signs an encoded `HelloBody` for the peer that sent `peer_nonce`.
    #[must_use]
    pub fn sign_hello(&self, peer_nonce: &Nonce, body: &[u8]) -> [u8; 64] {
        self.0.sign(&message(peer_nonce, body))
    }
}

/// Proof that a Hello was signed, for this link's nonce, by the identity that it holds.
///
/// `trust` takes one, so that no decision is made on a Hello whose signature nobody checked.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "trust::decide asks for it"]
pub struct HelloVerified {
    identity: PublicKey,
}

impl HelloVerified {
    /// The key that signed.
    #[must_use]
    pub fn identity(&self) -> &PublicKey {
        &self.identity
    }
}

/// Verifies a Hello's signature: `identity` is what the body claims, `body` its exact bytes, and
/// `peer_nonce` what this end sent in its upgrade.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_hello(
    identity: &PublicKey,
    peer_nonce: &Nonce,
    body: &[u8],
    signature: &[u8; 64],
) -> Result<HelloVerified, BadSignature> {
    verify(identity, &message(peer_nonce, body), signature)?;
    Ok(HelloVerified { identity: *identity })
}

/// `label ‖ peer nonce ‖ SHA-256(body)`.
fn message(peer_nonce: &Nonce, body: &[u8]) -> [u8; LABEL.len() + 64] {
    let mut message = [0; LABEL.len() + 64];
    let (label, rest) = message.split_at_mut(LABEL.len());
    let (nonce, hash) = rest.split_at_mut(32);
    label.copy_from_slice(LABEL);
    nonce.copy_from_slice(&peer_nonce.0);
    hash.copy_from_slice(&Sha256::digest(body));
    message
}

const LABEL: &[u8] = b"bowline/1 hello";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, Seed};

    const NONCE: Nonce = Nonce([0x11; 32]);

    fn hub(byte: u8) -> HubIdentity {
        HubIdentity(SigningKey::generate(&mut Random::new(&Seed([byte; 32]))))
    }

    #[test]
    fn a_hello_is_signed_over_label_nonce_and_the_hash_of_its_body() {
        let hub = hub(1);
        let mut message = b"bowline/1 hello".to_vec();
        message.extend([0x11; 32]);
        message.extend(Sha256::digest(b"body"));
        assert_eq!(hub.sign_hello(&NONCE, b"body"), hub.0.sign(&message));
    }

    #[test]
    fn a_signed_hello_verifies_and_its_proof_names_the_signer() {
        let hub = hub(1);
        let signature = hub.sign_hello(&NONCE, b"body");
        let proof = verify_hello(&hub.0.public(), &NONCE, b"body", &signature).unwrap();
        assert_eq!(HubId::of(proof.identity()), hub.id());
    }

    #[test]
    fn another_nonce_body_or_identity_does_not_verify() {
        let signer = hub(1);
        let key = signer.0.public();
        let signature = signer.sign_hello(&NONCE, b"body");
        for (key, nonce, body) in [
            (key, Nonce([0x12; 32]), &b"body"[..]),
            (key, NONCE, b"bodY"),
            (hub(2).0.public(), NONCE, b"body"),
        ] {
            assert_eq!(verify_hello(&key, &nonce, body, &signature), Err(BadSignature));
        }
    }
}
