//! A TLS private key with its certificate chain: made here, or read from PEM.
//!
//! The certificates that are made here are the ones of spec: identity §5: Ed25519, self-signed, a
//! year long. Renewing keeps the key, and so the pin. Chains from elsewhere are taken as they are,
//! once key and certificate are seen to belong together.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use data_encoding::BASE64;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType,
};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use zeroize::{Zeroize, Zeroizing};

use super::certificate::{BadCertificate, Description, spki};
use super::key::{IdentityError, SigningKey};
use super::making::{CertificateSigner, EARLIER, LAST_DATE, serial, valid};
use crate::id::Pin;
use crate::random::Random;

/// Why a TLS key could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsKeyError {
    /// No certificate in the PEM.
    #[error("the certificate file holds no PEM block 'CERTIFICATE'")]
    NoCertificate,
    /// The PEM of the certificate is malformed, or a block holds no certificate.
    #[error("certificate {0} of the certificate file is malformed")]
    Certificate(usize),
    /// No private key in the PEM.
    #[error("the key file holds no PEM block 'PRIVATE KEY', 'EC PRIVATE KEY' or 'RSA PRIVATE KEY'")]
    NoKey,
    /// The key is encrypted.
    #[error(
        "the key file is encrypted, and nobody is asked for its pass phrase: give it decrypted \
         (openssl pkey -in FILE -out NEW), with mode 0600"
    )]
    Encrypted,
    /// The PEM or the key in it is malformed, or of a kind that TLS does not use.
    #[error("the key file holds no usable Ed25519, ECDSA (P-256, P-384, P-521) or RSA key")]
    Key,
    /// The key is not the certificate's.
    #[error(
        "certificate and key do not belong together: the certificate is for the key {certificate}, \
         the key file holds {key}. Give the key that the certificate was made for"
    )]
    Mismatch {
        /// The pin of the key that the first certificate names.
        certificate: Pin,
        /// The pin of the key in the key file.
        key: Pin,
    },
    /// Not a DNS name and not an IP address.
    #[error("'{0}' is neither a DNS name nor an IP address")]
    Name(String),
    /// Not a common name.
    #[error("a certificate's common name has 1 to 64 characters, none of them a control character")]
    CommonName,
    /// The certificate could not be put together.
    #[error("the certificate could not be made: {0}")]
    Make(String),
}

/// A private key and its certificates, the key's own first.
///
/// Printing it shows the pin.
pub struct TlsKey {
    chain: Vec<CertificateDer<'static>>,
    key: WipedKey,
    pin: Pin,
}

impl TlsKey {
    /// A new Ed25519 key with a certificate for `names` (DNS names and IP addresses), valid from an
    /// hour before `now_unix` (seconds since 1970) for 365 days after it. Key and serial number
    /// come from `random`.
    ///
    /// # Errors
    /// [`TlsKeyError::Name`], [`TlsKeyError::CommonName`].
    pub fn self_signed(
        random: &mut Random,
        names: &[String],
        common_name: &str,
        now_unix: u64,
    ) -> Result<Self, TlsKeyError> {
        let key = SigningKey::generate(random);
        Self::self_signed_with(&key, random, names, common_name, now_unix)
    }

    /// As [`TlsKey::self_signed`], for a key that exists.
    ///
    /// # Errors
    /// As [`TlsKey::self_signed`].
    pub fn self_signed_with(
        key: &SigningKey,
        random: &mut Random,
        names: &[String],
        common_name: &str,
        now_unix: u64,
    ) -> Result<Self, TlsKeyError> {
        let made = params(random, names, common_name, now_unix)?
            .self_signed(&CertificateSigner::new(key))
            .map_err(|error| TlsKeyError::Make(error.to_string()))?;
        let key_der = PrivatePkcs8KeyDer::from(key.to_pkcs8().to_vec()).into();
        let pin = key.public().pin();
        Ok(Self { chain: vec![made.der().clone()], key: WipedKey(key_der), pin })
    }

    /// A new certificate for the same key, so that the pin stays.
    ///
    /// # Errors
    /// As [`TlsKey::self_signed`]; [`TlsKeyError::Key`] where the key is not Ed25519 in PKCS#8,
    /// which is what this type makes.
    pub fn renew(
        &self,
        random: &mut Random,
        names: &[String],
        common_name: &str,
        now_unix: u64,
    ) -> Result<Self, TlsKeyError> {
        let PrivateKeyDer::Pkcs8(der) = &self.key.0 else { return Err(TlsKeyError::Key) };
        let key = SigningKey::from_pkcs8(der.secret_pkcs8_der())
            .map_err(|IdentityError::Key| TlsKeyError::Key)?;
        Self::self_signed_with(&key, random, names, common_name, now_unix)
    }

