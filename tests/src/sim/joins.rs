//! What a world needs for join tokens: the hub's keys, and the tokens that it made.
//!
//! A hub offers `join` over TLS only, so such a world has TLS on every link: its key shares are
//! drawn anew each time, but as many bytes go over the network, and everything above it is the
//! same.

use std::num::NonZeroU32;
use std::sync::Arc;

use bowline_core::ask::Memory;
use bowline_core::auth::{JoinToken, Joins};
use bowline_core::capability::Role;
use bowline_core::facts::{Draft, Mint};
use bowline_core::id::{HubId, Jti, PeerId};
use bowline_core::identity::TlsKey;
use bowline_core::random::{Random, Seed};
use bowline_core::tunnel::ServerTls;

/// How long a certificate lasts here, in seconds: worlds are short.
pub const CERTIFICATE: u64 = 60;

/// When worlds begin, seconds since 1970.
pub const START: u64 = bowline_testkit::START.unix;

/// The keys of a hub that takes join tokens, as seeds: they outlive it.
#[derive(Clone, Copy, Debug)]
pub struct JoinKeys {
    /// For the CA, the token key and the TLS key.
    pub seed: [u8; 32],
}

impl JoinKeys {
    /// What the hub's links check with.
    #[must_use]
    pub fn joins(self, hub: HubId) -> Arc<Joins> {
        bowline_testkit::joins(hub, &Seed(self.seed)).into()
    }

    /// What the hub serves.
    #[must_use]
    pub fn tls(self) -> ServerTls {
        let mut random = Random::new(&Seed(self.seed));
        let names = ["hub".to_owned()];
        let key = TlsKey::self_signed(&mut random, &names, "hub", START).expect("a certificate");
        let (chain, key) = key.into_parts();
        ServerTls::new(chain, key).expect("a key for TLS")
    }

    /// Makes a token for so many keys; its record is kept.
    pub fn issue(self, hub: HubId, number: u8, uses: u32, memory: &mut Memory) -> JoinToken {
        // Clocks step by hours: in its life there is room on both sides.
        let draft = Draft {
            uses: NonZeroU32::new(uses).expect("one at least"),
            role: Role::Member,
            labels: [("joined".to_owned(), "yes".to_owned())].into(),
            ..Draft::new(&format!("token {number}"), 7 * DAY, PeerId::operator())
        };
        let mint = Mint { jti: Jti([number; 16]), issued: START - 4 * DAY, draft };
        bowline_testkit::issue(&self.joins(hub), hub, &mint, memory)
    }
}

const DAY: u64 = 24 * 60 * 60;
