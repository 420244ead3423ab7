//! Names for things that must not be mixed. A value in hand is valid: text is parsed once, here.
//!
//! Everything is a few bytes and `Copy`, so that no steady path allocates for a name. Ids, pins
//! and keys are compared as bytes; an empty or malformed one is an error, never a skip.

use core::fmt;
use core::str::FromStr;

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::text::Escaped;

/// Why text is not the id, pin or name that it was taken for.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not a peer id.
    #[error(
        "'{}' is not a peer id: 1 to 64 of a-z 0-9 . _ -, starting with a letter or digit, \
         and neither 'all' nor 'hub'", Escaped(.0)
    )]
    PeerId(String),
    /// Not a hub id.
    #[error("'{}' is not a hub id: 'hub_' and 26 characters of a-z 2-7", Escaped(.0))]
    HubId(String),
    /// Not a pin.
    #[error(
        "'{}' is not a pin: 'sha256/' and 44 characters of padded standard base64", Escaped(.0)
    )]
    Pin(String),
    /// Not a nonce.
    #[error("not a nonce: 43 characters of unpadded URL-safe base64")]
    Nonce,
    /// Not a command's name.
    #[error(
        "'{}' is not a command name: 1 to 64 of a-z 0-9 . _ -, starting with a letter or digit",
        Escaped(.0)
    )]
    CommandName(String),
    /// Not a room's name.
    #[error(
        "'{}' is not a room: 1 to 64 of a-z 0-9 . _ -, starting with a letter or digit",
        Escaped(.0)
    )]
    Room(String),
    /// Not a token's id.
    #[error("not a token id: 22 characters of unpadded URL-safe base64")]
    Jti,
    /// Not a token key's id.
    #[error("not a key id: 43 characters of unpadded URL-safe base64")]
    KeyId,
}

crate::debug_as_display!(IdError);

