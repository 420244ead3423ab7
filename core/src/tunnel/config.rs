//! What each side of a TLS tunnel is made from: one configuration for many connections.
//!
//! TLS 1.3 alone, three suites, three groups, and no second way in: no resumption, no tickets, no
//! early data, because a resumed session skips the check of the served key. spec: transport §1.2

use core::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{ClientConfig, Error, ServerConfig};

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
        let verifier = Arc::new(Provisional::new(Arc::clone(&provider)));
        let mut config = ClientConfig::builder_with_details(provider, Arc::new(NoClock))
            .with_protocol_versions(&[&TLS13])
            .map_err(TunnelError::Config)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config) })
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
    /// A server that presents `chain`, its own certificate first, and signs with `key`.
    ///
    /// # Errors
    /// [`TunnelError::Config`] where the chain is empty, its first certificate cannot be read, the
    /// key is of no kind that is known, or the two do not belong together.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TunnelError> {
        let own = chain.first().ok_or(TunnelError::Config(Error::NoCertificatesPresented))?;
        let pin = verifier::pin(own).map_err(TunnelError::Config)?;
        let mut config = ServerConfig::builder_with_details(provider(), Arc::new(NoClock))
            .with_protocol_versions(&[&TLS13])
            .map_err(TunnelError::Config)?
            .with_no_client_auth()
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
