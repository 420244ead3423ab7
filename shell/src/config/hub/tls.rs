//! Where the hub's certificate comes from.

use std::path::PathBuf;

use crate::config::hub::absolute;
use crate::config::{ConfigError, TlsSourceName};

/// Where the hub's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// The hub makes it.
    SelfSigned,
    /// From two PEM files.
    Files {
        /// The certificate, and those between it and the root.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

impl TlsSource {
    pub(super) fn name(&self) -> Option<TlsSourceName> {
        Some(match self {
            Self::SelfSigned => TlsSourceName::SelfSigned,
            Self::Files { .. } => TlsSourceName::Files,
        })
    }

    pub(super) fn cert(&self) -> Option<PathBuf> {
        match self {
            Self::SelfSigned => None,
            Self::Files { cert, .. } => Some(cert.clone()),
        }
    }

    pub(super) fn key(&self) -> Option<PathBuf> {
        match self {
            Self::SelfSigned => None,
            Self::Files { key, .. } => Some(key.clone()),
        }
    }
}

pub(super) fn resolve_source(
    source: Option<TlsSourceName>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<TlsSource, ConfigError> {
    let source = match source {
        None if cert.is_none() && key.is_none() => TlsSourceName::SelfSigned,
        None => TlsSourceName::Files,
        Some(source) => source,
    };
    match (source, cert, key) {
        (TlsSourceName::SelfSigned, None, None) => Ok(TlsSource::SelfSigned),
        (TlsSourceName::SelfSigned, ..) => Err(ConfigError::FilesUnused),
        (TlsSourceName::Files, Some(cert), Some(key)) => {
            Ok(TlsSource::Files { cert: absolute(cert), key: absolute(key) })
        }
        (TlsSourceName::Files, None, _) => {
            Err(ConfigError::FilesIncomplete { missing: "tls.cert" })
        }
        (TlsSourceName::Files, _, None) => Err(ConfigError::FilesIncomplete { missing: "tls.key" }),
    }
}
