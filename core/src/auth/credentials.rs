//! What a peer comes back with: its certificate, and the refresh token for when that has ended.

use core::fmt;

use crate::auth::RefreshToken;
use crate::id::HubId;
use crate::identity::{CertificateError, PeerCertificate};
use crate::wire::frame::Issued;

/// What a hub minted for a peer, as the peer keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCredentials {
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// From when it holds, seconds since 1970.
    pub not_before: u64,
    /// Until when, seconds since 1970.
    pub not_after: u64,
    /// The refresh token.
    pub refresh: RefreshToken,
    /// Until when that holds, seconds since 1970.
    pub refresh_ends: u64,
}

/// How a peer with such credentials comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// By its certificate.
    Resume,
    /// By its refresh token: the certificate has ended, or is about to.
    Refresh,
    /// Not at all: both have ended.
    Ended,
}

/// A certificate that ends within so many seconds is not worth resuming with.
const ABOUT_TO_END: u64 = 60;

impl PeerCredentials {
    /// What a hub sent, with the hub that its certificate names and what that says of its peer.
    /// Nobody is admitted by it: see [`PeerCertificate::read`].
    ///
    /// # Errors
    /// [`CertificateError`]: the certificate is not one of a hub's.
    pub fn read(issued: &Issued) -> Result<(HubId, PeerCertificate, Self), CertificateError> {
        let (hub, certificate) = PeerCertificate::read(&issued.certificate)?;
        let credentials = Self {
            certificate: issued.certificate.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            refresh: RefreshToken(issued.refresh.clone()),
            refresh_ends: issued.refresh_ends,
        };
        Ok((hub, certificate, credentials))
    }

    /// How to come back at this time.
    // spec: admission §9
    #[must_use]
    pub fn way(&self, unix: u64) -> Reconnect {
        let life = self.not_after.saturating_sub(self.not_before);
        let margin = ABOUT_TO_END.min(life / 10);
        if unix.saturating_add(margin) < self.not_after {
            Reconnect::Resume
        } else if unix < self.refresh_ends {
            Reconnect::Refresh
        } else {
            Reconnect::Ended
        }
    }
}

/// Dates and lengths alone.
impl fmt::Debug for PeerCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerCredentials")
            .field("certificate_len", &self.certificate.len())
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .field("refresh_ends", &self.refresh_ends)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_peer_resumes_while_its_certificate_lasts_and_then_refreshes() {
        let credentials = |not_after| PeerCredentials {
            certificate: vec![1],
            not_before: 1000,
            not_after,
            refresh: RefreshToken(Zeroizing::new([7; 32])),
            refresh_ends: 9000,
        };
        let day = credentials(5000);
        let ways = [4939, 4940, 5000, 8999, 9000].map(|unix| day.way(unix));
        assert_eq!(
            ways,
            [
                Reconnect::Resume,
                Reconnect::Refresh,
                Reconnect::Refresh,
                Reconnect::Refresh,
                Reconnect::Ended
            ]
        );
        let short = credentials(1010);
        assert_eq!(
            [1008, 1009].map(|unix| short.way(unix)),
            [Reconnect::Resume, Reconnect::Refresh]
        );
    }
}
