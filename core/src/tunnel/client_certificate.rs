//! Client certificates in the handshake: what a server takes where it asks for one, and what a
//! client answers with.
//!
//! Nobody is admitted by this. A server learns which certificate was shown, and that the other end
//! holds its key; whose it is and what that is worth is `auth`'s to decide, from what the peer says
//! in its first message. So a stranger's certificate harms nobody, and is taken like any other.
//! spec: transport §1.3

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible,
    SignatureScheme,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::id::PublicKey;

/// Asks for a certificate of one authority, and does without one. Takes every certificate with an
/// Ed25519 key whose holder signed the handshake (RFC 8446 §4.4.3).
#[derive(Debug)]
pub(super) struct Asking {
    provider: Arc<CryptoProvider>,
    authorities: [DistinguishedName; 1],
}

impl Asking {
    /// `authority` is the DER of the Name (RFC 5280 §4.1.2.4) that clients are told of.
    pub(super) fn new(provider: Arc<CryptoProvider>, authority: &[u8]) -> Self {
        Self { provider, authorities: [authority.to_vec().into()] }
    }
}

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let spki = parsed.subject_public_key_info();
        let key = spki.last_chunk().map(|key| PublicKey(*key));
        if key.is_some_and(|key| key.spki()[..] == *spki) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(PeerIncompatible::NoSignatureSchemesInCommon.into())
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
        vec![SignatureScheme::ED25519]
    }
}

/// Shows one certificate to whoever asks for one of its issuer's.
#[derive(Debug)]
pub(super) struct Shown {
    own: Arc<CertifiedKey>,
    /// The DER of the issuer's Name.
    issuer: Vec<u8>,
}

impl Shown {
    /// # Errors
    /// Where the certificate cannot be read, or is not `own.key`'s.
    pub(super) fn new(own: CertifiedKey) -> Result<Self, Error> {
        own.keys_match()?;
        let certificate = own.end_entity_cert()?;
        let (_, parsed) = X509Certificate::from_der(certificate)
            .map_err(|_| Error::from(CertificateError::BadEncoding))?;
        let issuer = parsed.issuer().as_raw().to_vec();
        Ok(Self { own: Arc::new(own), issuer })
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        // A server that names nobody asks for any (RFC 8446 §4.2.4).
        let meant = authorities.is_empty() || authorities.contains(&&self.issuer[..]);
        meant.then(|| Arc::clone(&self.own))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
