//! The hub's certificate authority: a key of its own, which signs the peers' certificates and
//! nothing else.
//!
//! Nobody installs its certificate anywhere: the hub checks what it issued by the key alone. The
//! certificate names the issuer for tools that build chains. What it issues is in
//! [`super::peer_certificate`].
//!
//! spec: identity §6

use core::fmt;
use core::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyUsagePurpose, SerialNumber};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::key::SigningKey;
use super::making::{CertificateSigner, EARLIER, LAST_DATE, params, serial, valid};
use crate::id::{HubId, PublicKey};
use crate::random::Random;

/// A certificate that is not the one of this key and hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the certificate that this hub made for its CA key")]
pub struct NotTheAuthority;

/// A hub's CA: its Ed25519 key and its self-signed certificate.
///
/// Printing it shows the public half.
pub struct Authority {
    key: SigningKey,
    hub: HubId,
    certificate: Vec<u8>,
    not_after: u64,
}

impl Authority {
    /// A new key with its certificate, valid from an hour before `now_unix` (seconds since 1970)
    /// for ten years after it. Key and serial number come from `random`.
    #[must_use]
    pub fn generate(random: &mut Random, hub: HubId, now_unix: u64) -> Self {
        Self::certify(SigningKey::generate(random), random, hub, now_unix)
    }

    /// A new certificate for a key that exists; dates as in [`Authority::generate`], and the serial
    /// number from `random`.
    #[must_use]
    pub fn certify(key: SigningKey, random: &mut Random, hub: HubId, now_unix: u64) -> Self {
        let now = now_unix.clamp(EARLIER.as_secs(), LAST_DATE - LIFE.as_secs());
        Self::made(key, hub, serial(random), now - EARLIER.as_secs(), now + LIFE.as_secs())
    }

    /// The CA of `key` with the certificate that [`Authority::certificate`] gave.
    ///
    /// # Errors
    /// [`NotTheAuthority`] for any other bytes: another key's, another hub's, or changed.
    pub fn read(key: SigningKey, certificate: &[u8], hub: HubId) -> Result<Self, NotTheAuthority> {
        let (_, told) = X509Certificate::from_der(certificate).map_err(|_| NotTheAuthority)?;
        let date = |at: i64| u64::try_from(at).ok().filter(|at| *at <= LAST_DATE);
        let validity = told.validity();
        let not_before = date(validity.not_before.timestamp()).ok_or(NotTheAuthority)?;
        let not_after = date(validity.not_after.timestamp()).ok_or(NotTheAuthority)?;
        let serial = SerialNumber::from_slice(told.raw_serial());
        // Made once more from what it says, it is the same, to the byte: Ed25519 is deterministic.
        let made = Self::made(key, hub, serial, not_before, not_after);
        if made.certificate == certificate { Ok(made) } else { Err(NotTheAuthority) }
    }

    fn made(
        key: SigningKey,
        hub: HubId,
        serial: SerialNumber,
        not_before: u64,
        not_after: u64,
    ) -> Self {
        let mut params = AuthorityPublic { hub, key: key.public() }.params();
        params.serial_number = Some(serial);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        valid(&mut params, not_before, not_after);
        // rcgen fails where a signer does, and ours does not, or for CRL distribution points
        // without an address, of which there are none.
        let made = params
            .self_signed(&CertificateSigner::new(&key))
            .expect("a CA certificate can be made");
        Self { key, hub, certificate: made.der().to_vec(), not_after }
    }

    /// The self-signed certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The last second in which the certificate is valid, seconds since 1970.
    #[must_use]
    pub fn not_after(&self) -> u64 {
        self.not_after
    }

    /// The key, to be stored.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// What is needed to check certificates of this CA.
    #[must_use]
    pub fn public(&self) -> AuthorityPublic {
        AuthorityPublic { hub: self.hub, key: self.key.public() }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({}, {:?})", self.hub, self.key.public())
    }
}

/// A hub's CA as those see it who check its certificates: whose it is, and its public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityPublic {
    /// The hub.
    pub hub: HubId,
    /// The public half of the CA's key.
    pub key: PublicKey,
}

impl AuthorityPublic {
    /// Its name, as issuer and subject: the DER of a Name (RFC 5280 §4.1.2.4) that has the hub's id
    /// for a common name.
    #[must_use]
    pub fn subject(&self) -> Vec<u8> {
        [&NAME_PREFIX[..], self.hub.to_string().as_bytes()].concat()
    }

    /// What its own certificate and the issuer part of others are made from.
    fn params(&self) -> CertificateParams {
        params(&self.hub.to_string(), &self.key)
    }

    /// The issuer that signs with `signer`, which has this CA's public key.
    pub(super) fn issuer<S: rcgen::SigningKey>(&self, signer: S) -> Issuer<'static, S> {
        Issuer::new(self.params(), signer)
    }
}

