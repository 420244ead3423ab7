//! A peer's certificate: minted by the hub's CA at `join` and `refresh`, shown at `resume`.
//!
//! It says which peer has which key, and until when; what the peer may do is the registry's to say.
//! A certificate is checked by making it once more from what it says: what is accepted is what
//! would have been minted, byte for byte, so there is no extension, no name and no second spelling
//! to be lenient about. Dates are told, not judged: `auth` has the time.
//!
//! spec: identity §7

use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, PublicKeyData, SanType,
    SerialNumber,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

use super::authority::{Authority, AuthorityPublic};
use super::key::verify;
use super::making::{CertificateSigner, LAST_DATE, params, valid};
use crate::id::{HubId, PeerId, PublicKey};
use crate::random::Random;

/// Why a certificate is not minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The number of the issue is zero or has its highest bit set.
    #[error("the number of a certificate's issue is from 1 to 2^31 - 1, not {0}")]
    Issue(u32),
    /// The dates are turned round, or beyond what X.509 can tell.
    #[error("no certificate can be valid from {not_before} to {not_after} (seconds since 1970)")]
    Dates {
        /// Valid from, seconds since 1970.
        not_before: u64,
        /// Valid to, seconds since 1970.
        not_after: u64,
    },
}

impl Authority {
    /// A certificate (DER) for this peer's key, valid from `not_before` to `not_after`, seconds
    /// since 1970, both included. Its serial number is `issue`, from 1 to 2^31 - 1, and 12 bytes of
    /// `random`.
    ///
    /// # Errors
    /// [`MintError`], for an issue or dates that no certificate can have.
    pub fn mint(
        &self,
        random: &mut Random,
        peer: PeerId,
        key: PublicKey,
        issue: u32,
        not_before: u64,
        not_after: u64,
    ) -> Result<Vec<u8>, MintError> {
        if issue == 0 || issue > LAST_ISSUE {
            return Err(MintError::Issue(issue));
        }
        if not_before > not_after || not_after > LAST_DATE {
            return Err(MintError::Dates { not_before, not_after });
        }
        let mut serial = [0; 16];
        serial[..4].copy_from_slice(&issue.to_be_bytes());
        serial[4..].copy_from_slice(&random.bytes::<12>());
        let minted = PeerCertificate { peer, key, issue, not_before, not_after, serial };
        Ok(minted.made(&self.public(), CertificateSigner::new(self.key())))
    }
}

/// Why bytes are not a certificate of this hub's for one of its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// More bytes than any certificate of ours has.
    #[error("the certificate has more than {PEER_CERTIFICATE} bytes")]
    TooLong,
    /// Not DER, not an X.509 certificate, or followed by more bytes.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// Issued by somebody else.
    #[error("the certificate is of another authority than this hub's")]
    OtherAuthority,
    /// Not signed by the CA's key.
    #[error("the certificate is not signed by this hub's authority")]
    Signature,
    /// Signed by the CA, and not what it mints.
    #[error("the certificate is not of the form that this hub mints: {0}")]
    Form(&'static str),
}

/// What a certificate of a peer says, its signature and form checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCertificate {
    /// The peer.
    pub peer: PeerId,
    /// The peer's own key.
    pub key: PublicKey,
    /// Which of the hub's certificates for this peer it is, from 1.
    pub issue: u32,
    /// Valid from, seconds since 1970.
    pub not_before: u64,
    /// Valid to, seconds since 1970, the last second included.
    pub not_after: u64,
    /// The serial number: the issue in four bytes, big-endian, and 12 random bytes.
    pub serial: [u8; 16],
}

