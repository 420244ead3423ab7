//! Refresh tokens: 256 random bits that a hub keeps only the hash of.

use core::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::id::RefreshHash;
use crate::random::Random;

/// A refresh token: it lets the peer whose key it is bound to come back after its certificate has
/// ended.
#[derive(Clone)]
pub struct RefreshToken(pub Zeroizing<[u8; 32]>);

impl RefreshToken {
    /// The next 32 bytes of `random`.
    #[must_use]
    pub fn draw(random: &mut Random) -> Self {
        Self(Zeroizing::new(random.bytes()))
    }

    /// From the credential in AuthBody; none where it is not 32 bytes.
    #[must_use]
    pub fn read(credential: &[u8]) -> Option<Self> {
        credential.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// What a hub keeps of it.
    #[must_use]
    pub fn hash(&self) -> RefreshHash {
        RefreshHash(Sha256::digest(*self.0).into())
    }
}

impl PartialEq for RefreshToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for RefreshToken {}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}