/// How long the certificate is valid after it is made: ten years of 365 days.
const LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What stands before the 30 characters of a hub id in a Name that holds nothing but a common name:
/// SEQUENCE, SET, SEQUENCE, the OID 2.5.4.3, UTF8String.
const NAME_PREFIX: [u8; 13] =
    [0x30, 0x29, 0x31, 0x27, 0x30, 0x25, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0C, 0x1E];

#[cfg(test)]
mod tests {
    use super::super::certificate::Description;
    use super::super::key::verify;
    use super::*;
    use crate::random::Seed;

    /// 2026-01-01T00:00:00Z.
    const NOW: u64 = 1_767_225_600;
    const HUB: HubId = HubId([7; 16]);

    fn random(byte: u8) -> Random {
        Random::new(&Seed([byte; 32]))
    }

    fn authority() -> Authority {
        Authority::generate(&mut random(1), HUB, NOW)
    }

    fn key() -> SigningKey {
        SigningKey::generate(&mut random(1))
    }

    #[test]
    fn the_same_seed_and_time_make_the_same_authority() {
        assert_eq!(authority().certificate(), authority().certificate());
        assert_eq!(authority().public().key, key().public());
        let other = Authority::generate(&mut random(2), HUB, NOW);
        assert_ne!(other.certificate(), authority().certificate());
    }

    #[test]
    fn its_certificate_signs_certificates_for_ten_years_and_does_nothing_else() {
        let authority = authority();
        let told = Description::of(authority.certificate()).unwrap();
        let name = format!("CN={HUB}");
        assert_eq!((&told.subject, &told.issuer), (&name, &name));
        assert_eq!(told.not_before, NOW - 3600);
        assert_eq!(told.not_after, NOW + 10 * 365 * 24 * 60 * 60);
        assert_eq!(told.not_after, authority.not_after());
        assert!(told.is_authority && told.names.is_empty() && told.purposes.is_empty());
        assert_eq!(told.usages, ["keyCertSign"]);

        let (_, parsed) = X509Certificate::from_der(authority.certificate()).unwrap();
        let constraints = parsed.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
        assert!(parsed.key_usage().unwrap().unwrap().critical);
        let signature: [u8; 64] = parsed.signature_value.data.as_ref().try_into().unwrap();
        let signed = parsed.tbs_certificate.as_ref();
        assert_eq!(verify(&authority.public().key, signed, &signature), Ok(()));
    }

    #[test]
    fn its_name_is_the_subject_of_its_certificate() {
        let authority = authority();
        let (_, parsed) = X509Certificate::from_der(authority.certificate()).unwrap();
        assert_eq!(parsed.subject().as_raw(), authority.public().subject());
    }

    #[test]
    fn it_reads_back_from_key_and_certificate_and_from_no_other() {
        let made = authority();
        let read = Authority::read(key(), made.certificate(), HUB).unwrap();
        assert_eq!(read.certificate(), made.certificate());
        assert_eq!((read.public(), read.not_after()), (made.public(), made.not_after()));

        let other_key = SigningKey::generate(&mut random(2));
        let read =
            |key, certificate: &[u8], hub| Authority::read(key, certificate, hub).map(|_| ());
        assert_eq!(read(other_key, made.certificate(), HUB), Err(NotTheAuthority));
        assert_eq!(read(key(), made.certificate(), HubId([8; 16])), Err(NotTheAuthority));
        let longer = [made.certificate(), &[0]].concat();
        assert_eq!(read(key(), &longer, HUB), Err(NotTheAuthority));
        for at in 0..made.certificate().len() {
            let mut changed = made.certificate().to_vec();
            changed[at] ^= 1;
            assert_eq!(read(key(), &changed, HUB), Err(NotTheAuthority), "byte {at}");
        }
    }

    #[test]
    fn a_new_certificate_keeps_the_key() {
        let later = Authority::certify(key(), &mut random(9), HUB, NOW + 1000);
        assert_eq!(later.public(), authority().public());
        assert_eq!(later.not_after(), authority().not_after() + 1000);
        assert_ne!(later.certificate(), authority().certificate());
    }

    #[test]
    fn no_clock_makes_an_authority_impossible() {
        for now in [0, 2_524_608_000, u64::MAX] {
            let made = Authority::generate(&mut random(1), HUB, now);
            let read = Authority::read(key(), made.certificate(), HUB).unwrap();
            assert!(read.not_after() <= LAST_DATE);
        }
    }

    #[test]
    fn printing_an_authority_shows_its_public_half_only() {
        let printed = format!("{:?}", authority());
        assert_eq!(printed, format!("Authority({HUB}, {:?})", key().public()));
    }
}
