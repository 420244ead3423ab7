//! What every certificate that is made here is put together with: our keys as rcgen wants them,
//! serial numbers, dates, names and key identifiers.
//!
//! Nothing is drawn from the system: the same key, generator and time give the same bytes.

use core::time::Duration;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyIdMethod, PublicKeyData, SerialNumber,
};
use sha2::{Digest, Sha256};

use super::key::SigningKey;
use crate::id::PublicKey;
use crate::random::Random;

/// How long before it is made a certificate is valid, for clocks that run behind.
pub(super) const EARLIER: Duration = Duration::from_secs(60 * 60);

/// 9999-12-31T00:00:00Z, a day before the last second that X.509 can tell.
pub(super) const LAST_DATE: u64 = 253_402_214_400;

/// A key as rcgen wants it, so that it signs with ours and draws nothing from the system.
pub(super) struct CertificateSigner<'a> {
    key: &'a SigningKey,
    public: PublicKey,
}

impl<'a> CertificateSigner<'a> {
    pub(super) fn new(key: &'a SigningKey) -> Self {
        Self { key, public: key.public() }
    }
}

impl PublicKeyData for CertificateSigner<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for CertificateSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.key.sign(message).to_vec())
    }
}

/// 16 random bytes as a positive integer of exactly that length (RFC 5280 §4.1.2.2).
pub(super) fn serial(random: &mut Random) -> SerialNumber {
    let mut bytes: [u8; 16] = random.bytes();
    bytes[0] = (bytes[0] & 0x7F) | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// Says from when to when, the last second included: seconds since 1970, at most [`LAST_DATE`] and
/// a day.
pub(super) fn valid(params: &mut CertificateParams, not_before: u64, not_after: u64) {
    let at = |unix: u64| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(unix);
    params.not_before = at(not_before);
    params.not_after = at(not_after);
}

/// Bare parameters for a subject with this common name and nothing else.
pub(super) fn params(common_name: &str, key: &PublicKey) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(key).to_vec());
    params
}

/// The key identifier of a key: the first 160 bits of SHA-256 over its 32 bytes (RFC 7093 §2, the
/// first method), which RFC 5280 §4.2.1.2 leaves to us.
pub(super) fn key_identifier(key: &PublicKey) -> [u8; 20] {
    let hash: [u8; 32] = Sha256::digest(key.0).into();
    let mut identifier = [0; 20];
    identifier.copy_from_slice(&hash[..20]);
    identifier
}
