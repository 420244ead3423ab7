//! The secret half of a key that signs tokens.
//!
//! An Ed25519 key is made from 32 random bytes. An ECDSA key comes as PKCS#8, since the library
//! draws both it and each signature's nonce from a source of its own, which nobody can replay.
//!
//! spec: tokens §4.

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use x509_parser::asn1_rs::{Any, FromDer};
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::key::{Public, TokenKey};
use crate::identity::SigningKey;
use crate::random::Random;

/// A private key for tokens: EdDSA by default, or ES256, or ES384. It is never printed.
pub struct TokenSigner {
    secret: SigningSecret,
    key: TokenKey,
}

enum SigningSecret {
    Ed25519(SigningKey),
    Ecdsa { pair: EcdsaKeyPair, pkcs8: Zeroizing<Vec<u8>> },
}

/// Bytes that are no private key for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an unencrypted private key of Ed25519, P-256 or P-384 in PKCS#8 (RFC 5958)")]
pub struct NoSigner;

/// The library could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct NotSigned;

impl TokenSigner {
    /// A new Ed25519 key: the next 32 bytes of `random` are its seed.
    ///
    /// # Errors
    /// [`NoSigner`] for a public half of small order, which no seed is known to give.
    pub fn generate(random: &mut Random) -> Result<Self, NoSigner> {
        Self::ed25519(SigningKey::generate(random))
    }

    /// Reads an unencrypted PKCS#8 key of Ed25519 (RFC 8410), P-256 or P-384 (RFC 5915).
    ///
    /// # Errors
    /// [`NoSigner`] for anything else, and where something follows the key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NoSigner> {
        if let Ok(key) = SigningKey::from_pkcs8(der) {
            return Self::ed25519(key);
        }
        // The library passes over what follows the key.
        let Ok(([], _)) = Any::from_der(der) else { return Err(NoSigner) };
        let pkcs8 = Zeroizing::new(der.to_vec());
        let (pair, public) =
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
                let point = pair.public_key().as_ref().try_into().map_err(|_| NoSigner)?;
                (pair, Public::P256(point))
            } else {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der);
                let pair = pair.map_err(|_| NoSigner)?;
                let point = pair.public_key().as_ref().try_into().map_err(|_| NoSigner)?;
                (pair, Public::P384(point))
            };
        let key = TokenKey::of(public).map_err(|_| NoSigner)?;
        Ok(Self { secret: SigningSecret::Ecdsa { pair, pkcs8 }, key })
    }

    fn ed25519(key: SigningKey) -> Result<Self, NoSigner> {
        let public = TokenKey::ed25519(key.public()).map_err(|_| NoSigner)?;
        Ok(Self { secret: SigningSecret::Ed25519(key), key: public })
    }

    /// The key as unencrypted PKCS#8 DER.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        match &self.secret {
            SigningSecret::Ed25519(key) => key.to_pkcs8(),
            SigningSecret::Ecdsa { pkcs8, .. } => pkcs8.clone(),
        }
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> &TokenKey {
        &self.key
    }

    /// Signs as JWS has it. EdDSA gives the same signature for the same message, ECDSA does not.
    ///
    /// # Errors
    /// [`NotSigned`] where the library fails, as without a random source.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NotSigned> {
        let pair = match &self.secret {
            SigningSecret::Ed25519(key) => return Ok(key.sign(message).to_vec()),
            SigningSecret::Ecdsa { pair, .. } => pair,
        };
        let hash = match self.key.algorithm() {
            Algorithm::Es384 => &SHA384,
            Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Rs256 => &SHA256,
        };
        let signature = pair.sign_digest(&digest(hash, message)).map_err(|_| NotSigned)?;
        Ok(signature.as_ref().to_vec())
    }
}