/// What an error message shows of text that a stranger sent: its first 80 characters.
fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Up to 64 bytes of `a-z 0-9 . _ -`, starting with a letter or digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name {
    bytes: [u8; 64],
    len: u8,
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let first = text.bytes().next()?;
        let first_ok = first.is_ascii_lowercase() || first.is_ascii_digit();
        let rest_ok = text.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
        });
        if !first_ok || !rest_ok || text.len() > 64 {
            return None;
        }
        let mut bytes = [0; 64];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, len: text.len() as u8 })
    }

    fn as_str(&self) -> &str {
        // The bytes were checked to be ASCII, so this never takes the default.
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $error:ident, $accept:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Name);

        impl $type {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $type {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let accept: fn(&str) -> bool = $accept;
                Name::parse(text)
                    .filter(|_| accept(text))
                    .map(Self)
                    .ok_or_else(|| IdError::$error(excerpt(text)))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

name! {
    /// A peer's name: 1 to 64 of `a-z 0-9 . _ -`, starting with a letter or digit; `all` and `hub`
    /// are reserved.
    PeerId, PeerId, |text| !matches!(text, "all" | "hub")
}

impl PeerId {
    /// `operator`: sessions from the hub's own machine have it, and no peer does.
    #[must_use]
    pub const fn operator() -> Self {
        let name = b"operator";
        let mut bytes = [0; 64];
        let mut at = 0;
        while at < name.len() {
            bytes[at] = name[at];
            at += 1;
        }
        Self(Name { bytes, len: name.len() as u8 })
    }
}

name! {
    /// A command's name: 1 to 64 of `a-z 0-9 . _ -`, starting with a letter or digit.
    CommandName, CommandName, |_| true
}

name! {
    /// A room's name: 1 to 64 of `a-z 0-9 . _ -`, starting with a letter or digit.
    Room, Room, |_| true
}

/// A hub's id: the first 16 bytes of SHA-256 over its identity key's SubjectPublicKeyInfo, printed
/// as `hub_` and lower-case unpadded base32 (RFC 4648 §6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HubId(pub [u8; 16]);

impl HubId {
    /// The id of the hub whose identity is `key`.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let digest = Sha256::digest(key.spki());
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

impl FromStr for HubId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.strip_prefix("hub_")
            .filter(|rest| rest.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')))
            .and_then(|rest| BASE32_NOPAD.decode(rest.to_ascii_uppercase().as_bytes()).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| IdError::HubId(excerpt(text)))
    }
}

impl fmt::Display for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hub_{}", BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl fmt::Debug for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A pin: SHA-256 over a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), printed as `sha256/` and
/// padded standard base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin(pub [u8; 32]);

impl Pin {
    /// The pin of a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn of(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }
}

impl FromStr for Pin {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.strip_prefix("sha256/")
            .and_then(|rest| BASE64.decode(rest.as_bytes()).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| IdError::Pin(excerpt(text)))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256/{}", BASE64.encode(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An Ed25519 public key (RFC 8032): 32 bytes, compared as bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The DER SubjectPublicKeyInfo (RFC 8410 §4): a fixed prefix and the key.
    #[must_use]
    pub fn spki(&self) -> [u8; 44] {
        let mut der = [0; 44];
        der[..12].copy_from_slice(&[
            0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
        ]);
        der[12..].copy_from_slice(&self.0);
        der
    }

    /// The pin of this key.
    #[must_use]
    pub fn pin(&self) -> Pin {
        Pin::of(&self.spki())
    }
}

/// `ed25519/` and the key in unpadded base64url. `// spec: control §1`
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519/{}", BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 32 random bytes that make one link's proofs worthless on another; unpadded base64url in a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 32]);

impl FromStr for Nonce {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(IdError::Nonce)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One token: 16 random bytes, printed as 22 characters of unpadded base64url (`jti`). It names, it
/// grants nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jti(pub [u8; 16]);

impl FromStr for Jti {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(IdError::Jti)
    }
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which key signed a token (`kid`): the key's thumbprint (RFC 7638, SHA-256), printed as 43
/// characters of unpadded base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

impl KeyId {
    /// The thumbprint of an Ed25519 key (RFC 8037 §2): a token key's, or a peer's in `cnf`.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let x = BASE64URL_NOPAD.encode(&key.0);
        Self::of_jwk(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))
    }

    /// The thumbprint of a JWK that holds its required members alone, in the order of their names
    /// and without white space (RFC 7638 §3).
    pub(crate) fn of_jwk(required: &str) -> Self {
        Self(Sha256::digest(required).into())
    }
}

impl FromStr for KeyId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(IdError::KeyId)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One admitted session: 16 random bytes, printed as hexadecimal. It names, it grants nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of a refresh token: what a hub keeps of it, and it is no secret. Compared in constant
/// time all the same.
#[derive(Clone, Copy, Debug)]
pub struct RefreshHash(pub [u8; 32]);

impl PartialEq for RefreshHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for RefreshHash {}

/// A call's number: its sender's, rising, unique on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One connection at a hub, numbered by the shell, never reused while the hub runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Which of its shared secrets a hub means: each that replaces another has the next number. It
/// means nothing after the hub's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretNumber(pub u64);

impl SecretNumber {
    /// The secret that a hub starts with.
    pub const FIRST: Self = Self(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_id_is_taken_whole_or_not_at_all() {
        for good in ["a", "0", "web-1", "a.b_c-d", &"x".repeat(64)] {
            assert_eq!(good.parse::<PeerId>().unwrap().as_str(), good);
        }
        let long = "x".repeat(65);
        for bad in ["", "all", "hub", "-a", ".a", "_a", "A", "a b", "ä", "a/b", "a\0", &long] {
            assert!(bad.parse::<PeerId>().is_err(), "{bad:?}");
        }
        assert_eq!("all".parse::<CommandName>().unwrap().as_str(), "all");
    }

    #[test]
    fn a_pin_has_one_spelling() {
        let pin = Pin::of(b"key");
        let text = pin.to_string();
        assert_eq!(text.len(), 7 + 44);
        assert_eq!(text.parse::<Pin>().unwrap(), pin);
        let unpadded = text.trim_end_matches('=').to_owned();
        let short = format!("sha256/{}", BASE64.encode(&[1; 31]));
        for bad in
            ["", "sha256/", "sha1/AAAA", &unpadded, &short, &text.replace("sha256", "SHA256")]
        {
            assert!(bad.parse::<Pin>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn base64_with_stray_bits_is_refused() {
        // 32 bytes leave two unused bits in the 43rd character; 'B' sets one of them.
        let stray = format!("{}B", "A".repeat(42));
        assert_eq!("A".repeat(43).parse::<Nonce>().unwrap(), Nonce([0; 32]));
        assert_eq!(stray.parse::<Nonce>(), Err(IdError::Nonce));
        assert!(format!("sha256/{stray}=").parse::<Pin>().is_err());
    }

    #[test]
    fn a_token_id_and_a_key_id_have_one_spelling_each() {
        let (jti, kid) = (Jti([0xFB; 16]), KeyId([0xFB; 32]));
        let (short, long) = (jti.to_string(), kid.to_string());
        assert_eq!((short.len(), long.len()), (22, 43));
        assert_eq!((short.parse(), long.parse()), (Ok(jti), Ok(kid)));
        // 16 bytes leave four unused bits in the 22nd character.
        let stray = format!("{}B", "A".repeat(21));
        for bad in ["", &short[1..], &long, &stray, "../../../etc/passwd", "AAAAAAAAAAAAAAAAAAAAA="]
        {
            assert_eq!(bad.parse::<Jti>(), Err(IdError::Jti), "{bad:?}");
        }
        for bad in ["", &long[1..], &short, &format!("{long}="), &format!(" {}", &long[1..])] {
            assert_eq!(bad.parse::<KeyId>(), Err(IdError::KeyId), "{bad:?}");
        }
    }

    #[test]
    fn a_key_id_is_the_thumbprint_of_the_rfc() {
        // RFC 8037 §A.3.
        let x = BASE64URL_NOPAD.decode(b"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = PublicKey(x.try_into().unwrap());
        assert_eq!(KeyId::of(&key).to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_hub_id_is_the_hash_of_its_identity_key() {
        let key = PublicKey([7; 32]);
        let id = HubId::of(&key);
        assert_eq!(id.0, Pin::of(&key.spki()).0[..16]);
        let text = id.to_string();
        assert_eq!(text.len(), 4 + 26);
        assert_eq!(text.parse::<HubId>().unwrap(), id);
        for bad in ["", "hub_", "hub_a", &text.to_ascii_uppercase(), &text.replace("hub_", "")] {
            assert!(bad.parse::<HubId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_a_stranger_sent_is_cut_in_the_error() {
        let IdError::PeerId(shown) = "!".repeat(5000).parse::<PeerId>().unwrap_err() else {
            panic!("another error");
        };
        assert_eq!(shown.len(), 80);
    }
}
