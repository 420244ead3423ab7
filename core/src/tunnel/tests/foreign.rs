//! The other end as someone else would build it: rustls' buffered connections, and records sealed
//! by hand with the keys of such a connection.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::server::ResolvesServerCert;
use rustls::version::TLS13;
use rustls::{
    ClientConfig, ClientConnection, Connection, ConnectionTrafficSecrets, ServerConfig,
    ServerConnection, SupportedCipherSuite,
};

use super::super::verifier::Provisional;
use super::{End, Limits, TunnelError, identity};

/// What a foreign end offers.
pub(super) struct Offer {
    pub(super) suites: Vec<SupportedCipherSuite>,
    pub(super) groups: Vec<&'static dyn SupportedKxGroup>,
}

impl Default for Offer {
    fn default() -> Self {
        let CryptoProvider { kx_groups, .. } = default_provider();
        Self { suites: vec![cipher_suite::TLS13_AES_128_GCM_SHA256], groups: kx_groups }
    }
}

impl Offer {
    fn provider(self) -> Arc<CryptoProvider> {
        Arc::new(CryptoProvider {
            cipher_suites: self.suites,
            kx_groups: self.groups,
            ..default_provider()
        })
    }

    pub(super) fn client_config(self) -> ClientConfig {
        let provider = self.provider();
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Provisional::new(provider)))
            .with_no_client_auth();
        config.enable_secret_extraction = true;
        config
    }
}

/// A server as rustls makes it by default, with tickets and a store of sessions, which may also
/// send data in its first flight.
pub(super) fn server_config() -> ServerConfig {
    let (chain, key) = identity(1);
    let mut config = ServerConfig::builder_with_provider(Offer::default().provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.send_half_rtt_data = true;
    config
}

/// A foreign end.
pub(super) struct Foreign {
    pub(super) connection: Connection,
}

impl Foreign {
    pub(super) fn client(config: impl Into<Arc<ClientConfig>>) -> Self {
        let name = "hub.example".try_into().unwrap();
        let client = ClientConnection::new(config.into(), name).unwrap();
        Self { connection: client.into() }
    }

    pub(super) fn server(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self { connection: ServerConnection::new(config.into()).unwrap().into() }
    }

    /// A server that presents what `resolver` says.
    pub(super) fn presenting(resolver: Arc<dyn ResolvesServerCert>) -> Self {
        let config = ServerConfig::builder_with_provider(Offer::default().provider())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        Self::server(config)
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let mut got = Vec::new();
        while !bytes.is_empty() {
            self.connection.read_tls(&mut bytes).unwrap();
            self.connection.process_new_packets()?;
            // WouldBlock where nothing more is there, which is what it says at the end.
            let _ = self.connection.reader().read_to_end(&mut got);
        }
        Ok(got)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.connection.writer().write_all(bytes).unwrap();
    }

    pub(super) fn sent(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut bytes).unwrap();
        }
        bytes
    }

    /// The handshake with `end`, to its end.
    pub(super) fn greet(&mut self, end: &mut End) -> Result<(), TunnelError> {
        loop {
            let (ours, theirs) = (self.sent(), end.sent());
            if ours.is_empty() && theirs.is_empty() {
                return Ok(());
            }
            end.feed(&ours, usize::MAX)?;
            self.feed(&theirs).unwrap();
        }
    }

    /// The keys with which it would go on writing.
    pub(super) fn forge(self) -> Forge {
        let (seq, secrets) = self.connection.dangerous_extract_secrets().unwrap().tx;
        let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else {
            panic!("another suite");
        };
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref()).unwrap());
        Forge { key, iv: iv.as_ref().try_into().unwrap(), seq }
    }
}

/// Seals records that no library would send.
pub(super) struct Forge {
    key: LessSafeKey,
    iv: [u8; 12],
    seq: u64,
}

impl Forge {
    /// One record of `content` and `padding` zeros (RFC 8446 §5.2).
    pub(super) fn record(&mut self, kind: u8, content: &[u8], padding: usize) -> Vec<u8> {
        let mut inner = content.to_vec();
        inner.push(kind);
        inner.resize(inner.len() + padding, 0);
        let [high, low] = u16::try_from(inner.len() + 16).unwrap().to_be_bytes();
        let header = [0x17, 3, 3, high, low];
        let mut nonce = self.iv;
        for (byte, seq) in nonce[4..].iter_mut().zip(self.seq.to_be_bytes()) {
            *byte ^= seq;
        }
        self.seq += 1;
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce, Aad::from(header), &mut inner).unwrap();
        [&header[..], &inner].concat()
    }

    /// Gives the next record the number of the last one.
    pub(super) fn seq_back(&mut self) {
        self.seq -= 1;
    }

    pub(super) fn data(&mut self, content: &[u8]) -> Vec<u8> {
        self.record(APPLICATION_DATA, content, 0)
    }
}

/// A server of ours whose client, after the handshake, is a forge.
pub(super) fn forged_client(limits: &Limits) -> (Forge, End) {
    let mut server = End::accept(limits);
    let mut foreign = Foreign::client(Offer::default().client_config());
    foreign.greet(&mut server).unwrap();
    assert!(server.tunnel.is_open());
    (foreign.forge(), server)
}

pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;
