//! Every row and column of the table, as a scene of one hub with two TLS keys and a stranger.

mod plain;
mod properties;
mod strict;
mod tofu;

use rustls::pki_types::CertificateDer;

use super::*;
use crate::id::{HubId, Nonce, Pin};
use crate::identity::{Fingerprint, HelloVerified, HubIdentity, SigningKey, verify_hello};
use crate::random::{Random, Seed};
use crate::tunnel::Served;
use crate::wire::frame::{HelloBody, Method, SessionLimits};

const NOW: u64 = 1_767_225_600;
const HUB: &str = "wss://hub.example";
const ALL_METHODS: [Method; 6] =
    [Method::Open, Method::Secret, Method::Join, Method::Resume, Method::Refresh, Method::Pass];

/// One hub as one link shows it, and what the peer knows.
#[derive(Clone, Debug)]
struct Scene {
    hub: u8,
    hello: HelloBody,
    served: Option<Served>,
    method: Method,
    host: &'static str,
    known: KnownHub,
}

fn identity(byte: u8) -> HubIdentity {
    HubIdentity(SigningKey::generate(&mut Random::new(&Seed([byte; 32]))))
}

fn id(byte: u8) -> HubId {
    identity(byte).id()
}

/// A TLS key by number; its certificate is bytes that mean nothing, which only `roots` looks into.
fn served(key: u8) -> Served {
    Served { chain: vec![CertificateDer::from(vec![key; 9])], pin: Pin([key; 32]) }
}

fn pin(key: u8) -> PinSpec {
    PinSpec::Key(served(key).pin)
}

fn fingerprint(key: u8) -> PinSpec {
    PinSpec::Certificate(Fingerprint::of(&served(key).chain[0]))
}

fn entry(hub: u8) -> Entry {
    Entry { identity: id(hub), pin: Some(Pin([1; 32])), generation: 5, first_seen: NOW - 1000 }
}

fn proof(hub: u8) -> HelloVerified {
    let (nonce, body) = (Nonce([0; 32]), b"body");
    let identity = identity(hub);
    verify_hello(&identity.0.public(), &nonce, body, &identity.sign_hello(&nonce, body)).unwrap()
}

/// Hub 1 lists TLS keys 1 and 2, serves key 1, and is at generation 5; the peer knows nothing and
/// holds the secret.
fn scene() -> Scene {
    Scene {
        hub: 1,
        hello: HelloBody {
            identity: identity(1).0.public(),
            name: "hub".to_owned(),
            nonce: Nonce([3; 32]),
            methods: vec![1],
            unix: NOW,
            tls_keys: vec![Pin([1; 32]), Pin([2; 32])],
            generation: 5,
            limits: SessionLimits { message: 1, open_calls: 1, call_deadline_ms: 1 },
        },
        served: Some(served(1)),
        method: Method::Secret,
        host: "hub.example",
        known: KnownHub { hub: HUB.to_owned(), ..KnownHub::default() },
    }
}

impl Scene {
    fn decide(&self, mode: Mode) -> Result<Decision, TrustError> {
        let contact = Contact {
            host: self.host,
            method: self.method,
            hello: &self.hello,
            verified: &proof(self.hub),
            served: self.served.as_ref(),
        };
        decide(mode, &self.known, contact, NOW)
    }

    fn without_tls(mut self) -> Self {
        self.served = None;
        self.hello.tls_keys.clear();
        self
    }

    fn of_hub(mut self, hub: u8) -> Self {
        self.hub = hub;
        self.hello.identity = identity(hub).0.public();
        self
    }

    fn serves(mut self, key: u8) -> Self {
        self.served = Some(served(key));
        self
    }

    fn with(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    fn keeps(mut self, entry: Entry) -> Self {
        self.known.entry = Some(entry);
        self
    }

    fn pinned(mut self, pins: &[PinSpec]) -> Self {
        self.known.pins = pins.to_vec();
        self
    }
}

/// The entry of a hub that nothing was kept of.
fn first_entry(hub: u8, pin: Option<u8>) -> Entry {
    Entry { identity: id(hub), pin: pin.map(|key| Pin([key; 32])), generation: 5, first_seen: NOW }
}

fn mismatch(expected: Identities, seen: u8) -> TrustError {
    TrustError::IdentityMismatch { hub: HUB.to_owned(), expected, seen: id(seen) }
}

fn not_vouched(seen: u8) -> TrustError {
    TrustError::KeyNotVouched {
        hub: HUB.to_owned(),
        identity: id(1),
        listed: scene().hello.tls_keys,
        seen: Pin([seen; 32]),
    }
}

fn pin_mismatch(expected: &[PinSpec], seen: u8) -> TrustError {
    TrustError::PinMismatch {
        hub: HUB.to_owned(),
        expected: expected.to_vec(),
        seen: Pin([seen; 32]),
    }
}

fn unknown_hub(pin: Option<u8>) -> TrustError {
    TrustError::UnknownHub { hub: HUB.to_owned(), id: id(1), pin: pin.map(|key| Pin([key; 32])) }
}

fn misconfigured(what: Misconfiguration) -> TrustError {
    TrustError::Misconfigured { hub: HUB.to_owned(), what }
}

#[test]
fn modes_print_and_read_back_as_themselves_and_tofu_is_the_default() {
    for mode in [Mode::Plain, Mode::Tofu, Mode::Strict] {
        assert_eq!(mode.to_string().parse(), Ok(mode));
    }
    assert_eq!(Mode::default(), Mode::Tofu);
    for bad in ["", "Tofu", "none", "strict "] {
        assert_eq!(bad.parse::<Mode>(), Err(UnknownMode), "{bad:?}");
    }
}

#[test]
fn a_proof_of_another_identity_than_hello_shows_is_refused_in_every_mode() {
    for mode in [Mode::Plain, Mode::Tofu, Mode::Strict] {
        let mut scene = scene().pinned(&[pin(1)]);
        scene.hello.identity = identity(2).0.public();
        assert_eq!(
            scene.decide(mode),
            Err(TrustError::BadHello { hub: HUB.to_owned(), claimed: id(2) }),
            "{mode}"
        );
    }
}
