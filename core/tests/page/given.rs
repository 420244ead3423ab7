//! What both examples are made of: the keys that their pages give, a hub that serves one of them,
//! and the bounds that it tells.

use core::time::Duration;

use bowline_core::buffer::Buffer;
use bowline_core::hub::Source as From;
use bowline_core::id::Nonce;
use bowline_core::identity::{SigningKey, TlsKey};
use bowline_core::limits::Limits;
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::tunnel::{ClientTls, Served, ServerTls, Tunnel};
use sha2::{Digest, Sha256};

use super::{Page, hex};

/// What the hub reads on its clock.
pub(crate) const NOW: Now = Now { mono: Mono(0), unix: 1_800_000_000 };

pub(crate) fn key(page: &Page, seed: &str) -> SigningKey {
    let version_1 = [&hex("302e020100300506032b657004220420"), page.bytes(seed)].concat();
    SigningKey::from_pkcs8(&version_1).unwrap()
}

pub(crate) fn peer_nonce(page: &Page) -> Nonce {
    Nonce(page.bytes("peer nonce").try_into().unwrap())
}

pub(crate) fn server_tls(page: &Page) -> ServerTls {
    let (key, names) = (key(page, "TLS key seed"), ["hub.example".to_owned()]);
    let mut serial = Random::new(&Seed([0; 32]));
    let made = TlsKey::self_signed_with(&key, &mut serial, &names, "example hub", NOW.unix);
    let (chain, key) = made.unwrap().into_parts();
    ServerTls::new(chain, key).unwrap()
}

/// What a peer sees in a handshake with that hub.
pub(crate) fn served(page: &Page) -> Served {
    let limits = limits();
    let mut peer = Tunnel::connect_tls(&ClientTls::new().unwrap(), "hub.example", &limits).unwrap();
    let mut hub = Tunnel::accept_tls(&server_tls(page), &limits).unwrap();
    while peer.secured().is_none() {
        carry(&mut peer, &mut hub);
        carry(&mut hub, &mut peer);
    }
    peer.secured().unwrap().served.clone().unwrap()
}

fn carry(from: &mut Tunnel, to: &mut Tunnel) {
    let bytes = from.transmit().to_vec();
    from.transmitted(bytes.len());
    to.receive_buffer(bytes.len()).copy_from_slice(&bytes);
    to.received(bytes.len());
    to.open(&mut Buffer::new()).unwrap();
}

pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.message = 1_048_576;
    limits.open_calls = 1024;
    limits.call_deadline = Duration::from_secs(86_400);
    limits.heartbeat = Duration::from_secs(15);
    limits
}

pub(crate) fn somewhere() -> From {
    From::Network(([192, 0, 2, 1], 49_152).into())
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
