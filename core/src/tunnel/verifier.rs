//! What TLS itself checks of a hub's certificate: that it can be read, and that the other end
//! holds its key.
//!
//! Whether it is the right key, and whether names, dates and chain are right, is decided by
//! `trust/` on the served chain, within the connection that carries the data. The signature check
//! is never left out: without it anyone could present a copy of a public certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, PeerIncompatible, SignatureScheme,
};

use super::error::OtherKey;
use crate::id::Pin;

/// Accepts every certificate that can be read, and checks CertificateVerify (RFC 8446 §4.4.3).
#[derive(Debug)]
pub(super) struct Provisional {
    provider: Arc<CryptoProvider>,
    /// Where not every key is accepted, those that are.
    only: Option<Vec<Pin>>,
}

impl Provisional {
    /// A verifier that knows the signature algorithms of `provider`.
    pub(super) fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, only: None }
    }

    /// The same, which refuses a key that is none of `pins`: rustls answers CertificateRequest
    /// after this check, so that such a server gets no answer.
    pub(super) fn of(provider: Arc<CryptoProvider>, pins: Vec<Pin>) -> Self {
        Self { provider, only: Some(pins) }
    }
}

impl ServerCertVerifier for Provisional {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let pin = pin(end_entity)?;
        match &self.only {
            Some(pins) if !pins.contains(&pin) => {
                Err(CertificateError::Other(OtherError(Arc::new(OtherKey(pin)))).into())
            }
            Some(_) | None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The pin of a certificate's public key; an error where the certificate cannot be read.
pub(super) fn pin(certificate: &CertificateDer<'_>) -> Result<Pin, Error> {
    ParsedCertificate::try_from(certificate)
        .map(|parsed| Pin::of(parsed.subject_public_key_info().as_ref()))
}

#[cfg(test)]
mod tests {
    use rustls::crypto::aws_lc_rs::default_provider;

    use super::*;

    #[test]
    fn a_certificate_that_cannot_be_read_is_refused_before_its_signature_is_looked_at() {
        let verifier = Provisional::new(Arc::new(default_provider()));
        let name = "hub.example".try_into().unwrap();
        let now = UnixTime::since_unix_epoch(core::time::Duration::ZERO);
        for garbage in [&b""[..], b"\x30\x00", b"\x30\x03\x02\x01\x01"] {
            let certificate = CertificateDer::from(garbage);
            let refused = verifier.verify_server_cert(&certificate, &[], &name, &[], now);
            let bad = Error::InvalidCertificate(CertificateError::BadEncoding);
            assert_eq!(refused.unwrap_err(), bad);
        }
    }
}
