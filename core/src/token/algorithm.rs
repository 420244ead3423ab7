//! Signature algorithms, each for one type of key.
//!
//! spec: tokens §2.

use core::fmt;

/// A signature algorithm of JOSE (RFC 7518 §3.1, RFC 8037 §3.1). There is no other: no MAC, whose
/// key whoever verifies could sign with, and no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `EdDSA`, of which Ed25519 alone.
    EdDsa,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384 with SHA-384.
    Es384,
    /// `RS256`: RSA PKCS#1 v1.5 with SHA-256, for what others issue (OIDC) alone.
    Rs256,
}

/// Every algorithm and its spelling.
const NAMES: &[(Algorithm, &str)] = &[
    (Algorithm::EdDsa, "EdDSA"),
    (Algorithm::Es256, "ES256"),
    (Algorithm::Es384, "ES384"),
    (Algorithm::Rs256, "RS256"),
];

impl Algorithm {
    /// What this protocol's own tokens may be signed with.
    pub const OURS: &'static [Self] = &[Self::EdDsa, Self::Es256, Self::Es384];

    /// What tokens of others may be signed with where RS256 is switched on.
    pub const WITH_RS256: &'static [Self] = &[Self::EdDsa, Self::Es256, Self::Es384, Self::Rs256];

    /// Bytes of every signature (RFC 8037 §3.1, RFC 7518 §3.4); none where the key says.
    #[must_use]
    pub const fn signature_len(self) -> Option<usize> {
        match self {
            Self::EdDsa | Self::Es256 => Some(64),
            Self::Es384 => Some(96),
            Self::Rs256 => None,
        }
    }

    /// Its spelling in a header or a JWK.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == self).map_or("", |&(_, name)| name)
    }

    /// The algorithm of that name; letters count as they stand.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|&(algorithm, _)| algorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