    /// Reads a chain and a key from PEM (RFC 7468); both may come from one file. The first
    /// certificate must be the key's. Blocks of other kinds are passed over.
    ///
    /// # Errors
    /// One that says which of the two is at fault, and where both are well, that they do not belong
    /// together.
    pub fn from_pem(cert_pem: &[u8], key_pem: &[u8]) -> Result<Self, TlsKeyError> {
        let chain = CertificateDer::pem_slice_iter(cert_pem)
            .enumerate()
            .map(|(at, read)| {
                let der = read.map_err(|_| TlsKeyError::Certificate(at + 1))?;
                spki(&der).map_err(|BadCertificate| TlsKeyError::Certificate(at + 1))?;
                Ok(der)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let first = chain.first().ok_or(TlsKeyError::NoCertificate)?;
        let certificate =
            Pin::of(spki(first).map_err(|BadCertificate| TlsKeyError::Certificate(1))?);
        let key = read_key(key_pem)?;
        let pin = key.pin()?;
        if certificate != pin {
            return Err(TlsKeyError::Mismatch { certificate, key: pin });
        }
        Ok(Self { chain, key, pin })
    }

    /// The chain and the key as PEM, as [`TlsKey::from_pem`] reads them.
    #[must_use]
    pub fn to_pem(&self) -> (String, Zeroizing<String>) {
        let mut chain = String::new();
        for certificate in &self.chain {
            write_pem(&mut chain, "CERTIFICATE", certificate);
        }
        let label = match &self.key.0 {
            PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
            PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        let mut key = Zeroizing::new(String::new());
        write_pem(&mut key, label, self.key.0.secret_der());
        (chain, key)
    }

    /// The pin of the key.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// What the first certificate says.
    ///
    /// # Errors
    /// [`BadCertificate`] where an extension is malformed.
    pub fn describe(&self) -> Result<Description, BadCertificate> {
        Description::of(self.chain.first().ok_or(BadCertificate)?)
    }

    /// The chain and the key, for the TLS server.
    #[must_use]
    pub fn into_parts(mut self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (core::mem::take(&mut self.chain), self.key.0.clone_key())
    }
}

impl fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsKey({})", self.pin)
    }
}

/// A key that is wiped when it is dropped.
struct WipedKey(PrivateKeyDer<'static>);

impl WipedKey {
    fn pin(&self) -> Result<Pin, TlsKeyError> {
        let key = any_supported_type(&self.0).map_err(|_| TlsKeyError::Key)?;
        Ok(Pin::of(&key.public_key().ok_or(TlsKeyError::Key)?))
    }
}

impl Drop for WipedKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn read_key(pem: &[u8]) -> Result<WipedKey, TlsKeyError> {
    match PrivateKeyDer::pem_slice_iter(pem).next() {
        Some(Ok(key)) => Ok(WipedKey(key)),
        _ if is_encrypted(pem) => Err(TlsKeyError::Encrypted),
        Some(Err(_)) => Err(TlsKeyError::Key),
        None => Err(TlsKeyError::NoKey),
    }
}

/// Whether a block of `pem` is a private key that is encrypted: PKCS#8 (RFC 7468 §11), or one in
/// the older form of OpenSSL, whose headers say so (RFC 1421 §4.6.1.1).
#[must_use]
pub fn is_encrypted(pem: &[u8]) -> bool {
    let says = |line: &[u8]| {
        let value = line.strip_prefix(b"Proc-Type:").unwrap_or_default();
        value.trim_ascii_end().ends_with(b"ENCRYPTED")
    };
    pem.split(|byte| matches!(byte, b'\n' | b'\r'))
        .any(|line| line.starts_with(ENCRYPTED) || says(line))
}

/// Appends one block of RFC 7468 §3. Room is made first, so that no copy of a secret stays behind.
fn write_pem(out: &mut String, label: &str, der: &[u8]) {
    out.reserve(2 * der.len() + 2 * label.len() + 64);
    for piece in ["-----BEGIN ", label, "-----\n"] {
        out.push_str(piece);
    }
    // 48 bytes are a line of 64 characters.
    for line in der.chunks(48) {
        BASE64.encode_append(line, out);
        out.push('\n');
    }
    for piece in ["-----END ", label, "-----\n"] {
        out.push_str(piece);
    }
}

fn params(
    random: &mut Random,
    names: &[String],
    common_name: &str,
    now_unix: u64,
) -> Result<CertificateParams, TlsKeyError> {
    // RFC 5280's upper bound for a common name is 64 characters.
    let length = common_name.chars().count();
    if !(1..=64).contains(&length) || common_name.chars().any(char::is_control) {
        return Err(TlsKeyError::CommonName);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    for name in names {
        let name = san(name)?;
        if !params.subject_alt_names.contains(&name) {
            params.subject_alt_names.push(name);
        }
    }
    params.serial_number = Some(serial(random));
    // One day is left free before the last one that X.509 can tell, so that no sum overflows.
    let now = now_unix.clamp(EARLIER.as_secs(), LAST_DATE - LIFE.as_secs());
    valid(&mut params, now - EARLIER.as_secs(), now + LIFE.as_secs());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn san(name: &str) -> Result<SanType, TlsKeyError> {
    let bad = || TlsKeyError::Name(name.chars().take(80).collect());
    match ServerName::try_from(name).map_err(|_| bad())? {
        ServerName::DnsName(dns) => {
            Ok(SanType::DnsName(dns.as_ref().to_owned().try_into().map_err(|_| bad())?))
        }
        ServerName::IpAddress(ip) => Ok(SanType::IpAddress(IpAddr::from(ip))),
        _ => Err(bad()),
    }
}

/// What an encrypted PKCS#8 block is called (RFC 7468 §11).
const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// How long a certificate is valid after it is made.
const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
#[path = "tls_key_tests.rs"]
pub(super) mod tests;
