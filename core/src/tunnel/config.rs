//! What each side of a TLS tunnel is made from: one configuration for many connections.
//!
//! TLS 1.3 alone, three suites, three groups, and no second way in: no resumption, no tickets, no
//! early data, because a resumed session skips the check of the served key. spec: transport §1.2

use core::fmt;
use std::sync::Arc;

use rustls::client::{Resumption, WantsClientCert};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{ClientConfig, ConfigBuilder, Error, ServerConfig};

use super::client_certificate::{Asking, Shown};
use super::error::TunnelError;
use super::verifier::{self, Provisional};
use crate::id::Pin;

/// The connecting side's TLS. Cloning shares it.
#[derive(Clone)]
pub struct ClientTls {
    pub(super) config: Arc<ClientConfig>,
}

impl ClientTls {
    /// A client without a certificate of its own.
    ///
    /// # Errors
    /// [`TunnelError::Config`] where the cryptographic library refuses our suites.
    pub fn new() -> Result<Self, TunnelError> {
        let provider = provider();
        let verifier = Provisional::new(Arc::clone(&provider));
        Ok(Self::made(builder(provider, verifier)?.with_no_client_auth()))
    }

    /// A client that shows `certificate` (DER) to a hub that asks for one, and signs with `key`;
    /// but only where the key that the hub serves is one of `pins`. At another the tunnel fails
    /// with [`TunnelError::NotShown`], whether or not the hub asks, and nothing is sent after
    /// ClientHello: the certificate would say who is calling.
    ///
    /// # Errors
    /// [`TunnelError::Config`] where the certificate cannot be read or is not the key's.
    pub fn with_certificate(
        certificate: Vec<u8>,
        key: Arc<dyn SigningKey>,
        pins: Vec<Pin>,
    ) -> Result<Self, TunnelError> {
        let provider = provider();
        let own = CertifiedKey::new(vec![certificate.into()], key);
        let shown = Shown::new(own).map_err(TunnelError::Config)?;
        let verifier = Provisional::of(Arc::clone(&provider), pins);
        let builder = builder(provider, verifier)?;
        Ok(Self::made(builder.with_client_cert_resolver(Arc::new(shown))))
    }

    fn made(mut config: ClientConfig) -> Self {
        config.resumption = Resumption::disabled();
        Self { config: Arc::new(config) }
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTls")
    }
}

/// The accepting side's TLS: its certificate chain and key. Cloning shares it.
#[derive(Clone)]
pub struct ServerTls {
    pub(super) config: Arc<ServerConfig>,
    chain: Arc<[CertificateDer<'static>]>,
    pin: Pin,
}

impl ServerTls {
    /// A server that presents `chain`, its own certificate first, and signs with `key`. It asks for
    /// no client certificate.
    ///
    /// # Errors
    /// [`TunnelError::Config`] where the chain is empty, its first certificate cannot be read, the
    /// key is of no kind that is known, or the two do not belong together.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TunnelError> {
        Self::made(provider(), Arc::new(NoClientAuth), chain, key)
    }

    /// As [`ServerTls::new`], for a server that asks clients for a certificate issued by
    /// `authority`, the DER of its Name (RFC 5280 §4.1.2.4), and goes on without one. What a client
    /// shows is in [`Secured::shown`](super::Secured::shown); nothing is decided by it here.
    ///
    /// # Errors
    /// As [`ServerTls::new`].
    pub fn asking(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        authority: &[u8],
    ) -> Result<Self, TunnelError> {
        let provider = provider();
        let asking = Asking::new(Arc::clone(&provider), authority);
        Self::made(provider, Arc::new(asking), chain, key)
    }

    fn made(
        provider: Arc<CryptoProvider>,
        clients: Arc<dyn ClientCertVerifier>,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TunnelError> {
        let own = chain.first().ok_or(TunnelError::Config(Error::NoCertificatesPresented))?;
        let pin = verifier::pin(own).map_err(TunnelError::Config)?;
        let mut config = ServerConfig::builder_with_details(provider, Arc::new(NoClock))
            .with_protocol_versions(&[&TLS13])
            .map_err(TunnelError::Config)?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain.clone(), key)
            .map_err(TunnelError::Config)?;
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { config: Arc::new(config), chain: chain.into(), pin })
    }

    /// The pin of the key that it presents.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// The certificates that it presents, its own first; never empty.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerTls({})", self.pin)
    }
}

/// What both kinds of client have in common.
fn builder(
    provider: Arc<CryptoProvider>,
    verifier: Provisional,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TunnelError> {
    let builder = ClientConfig::builder_with_details(provider, Arc::new(NoClock))
        .with_protocol_versions(&[&TLS13])
        .map_err(TunnelError::Config)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))
}

/// The algorithms of both sides, the preferred first.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS13_AES_128_GCM_SHA256,
            cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1],
        ..default_provider()
    })
}

/// The core has no clock. Certificates' dates are judged in `trust/` with the time that is passed
/// in, and nothing else in TLS 1.3 without tickets asks for one.
#[derive(Debug)]
struct NoClock;

impl TimeProvider for NoClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(core::time::Duration::ZERO))
    }
}
