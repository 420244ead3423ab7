//! The public half of a key that signs tokens, and the one place where their signatures are
//! verified.
//!
//! spec: tokens §§2, 4.

use core::fmt;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use data_encoding::BASE64URL_NOPAD;

use super::algorithm::Algorithm;
use super::json::Object;
use crate::id::{KeyId, PublicKey};
use crate::identity::{self, BadSignature};

/// A public key: of one algorithm, and never used with another.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey {
    id: KeyId,
    public: Public,
}

/// What verifies signatures.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Public {
    Ed25519(PublicKey),
    /// An uncompressed point (SEC 1 §2.3.3): 4, x and y.
    P256([u8; 65]),
    P384([u8; 97]),
    /// Big-endian, without zeros in front.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// Why something is not a key that verifies tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An Ed25519 key of small order: anybody can make signatures that verify under it.
    #[error("an Ed25519 key of small order, under which anybody can sign")]
    SmallOrder,
    /// No point of its curve.
    #[error("the key is no point of its curve")]
    NoPoint,
    /// An RSA modulus outside 2048 to 4096 bits, or an exponent that is even, 1, or above 2^32.
    #[error("an RSA key of 2048 to 4096 bits with an odd exponent from 3 to 2^32 was expected")]
    Rsa,
    /// Not a JWK that is read here.
    #[error("not a JWK of Ed25519, P-256, P-384 or RSA (RFC 7517): {0}")]
    Jwk(&'static str),
    /// A private key where a public one belongs.
    #[error("a private key: it was shown to whoever wrote it here; make another")]
    Private,
    /// The JWK's `kid` is not the thumbprint of its key.
    #[error("the JWK's kid is not its key's thumbprint (RFC 7638)")]
    OtherId,
}

impl TokenKey {
    /// An Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::SmallOrder`].
    pub fn ed25519(key: PublicKey) -> Result<Self, KeyError> {
        Self::of(Public::Ed25519(key))
    }

    /// A key whose form was checked: is it one that signatures can be believed by?
    pub(super) fn of(public: Public) -> Result<Self, KeyError> {
        let on_curve = |algorithm: &'static dyn VerificationAlgorithm, point: &[u8]| {
            ParsedPublicKey::new(algorithm, point).map(drop).map_err(|_| KeyError::NoPoint)
        };
        match &public {
            Public::Ed25519(key) if identity::has_small_order(key) => {
                return Err(KeyError::SmallOrder);
            }
            Public::Ed25519(_) => {}
            Public::P256(point) => on_curve(&ECDSA_P256_SHA256_FIXED, point)?,
            Public::P384(point) => on_curve(&ECDSA_P384_SHA384_FIXED, point)?,
            Public::Rsa { n, e } => rsa_is_sound(n, e).then_some(()).ok_or(KeyError::Rsa)?,
        }
        Ok(Self { id: public.thumbprint(), public })
    }

    /// A key that was held to nothing.
    #[cfg(test)]
    pub(super) fn unchecked(key: PublicKey) -> Self {
        let public = Public::Ed25519(key);
        Self { id: public.thumbprint(), public }
    }

    /// Its name in a token's header.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The one algorithm that it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.public {
            Public::Ed25519(_) => Algorithm::EdDsa,
            Public::P256(_) => Algorithm::Es256,
            Public::P384(_) => Algorithm::Es384,
            Public::Rsa { .. } => Algorithm::Rs256,
        }
    }

    pub(super) fn public(&self) -> &Public {
        &self.public
    }

    /// Verifies a signature as JWS has it (RFC 7518 §3.3, §3.4; RFC 8037 §3.1): 64 bytes for EdDSA
    /// and ES256, 96 for ES384, as many as the modulus has for RS256. ECDSA's is r and s, never
    /// DER.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let ecdsa = |algorithm: &'static dyn VerificationAlgorithm, point: &[u8]| {
            UnparsedPublicKey::new(algorithm, point).verify(message, signature)
        };
        let verified = match &self.public {
            Public::Ed25519(key) => {
                let signature = signature.try_into().map_err(|_| BadSignature)?;
                return identity::verify(key, message, signature);
            }
            Public::P256(point) => ecdsa(&ECDSA_P256_SHA256_FIXED, point),
            Public::P384(point) => ecdsa(&ECDSA_P384_SHA384_FIXED, point),
            Public::Rsa { n, e } => {
                PublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| BadSignature)
    }
}

impl Public {
    /// The members that make the key (RFC 7638 §3.2), in the order of their names.
    pub(super) fn members(&self) -> Object {
        let encoded = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let point = |curve: &str, point: &[u8]| {
            // The byte in front says that the point is uncompressed.
            let (x, y) = point[1..].split_at(point.len() / 2);
            let named = Object::default().with("crv", curve).with("kty", "EC");
            named.with("x", encoded(x)).with("y", encoded(y))
        };
        match self {
            Self::Ed25519(key) => {
                let named = Object::default().with("crv", "Ed25519").with("kty", "OKP");
                named.with("x", encoded(&key.0))
            }
            Self::P256(bytes) => point("P-256", bytes),
            Self::P384(bytes) => point("P-384", bytes),
            Self::Rsa { n, e } => {
                Object::default().with("e", encoded(e)).with("kty", "RSA").with("n", encoded(n))
            }
        }
    }

    /// The thumbprint (RFC 7638).
    fn thumbprint(&self) -> KeyId {
        KeyId::of_jwk(&self.members().to_string())
    }
}

fn rsa_is_sound(n: &[u8], e: &[u8]) -> bool {
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let no_zeros = |number: &[u8]| number.first().is_some_and(|&byte| byte != 0);
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let sound_n = no_zeros(n) && odd(n) && (2048..=4096).contains(&bits);
    sound_n && no_zeros(e) && odd(e) && e.len() <= 4 && e != [1]
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.algorithm(), self.id)
    }
}
