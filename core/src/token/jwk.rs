//! Keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037): public keys alone, in or out.
//!
//! spec: tokens §4.

use super::json::{Json, Object};
use super::key::{KeyError, Public, TokenKey};
use super::part;
use crate::id::PublicKey;

impl TokenKey {
    /// The key as a JWK: its required members, `kid`, `alg` and `use`.
    #[must_use]
    pub fn to_jwk(&self) -> Object {
        self.public()
            .members()
            .with("kid", self.id().to_string())
            .with("alg", self.algorithm().name())
            .with("use", "sig")
    }

    /// Reads a public key; members that are not known are passed over.
    ///
    /// # Errors
    /// [`KeyError`]: another kind of key, coordinates of another length, a key that is no point,
    /// one of small order, a private key, a `use` or `key_ops` for something else, an `alg` that is
    /// not the key's, a `kid` that is not its thumbprint.
    pub fn from_jwk(jwk: &Object) -> Result<Self, KeyError> {
        let key = Self::from_foreign_jwk(jwk)?;
        match jwk.get("kid").map(Json::text) {
            None => Ok(key),
            Some(kid) if kid.is_some_and(|kid| kid.parse() == Ok(key.id())) => Ok(key),
            Some(_) => Err(KeyError::OtherId),
        }
    }

    /// The same for a key of others, whose `kid` is of their own making and is not looked at.
    ///
    /// # Errors
    /// [`KeyError`] as from [`TokenKey::from_jwk`], but not [`KeyError::OtherId`].
    pub fn from_foreign_jwk(jwk: &Object) -> Result<Self, KeyError> {
        if SECRETS.iter().any(|name| jwk.get(name).is_some()) {
            return Err(KeyError::Private);
        }
        let key = Self::of(public(jwk)?)?;
        if jwk.get("alg").is_some_and(|alg| alg.text() != Some(key.algorithm().name())) {
            return Err(KeyError::Jwk("alg is not the key's"));
        }
        if jwk.get("use").is_some_and(|purpose| purpose.text() != Some("sig")) {
            return Err(KeyError::Jwk("use is not sig"));
        }
        match jwk.get("key_ops") {
            None => Ok(key),
            Some(Json::List(ops)) if ops.iter().any(|op| op.text() == Some("verify")) => Ok(key),
            Some(_) => Err(KeyError::Jwk("key_ops has no verify")),
        }
    }
}

fn public(jwk: &Object) -> Result<Public, KeyError> {
    let text =
        |name| jwk.get(name).and_then(Json::text).ok_or(KeyError::Jwk("a member is missing"));
    match (text("kty")?, jwk.get("crv").and_then(Json::text)) {
        ("OKP", Some("Ed25519")) => Ok(Public::Ed25519(PublicKey(fixed(text("x")?)?))),
        ("EC", Some("P-256")) => Ok(Public::P256(point::<32, 65>(text("x")?, text("y")?)?)),
        ("EC", Some("P-384")) => Ok(Public::P384(point::<48, 97>(text("x")?, text("y")?)?)),
        ("RSA", None) => Ok(Public::Rsa { n: bytes(text("n")?)?, e: bytes(text("e")?)? }),
        _ => Err(KeyError::Jwk("another kty or crv")),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, KeyError> {
    part::decode(text.as_bytes()).map_err(|_| KeyError::Jwk("not unpadded URL-safe base64"))
}

fn fixed<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    bytes(text)?.try_into().map_err(|_| KeyError::Jwk("a coordinate of another length"))
}

/// An uncompressed point of two coordinates of `N` bytes; `P` is 2 N + 1.
fn point<const N: usize, const P: usize>(x: &str, y: &str) -> Result<[u8; P], KeyError> {
    let (x, y): ([u8; N], [u8; N]) = (fixed(x)?, fixed(y)?);
    let mut point = [4; P];
    point[1..=N].copy_from_slice(&x);
    point[N + 1..].copy_from_slice(&y);
    Ok(point)
}

/// Members of private and of symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4).
const SECRETS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
