//! Certificates that a hub's chain may end in, and the check of chain, dates and name.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use x509_parser::time::ASN1Time;

use crate::identity::Description;

/// Why a file gives no roots.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// Not one certificate. A check against nothing would refuse every hub, for no visible reason.
    #[error("the file for roots holds no PEM block 'CERTIFICATE'")]
    Empty,
    /// One of the blocks is no certificate. None is passed over.
    #[error("certificate {0} of the file for roots is malformed")]
    Malformed(usize),
}

crate::debug_as_display!(RootsError);

/// Certificates that a chain may end in: at least one.
#[derive(Clone)]
pub struct Roots {
    count: usize,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Roots {
    /// Reads all certificates of a PEM file (RFC 7468). A hub's own self-signed certificate may be
    /// among them.
    ///
    /// # Errors
    /// [`RootsError`]: none, or one that is malformed.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootsError> {
        let mut store = RootCertStore::empty();
        for (at, read) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let der = read.map_err(|_| RootsError::Malformed(at + 1))?;
            store.add(der).map_err(|_| RootsError::Malformed(at + 1))?;
        }
        let count = store.len();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
            .build()
            .map_err(|_| RootsError::Empty)?;
        Ok(Self { count, verifier })
    }

    /// Checks that `chain` leads from its first certificate to one of the roots, is valid at
    /// `now_unix` (seconds since 1970), and names `host`, a DNS name or an IP address without
    /// brackets.
    ///
    /// # Errors
    /// The first fault found.
    pub fn check(
        &self,
        chain: &[CertificateDer<'static>],
        host: &str,
        now_unix: u64,
    ) -> Result<(), ChainFault> {
        let [first, rest @ ..] = chain else {
            return Err(ChainFault::Other("no certificate was served".to_owned()));
        };
        let wrong_name = || ChainFault::Name { host: host.to_owned(), presented: names_of(first) };
        let name = ServerName::try_from(host).map_err(|_| wrong_name())?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_unix));
        let Err(error) = self.verifier.verify_server_cert(first, rest, &name, &[], now) else {
            return Ok(());
        };
        let rustls::Error::InvalidCertificate(error) = error else {
            return Err(ChainFault::Other(error.to_string()));
        };
        Err(match error {
            CertificateError::ExpiredContext { not_after, .. } => {
                ChainFault::Expired { not_after: not_after.as_secs(), now: now_unix }
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                ChainFault::NotYetValid { not_before: not_before.as_secs(), now: now_unix }
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                wrong_name()
            }
            CertificateError::UnknownIssuer => ChainFault::Issuer { issuer: issuer_of(chain) },
            CertificateError::BadSignature => ChainFault::Signature { issuer: issuer_of(chain) },
            other => ChainFault::Other(other.to_string()),
        })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.count)
    }
}

fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    Description::of(certificate).map(|told| told.names).unwrap_or_default()
}

/// Who issued the last certificate that was served: the one that the roots lack.
fn issuer_of(chain: &[CertificateDer<'_>]) -> String {
    let told = chain.last().and_then(|last| Description::of(last).ok());
    told.map_or_else(|| "unknown".to_owned(), |told| told.issuer)
}

/// What is wrong with a chain. Dates are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainFault {
    /// A certificate of the chain has ended.
    Expired {
        /// When.
        not_after: u64,
        /// This machine's clock.
        now: u64,
    },
    /// A certificate of the chain is not valid yet.
    NotYetValid {
        /// When it will be.
        not_before: u64,
        /// This machine's clock.
        now: u64,
    },
    /// The certificate is for other names.
    Name {
        /// The host that was dialled.
        host: String,
        /// What the certificate names.
        presented: Vec<String>,
    },
    /// The chain ends in no root that was given.
    Issuer {
        /// Who issued its last certificate.
        issuer: String,
    },
    /// The chain names an issuer that was given, and was not signed with its key.
    Signature {
        /// Who is said to have issued its last certificate.
        issuer: String,
    },
    /// Anything else: a malformed certificate, or one for another purpose.
    Other(String),
}

impl core::error::Error for ChainFault {}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { not_after, now } => write!(
                f,
                "dates: it ended on {}; this machine's clock says {}",
                date(*not_after),
                date(*now)
            ),
            Self::NotYetValid { not_before, now } => write!(
                f,
                "dates: it is valid from {}; this machine's clock says {}",
                date(*not_before),
                date(*now)
            ),
            Self::Name { host, presented } if presented.is_empty() => {
                write!(f, "name: expected {host}; it names nothing")
            }
            Self::Name { host, presented } => {
                write!(f, "name: expected {host}; it names {}", presented.join(", "))
            }
            Self::Issuer { issuer } => {
                write!(f, "issuer: {issuer}, which is none of the given roots")
            }
            Self::Signature { issuer } => {
                write!(f, "issuer: it was not signed with the key of the {issuer} that was given")
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// A date for people (RFC 2822), or the bare number where it is beyond every calendar.
fn date(unix: u64) -> String {
    i64::try_from(unix)
        .ok()
        .and_then(|seconds| ASN1Time::from_timestamp(seconds).ok())
        .and_then(|time| time.to_rfc2822().ok())
        .unwrap_or_else(|| format!("{unix} s after 1970"))
}

#[cfg(test)]
#[path = "roots_tests.rs"]
mod tests;
