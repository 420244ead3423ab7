//! What both ends are set up with. Keys come from numbers: a number is always the same key.

use bowline_core::auth::{Credential, Dial, HubSnapshot, SharedSecret, Transport};
use bowline_core::identity::{HubIdentity, PeerKey, SigningKey, TlsKey};
use bowline_core::random::{Random, Seed};
use bowline_core::trust::{KnownHub, Mode};
use bowline_core::tunnel::{ClientTls, ServerTls};

use crate::clock::START;

/// Randomness from a number.
#[must_use]
pub fn random(number: u8) -> Random {
    Random::new(&Seed([number; 32]))
}

/// A signing key from a number; 1 is the identity of [`snapshot`].
#[must_use]
pub fn signing_key(number: u8) -> SigningKey {
    SigningKey::generate(&mut random(number))
}

/// The shared secret of [`snapshot`] and [`dial`].
///
/// # Panics
/// Never: it is long enough.
#[must_use]
pub fn secret() -> SharedSecret {
    SharedSecret::new(&[7; 32]).expect("32 bytes")
}

/// A TLS key from a number, with a certificate for `hub.example` from [`START`] on.
///
/// # Panics
/// Where the cryptography fails.
#[must_use]
pub fn server_tls(number: u8) -> ServerTls {
    let names = ["hub.example".to_owned()];
    let key = TlsKey::self_signed(&mut random(number), &names, "hub", START.unix);
    let (chain, key) = key.expect("a certificate").into_parts();
    ServerTls::new(chain, key).expect("a key for TLS")
}

/// A hub for peers of this mode, which admits by [`secret`]; with TLS unless they are `plain`. What
/// is to be otherwise is said before it: `HubSnapshot { open: true, ..snapshot(mode) }`.
///
/// # Panics
/// Where the cryptography fails.
#[must_use]
pub fn snapshot(mode: Mode) -> HubSnapshot {
    let tls = match mode {
        Mode::Plain => None,
        Mode::Tofu | Mode::Strict => Some(server_tls(3)),
    };
    let secrets = secret().into();
    HubSnapshot { tls, secrets, ..HubSnapshot::new(HubIdentity(signing_key(1)), "hub") }
}

/// The dial of a peer that serves, knows nothing of its hub, and proves itself by [`secret`]. Its
/// key is drawn from its id. What is to be otherwise is said before it: `Dial { purpose:
/// Purpose::Operate, ..dial(mode, "ops") }`.
///
/// # Panics
/// Where `peer` is no id, or the cryptography fails.
#[must_use]
pub fn dial(mode: Mode, peer: &str) -> Dial {
    let transport = match mode {
        Mode::Plain => Transport::Plain,
        Mode::Tofu | Mode::Strict => Transport::Tls(ClientTls::new().expect("TLS")),
    };
    let mut seed = [0; 32];
    for (at, byte) in peer.bytes().enumerate() {
        seed[at % 32] ^= byte;
    }
    let key = PeerKey(SigningKey::generate(&mut Random::new(&Seed(seed))));
    Dial {
        trust: mode,
        known: KnownHub { hub: "hub".to_owned(), ..KnownHub::default() },
        credential: Credential::Secret(secret()),
        ..Dial::new("hub.example:7777", transport, peer.parse().expect("an id"), key)
    }
}
