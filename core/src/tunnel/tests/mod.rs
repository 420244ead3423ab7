//! The tunnel against itself, against rustls' buffered connections, and against forged records.

mod bounds;
mod client_certificates;
mod closing;
mod foreign;
mod handshake;
mod hostile;
mod mismatch;
mod records;

use aws_lc_rs::signature::Ed25519KeyPair;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;

/// A self-signed certificate and its Ed25519 key, the same for the same number.
fn identity(number: u8) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let pkcs8 = Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap().to_pkcs8v1().unwrap();
    let key = PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
    let pair = KeyPair::try_from(&key).unwrap();
    let params = CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
    (vec![params.self_signed(&pair).unwrap().der().clone()], key.into())
}

fn server_tls(number: u8) -> ServerTls {
    let (chain, key) = identity(number);
    ServerTls::new(chain, key).unwrap()
}

/// A tunnel, and the plaintext that came out of it.
struct End {
    tunnel: Tunnel,
    got: Buffer,
}

impl End {
    fn new(tunnel: Tunnel) -> Self {
        Self { tunnel, got: Buffer::new() }
    }

    fn connect(limits: &Limits) -> Self {
        Self::new(Tunnel::connect_tls(&ClientTls::new().unwrap(), "hub.example", limits).unwrap())
    }

    fn accept(limits: &Limits) -> Self {
        Self::new(Tunnel::accept_tls(&server_tls(1), limits).unwrap())
    }

    /// Gives it network bytes in pieces of at most `piece`.
    fn feed(&mut self, bytes: &[u8], piece: usize) -> Result<(), TunnelError> {
        for mut part in bytes.chunks(piece) {
            while !part.is_empty() {
                let room = self.tunnel.receive_buffer(part.len());
                let n = room.len();
                if n == 0 {
                    return self.tunnel.open(&mut self.got);
                }
                room.copy_from_slice(&part[..n]);
                part = &part[n..];
                self.tunnel.received(n);
                self.tunnel.open(&mut self.got)?;
            }
        }
        Ok(())
    }

    fn eof(&mut self) -> Result<(), TunnelError> {
        self.tunnel.received_eof();
        self.tunnel.open(&mut self.got)
    }

    fn seal(&mut self, bytes: &[u8]) {
        let mut plain = Buffer::new();
        plain.extend(bytes);
        self.tunnel.seal(&mut plain);
        assert!(plain.is_empty(), "{} bytes were left", plain.len());
    }

    /// Everything that waits for the socket.
    fn sent(&mut self) -> Vec<u8> {
        let bytes = self.tunnel.transmit().to_vec();
        self.tunnel.transmitted(bytes.len());
        bytes
    }

    /// All plaintext so far.
    fn taken(&mut self) -> Vec<u8> {
        let bytes = self.got.filled().to_vec();
        self.got.clear();
        bytes
    }
}

/// Carries bytes both ways, in pieces of at most `piece`, until neither end has any.
fn carry(a: &mut End, b: &mut End, piece: usize) -> Result<(), TunnelError> {
    loop {
        let (from_a, from_b) = (a.sent(), b.sent());
        if from_a.is_empty() && from_b.is_empty() {
            return Ok(());
        }
        b.feed(&from_a, piece)?;
        a.feed(&from_b, piece)?;
    }
}

/// Carries one byte one way, where there is one.
fn drip(from: &mut End, to: &mut End) {
    let byte = from.tunnel.transmit().first().copied();
    from.tunnel.transmitted(1);
    to.feed(byte.as_slice(), 1).unwrap();
}

/// A client and a server whose handshake is done.
fn open_pair() -> (End, End) {
    let limits = Limits::default();
    let (mut client, mut server) = (End::connect(&limits), End::accept(&limits));
    carry(&mut client, &mut server, usize::MAX).unwrap();
    assert!(client.tunnel.is_open() && server.tunnel.is_open());
    (client, server)
}

/// `count` bytes that differ from place to place.
fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i % 251) as u8).collect()
}
