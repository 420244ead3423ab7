//! Not written yet.

use rustls::pki_types::CertificateDer;

use crate::id::Pin;

/// What the other end served in the TLS handshake.
#[derive(Clone, Debug)]
pub struct Served {
    /// The certificates as served, the hub's own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The pin of the first one's key.
    pub pin: Pin,
}
