//! Join tokens: what a hub takes them by, and the tokens themselves.

use bowline_core::ask::Memory;
use bowline_core::auth::{JoinToken, Joins};
use bowline_core::capability::Role;
use bowline_core::facts::{Draft, Issuer, KeyRecord, Mint};
use bowline_core::id::{HubId, Jti, PeerId};
use bowline_core::identity::Authority;
use bowline_core::random::{Random, Seed};
use bowline_core::token::{KeyState, Rules, TokenKeys, TokenSigner};

use crate::clock::START;

/// What the links of a hub check tokens and certificates with, and make them: its CA and one
/// token-signing key, from a seed, made at [`START`].
///
/// # Panics
/// Where the cryptography fails.
#[must_use]
pub fn joins(hub: HubId, seed: &Seed) -> Joins {
    let mut random = Random::new(seed);
    let authority = Authority::generate(&mut random, hub, START.unix);
    let signer = TokenSigner::generate(&mut random).expect("a key");
    let mut keys = TokenKeys::default();
    keys.insert(signer.key().clone(), KeyState::Active);
    Joins { authority: authority.into(), keys, signer: signer.into(), rules: Rules::JOIN }
}

/// A token for one key of a member, for an hour from [`START`] on, as the hub's operator has it
/// made.
#[must_use]
pub fn mint() -> Mint {
    let draft = Draft::new("alice", 60 * 60, PeerId::operator());
    let draft = Draft { role: Role::Member, ..draft };
    Mint { jti: Jti([5; 16]), issued: START.unix, draft }
}

/// Makes a token: its record, and the key that signed it, are in `ledger` then. A hub knows of it
/// that starts afterwards.
///
/// # Panics
/// Where no verifier would take it.
pub fn issue(joins: &Joins, hub: HubId, mint: &Mint, ledger: &mut Memory) -> JoinToken {
    let urls = vec!["wss://hub.example:7777/link".to_owned()];
    let issuer = Issuer { hub, pins: Vec::new(), urls };
    let (record, token) = mint.sign(&joins.signer, issuer).expect("a token");
    let (key, created) = (joins.signer.key().clone(), mint.issued);
    ledger.keep_keys(vec![KeyRecord { key, created, state: KeyState::Active }]);
    ledger.issue(record);
    JoinToken(token)
}
