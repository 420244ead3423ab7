//! Why a tunnel failed, in words for the operator.
//!
//! Every one of these is final: the tunnel that gave it gives it again and moves no more bytes,
//! but for an alert or a refusal that may wait in `transmit`.

use rustls::CertificateError;

use crate::code::Code;
use crate::id::Pin;

/// Why a tunnel cannot be made, or broke.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// The other end began a TLS handshake, or refused with a TLS alert; this end speaks plain.
    #[error("the other end speaks TLS and this end expects plain text")]
    TlsWherePlainExpected,
    /// The other end spoke without TLS, or refused ours in plain text.
    #[error("the other end speaks plain text and this end expects TLS")]
    PlainWhereTlsExpected,
    /// What answered a TLS handshake is neither TLS nor HTTP.
    #[error(
        "what answered speaks neither TLS nor HTTP: something else than a Bowline hub is listening \
         there"
    )]
    Foreign,
    /// The stream ended without a close_notify: what arrived may not be all that was sent.
    #[error("the connection was cut: it ended without TLS saying so")]
    Truncated,
    /// A TLS message needs more input than may be held.
    #[error("the other end sent a TLS message above the limit")]
    TooBig,
    /// Too many TLS records in a row that carry nothing.
    #[error("the other end sent too many TLS records without content")]
    EmptyRecords,
    /// The hub served another key than those that this end's certificate may be shown to. Nothing
    /// was sent to it but ClientHello; a connection without the certificate is decided on as any
    /// other.
    #[error("the hub serves the key {served}, to which this peer's certificate is not shown")]
    NotShown {
        /// The pin of the key that was served.
        served: Pin,
    },
    /// TLS itself failed, here or at the other end.
    #[error("TLS failed: {0}")]
    Tls(#[source] rustls::Error),
    /// The host of a URL is neither a DNS name nor an IP address.
    #[error("'{0}' is neither a DNS name nor an IP address")]
    BadName(String),
    /// The certificate or key that this end was given cannot be used.
    #[error("the TLS certificate or key cannot be used: {0}")]
    Config(#[source] rustls::Error),
}

impl TunnelError {
    /// What ends the link in our table of codes. A stream cut short heals by itself: the other end
    /// is gone, and may be back.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Truncated => Code::GoingAway,
            Self::TlsWherePlainExpected => Code::TlsWherePlain,
            Self::PlainWhereTlsExpected => Code::PlainWhereTls,
            Self::Foreign => Code::NotBowline,
            Self::Tls(_) | Self::NotShown { .. } => Code::TlsFailed,
            Self::TooBig | Self::EmptyRecords | Self::BadName(_) | Self::Config(_) => {
                Code::ProtocolError
            }
        }
    }

    /// Whether trying again later can succeed with nobody doing anything: a damaged or cut stream
    /// may, two ends that speak different languages may not.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Truncated
            | Self::TooBig
            | Self::EmptyRecords
            | Self::NotShown { .. }
            | Self::Tls(_) => true,
            Self::TlsWherePlainExpected
            | Self::PlainWhereTlsExpected
            | Self::Foreign
            | Self::BadName(_)
            | Self::Config(_) => false,
        }
    }
}

impl From<rustls::Error> for TunnelError {
    fn from(error: rustls::Error) -> Self {
        use rustls::PeerMisbehaved::TooManyEmptyFragments;
        match error {
            rustls::Error::PeerMisbehaved(TooManyEmptyFragments) => Self::EmptyRecords,
            rustls::Error::InvalidCertificate(CertificateError::Other(ref other)) => {
                match other.0.downcast_ref() {
                    Some(OtherKey(served)) => Self::NotShown { served: *served },
                    None => Self::Tls(error),
                }
            }
            other => Self::Tls(other),
        }
    }
}

/// How a verifier tells, through rustls, that the key served is none of those expected.
#[derive(Debug, thiserror::Error)]
#[error("the key served is not one of those expected: {0}")]
pub(super) struct OtherKey(pub(super) Pin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_stream_heals_and_a_mismatch_of_ends_does_not() {
        assert!(
            TunnelError::Truncated.is_retryable() && TunnelError::Truncated.code().is_retryable()
        );
        assert!(TunnelError::Tls(rustls::Error::DecryptError).is_retryable());
        assert!(!TunnelError::TlsWherePlainExpected.is_retryable());
        assert!(!TunnelError::PlainWhereTlsExpected.is_retryable());
        assert_eq!(TunnelError::PlainWhereTlsExpected.code(), Code::PlainWhereTls);
        assert_eq!(TunnelError::Foreign.code(), Code::NotBowline);
        for error in [TunnelError::Foreign, TunnelError::Tls(rustls::Error::DecryptError)] {
            assert_eq!(error.is_retryable(), error.code().is_retryable(), "{error}");
        }
    }

    #[test]
    fn a_key_that_is_not_expected_is_told_with_its_pin_and_heals() {
        let served = Pin([7; 32]);
        let theirs = rustls::OtherError(std::sync::Arc::new(OtherKey(served)));
        let theirs: rustls::Error = CertificateError::Other(theirs).into();
        let told = TunnelError::from(theirs);
        assert_eq!(told, TunnelError::NotShown { served });
        assert!(told.is_retryable() && told.code().is_retryable());
        assert!(told.to_string().contains(&served.to_string()));
    }

    #[test]
    fn rustls_own_bound_on_empty_records_is_told_as_ours() {
        let theirs: rustls::Error = rustls::PeerMisbehaved::TooManyEmptyFragments.into();
        assert_eq!(TunnelError::from(theirs), TunnelError::EmptyRecords);
    }
}
