//! What a hub needs to take peers by join token: keys that verify and sign tokens, and the CA.

use core::fmt;
use std::sync::Arc;

use crate::ask::Issues;
use crate::auth::RefreshToken;
use crate::id::{KeyId, PeerId, PublicKey};
use crate::identity::{Authority, AuthorityPublic, MintError};
use crate::random::Random;
use crate::token::{Rules, TokenKeys, TokenSigner};
use crate::wire::frame::Issued;

/// The keys and rules of a hub that takes join tokens. Such a hub offers `join`, `resume` and
/// `refresh`.
#[derive(Clone)]
pub struct Joins {
    /// The CA.
    pub authority: Arc<Authority>,
    /// The keys whose tokens are taken.
    pub keys: TokenKeys,
    /// The key that signs new tokens.
    pub signer: Arc<TokenSigner>,
    /// How long tokens may live, and how far clocks may differ.
    pub rules: Rules,
}

impl Joins {
    /// The CA's public half: what certificates are checked against.
    #[must_use]
    pub fn authority(&self) -> AuthorityPublic {
        self.authority.public()
    }

    /// The number of the key that signs.
    #[must_use]
    pub fn signer(&self) -> KeyId {
        self.signer.key().id()
    }

    /// Mints what was granted and committed.
    pub(super) fn mint(
        &self,
        random: &mut Random,
        (peer, key): (PeerId, PublicKey),
        issues: Issues,
        refresh: RefreshToken,
    ) -> Result<Issued, MintError> {
        let Issues { issue, not_before, not_after, refresh_ends } = issues;
        let certificate = self.authority.mint(random, peer, key, issue, not_before, not_after)?;
        Ok(Issued { certificate, refresh: refresh.0, refresh_ends })
    }
}

impl fmt::Debug for Joins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Joins({})", self.signer())
    }
}