impl PeerCertificate {
    /// Checks that `der` is a certificate that `authority` minted: signature, names, key, and every
    /// extension. Not the dates, and not whether the peer still exists.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn check(der: &[u8], authority: &AuthorityPublic) -> Result<Self, CertificateError> {
        if der.len() > PEER_CERTIFICATE {
            return Err(CertificateError::TooLong);
        }
        let Ok(([], presented)) = X509Certificate::from_der(der) else {
            return Err(CertificateError::Unreadable);
        };
        if presented.issuer().as_raw() != authority.subject() {
            return Err(CertificateError::OtherAuthority);
        }
        let signature = <[u8; 64]>::try_from(presented.signature_value.data.as_ref())
            .map_err(|_| CertificateError::Signature)?;
        verify(&authority.key, presented.tbs_certificate.as_ref(), &signature)
            .map_err(|_| CertificateError::Signature)?;
        let told = Self::told(&presented)?;
        if told.made(authority, Presented { key: authority.key, signature }) != der {
            return Err(CertificateError::Form("an extension or a name is not as minted"));
        }
        Ok(told)
    }

    /// Reads what a certificate says of its peer and its hub: for the peer that it is for, which
    /// knows the hub and not the hub's CA. Nobody is to be admitted by it.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn read(der: &[u8]) -> Result<(HubId, Self), CertificateError> {
        if der.len() > PEER_CERTIFICATE {
            return Err(CertificateError::TooLong);
        }
        let Ok(([], presented)) = X509Certificate::from_der(der) else {
            return Err(CertificateError::Unreadable);
        };
        let told = Self::told(&presented)?;
        let names = presented.subject_alternative_name().ok().flatten();
        let uri = names.and_then(|names| match names.value.general_names.as_slice() {
            [GeneralName::URI(uri)] => uri.strip_prefix("bowline://")?.split_once("/peer/"),
            _ => None,
        });
        let hub = uri.filter(|(_, peer)| *peer == told.peer.as_str());
        let hub = hub.and_then(|(hub, _)| hub.parse().ok());
        Ok((hub.ok_or(CertificateError::Form("its name is no peer of a hub's"))?, told))
    }

    /// Reads what a certificate says of its peer.
    fn told(presented: &X509Certificate<'_>) -> Result<Self, CertificateError> {
        let form = CertificateError::Form;
        if presented.version() != X509Version::V3 {
            return Err(form("not X.509 version 3"));
        }
        let spki = presented.public_key().raw;
        let key = spki.last_chunk().map(|key| PublicKey(*key));
        let key = key.filter(|key| key.spki()[..] == *spki).ok_or(form("not an Ed25519 key"))?;
        let (serial, issue) = serial(presented.raw_serial()).ok_or(form("the serial number"))?;
        let validity = presented.validity();
        let date = |at: i64| u64::try_from(at).ok().filter(|at| *at <= LAST_DATE);
        let not_before = date(validity.not_before.timestamp()).ok_or(form("a date"))?;
        let not_after = date(validity.not_after.timestamp()).ok_or(form("a date"))?;
        if not_before > not_after {
            return Err(form("it ends before it begins"));
        }
        let name = presented.subject().iter_common_name().next();
        let peer = name
            .and_then(|name| name.as_str().ok()?.parse().ok())
            .ok_or(form("the common name is no peer id"))?;
        Ok(Self { peer, key, issue, not_before, not_after, serial })
    }

    /// The certificate that says this, signed by `signer`.
    fn made(&self, authority: &AuthorityPublic, signer: impl rcgen::SigningKey) -> Vec<u8> {
        // rcgen fails where a signer does, and neither of ours does, or for CRL distribution points
        // without an address, of which there are none.
        self.params(authority.hub)
            .signed_by(&SubjectKey(self.key), &authority.issuer(signer))
            .expect("a peer's certificate can be made")
            .der()
            .to_vec()
    }

    // spec: identity §7
    fn params(&self, hub: HubId) -> CertificateParams {
        let mut params = params(self.peer.as_str(), &self.key);
        params.serial_number = Some(SerialNumber::from_slice(&self.serial));
        valid(&mut params, self.not_before, self.not_after);
        let uri = format!("bowline://{hub}/peer/{}", self.peer);
        // Ids are ASCII, which is all that a URI's type asks for.
        params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("ids are ASCII"))];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params
    }
}

/// The 16 bytes of a serial number and the issue in them, where it is one of ours.
fn serial(raw: &[u8]) -> Option<([u8; 16], u32)> {
    let mut serial = [0; 16];
    let start = serial.len().checked_sub(raw.len())?;
    serial[start..].copy_from_slice(raw);
    let issue = u32::from_be_bytes(*serial.first_chunk()?);
    (1..=LAST_ISSUE).contains(&issue).then_some((serial, issue))
}

/// The key of a certificate's subject.
struct SubjectKey(PublicKey);

impl PublicKeyData for SubjectKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

/// A signature that was made already, in the place of the key that made it.
struct Presented {
    key: PublicKey,
    signature: [u8; 64],
}

impl PublicKeyData for Presented {
    fn der_bytes(&self) -> &[u8] {
        &self.key.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for Presented {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.signature.to_vec())
    }
}

/// Bytes of a peer's certificate at most; one with the longest id has under 700.
pub const PEER_CERTIFICATE: usize = 4096;

/// The highest issue, so that no serial number is negative.
pub const LAST_ISSUE: u32 = u32::MAX >> 1;

#[cfg(test)]
#[path = "peer_certificate_tests.rs"]
mod tests;
