//! What a hub mints for a peer: in Welcome, and in Refreshed.

use core::fmt;

use zeroize::Zeroizing;

use crate::wire::frame::codec::{Certificate, Unix};
use crate::wire::frame::table::*;

record! {
    /// Credentials for later admissions.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Issued named "credentials" {
        /// Peer's certificate, an X.509 certificate in DER of at most
        /// [`CERTIFICATE`](crate::wire::bounds::CERTIFICATE) bytes. This floor does not look into
        /// it.
        0 required "certificate" certificate: Vec<u8> as Certificate,
        /// Refresh token.
        1 required "refresh token" refresh: Zeroizing<[u8; 32]>,
        /// End of the refresh token, seconds since 1970.
        2 required "refresh token ends" refresh_ends: u64 as Unix,
    }
}

/// Everything but the refresh token.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("certificate_len", &self.certificate.len())
            .field("refresh_ends", &self.refresh_ends)
            .finish_non_exhaustive()
    }
}
