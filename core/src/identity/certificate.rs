//! What a certificate says: its public key for pins, and a description for people.
//!
//! Nothing here decides anything: names and dates are told as they stand. Texts that a stranger
//! wrote are cut short and freed of control characters, so that they can be printed.

use core::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as X509PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::fingerprint::Fingerprint;
use super::usage;
use crate::id::Pin;
use crate::text::is_unsafe;

/// Bytes that are not one X.509 certificate in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an X.509 certificate")]
pub struct BadCertificate;

/// The DER SubjectPublicKeyInfo of a DER certificate: what a [`Pin`] is the hash of.
///
/// # Errors
/// [`BadCertificate`], also where bytes follow the certificate.
pub fn spki(der: &[u8]) -> Result<&[u8], BadCertificate> {
    Ok(parse(der)?.tbs_certificate.subject_pki.raw)
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, BadCertificate> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| BadCertificate)?;
    if !rest.is_empty() {
        return Err(BadCertificate);
    }
    Ok(certificate)
}

/// A certificate, as people compare it and messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The subject's name, as `CN=…, O=…`.
    pub subject: String,
    /// The issuer's name.
    pub issuer: String,
    /// The names that it is valid for: DNS names, IP addresses and URIs; others by their kind.
    pub names: Vec<String>,
    /// Valid from, seconds since 1970; zero for earlier.
    pub not_before: u64,
    /// Valid to, seconds since 1970, the last second included; zero for earlier.
    pub not_after: u64,
    /// SHA-256 of the whole certificate.
    pub fingerprint: Fingerprint,
    /// The pin of its key.
    pub pin: Pin,
    /// `Ed25519`, `ECDSA P-256`, `RSA 2048`, or the algorithm's number.
    pub key: String,
    /// The serial number, as pairs of hexadecimal digits with colons between.
    pub serial: String,
    /// Whether it may issue other certificates.
    pub is_authority: bool,
    /// What its key may be used for, such as `digitalSignature`; empty where it says nothing of it.
    pub usages: Vec<String>,
    /// What it is meant for, such as `serverAuth`; empty where it says nothing of it.
    pub purposes: Vec<String>,
}

impl Description {
    /// Describes a DER certificate.
    ///
    /// # Errors
    /// [`BadCertificate`].
    pub fn of(der: &[u8]) -> Result<Self, BadCertificate> {
        let certificate = parse(der)?;
        let names = match certificate.subject_alternative_name() {
            Ok(Some(extension)) => extension.value.general_names.iter().map(name_text).collect(),
            Ok(None) => Vec::new(),
            Err(_) => return Err(BadCertificate),
        };
        let bad = |_| BadCertificate;
        let validity = certificate.validity();
        Ok(Self {
            subject: distinguished(certificate.subject()),
            issuer: distinguished(certificate.issuer()),
            names,
            not_before: u64::try_from(validity.not_before.timestamp()).unwrap_or(0),
            not_after: u64::try_from(validity.not_after.timestamp()).unwrap_or(0),
            fingerprint: Fingerprint::of(der),
            pin: Pin::of(certificate.public_key().raw),
            key: key_text(certificate.public_key()),
            serial: serial_text(certificate.raw_serial()),
            is_authority: usage::is_authority(&certificate).map_err(bad)?,
            usages: usage::usages(&certificate).map_err(bad)?,
            purposes: usage::purposes(&certificate).map_err(bad)?,
        })
    }
}

fn distinguished(name: &X509Name<'_>) -> String {
    printable(&name.to_string())
}

fn name_text(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(text) | GeneralName::URI(text) => printable(text),
        GeneralName::IPAddress(bytes) => ip_text(bytes),
        GeneralName::RFC822Name(text) => printable(&format!("email {text}")),
        GeneralName::DirectoryName(name) => printable(&format!("directory {name}")),
        GeneralName::OtherName(oid, _) => format!("other name {oid}"),
        GeneralName::RegisteredID(oid) => format!("registered id {oid}"),
        GeneralName::X400Address(_) => "X.400 address".to_owned(),
        GeneralName::EDIPartyName(_) => "EDI party name".to_owned(),
        GeneralName::Invalid(..) => "malformed name".to_owned(),
    }
}

fn ip_text(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return IpAddr::from(v4).to_string();
    }
    match <[u8; 16]>::try_from(bytes) {
        Ok(v6) => IpAddr::from(v6).to_string(),
        Err(_) => "malformed address".to_owned(),
    }
}

/// The first bytes of a serial number, which has 20 at most (RFC 5280 §4.1.2.2).
fn serial_text(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().take(SHOWN / 3).map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}

fn key_text(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == OID_SIG_ED25519 {
        return "Ed25519".to_owned();
    }
    if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        return match curve {
            Some(oid) if oid == OID_EC_P256 => "ECDSA P-256".to_owned(),
            Some(oid) if oid == OID_NIST_EC_P384 => "ECDSA P-384".to_owned(),
            Some(oid) if oid == OID_NIST_EC_P521 => "ECDSA P-521".to_owned(),
            Some(oid) => format!("ECDSA {oid}"),
            None => "ECDSA".to_owned(),
        };
    }
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        return match key.parsed() {
            Ok(X509PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
            _ => "RSA".to_owned(),
        };
    }
    algorithm.to_string()
}

/// At most [`SHOWN`] characters; control characters, which could drive a terminal, are replaced.
fn printable(text: &str) -> String {
    text.chars()
        .take(SHOWN)
        .map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// How many characters of a name are shown.
const SHOWN: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{SigningKey, TlsKey};
    use crate::random::{Random, Seed};

    /// 2026-01-01T00:00:00Z.
    const NOW: u64 = 1_767_225_600;

    fn certificate(common_name: &str, names: &[&str]) -> (Vec<u8>, SigningKey) {
        let mut random = Random::new(&Seed([4; 32]));
        let key = SigningKey::generate(&mut random);
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = TlsKey::self_signed_with(&key, &mut random, &names, common_name, NOW).unwrap();
        (made.into_parts().0[0].to_vec(), key)
    }

    #[test]
    fn the_key_of_a_certificate_is_found_in_it() {
        let (der, key) = certificate("hub", &["localhost"]);
        assert_eq!(spki(&der), Ok(&key.public().spki()[..]));
    }

    #[test]
    fn a_description_tells_names_dates_and_hashes() {
        let (der, key) = certificate("Acme core", &["hub.example", "127.0.0.1", "::1"]);
        let told = Description::of(&der).unwrap();
        // 16 bytes that the certificate's maker drew.
        assert_eq!(told.serial.len(), 16 * 3 - 1);
        assert_eq!(
            told,
            Description {
                subject: "CN=Acme core".to_owned(),
                issuer: "CN=Acme core".to_owned(),
                names: vec!["hub.example".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()],
                not_before: NOW - 60 * 60,
                not_after: NOW + 365 * 24 * 60 * 60,
                fingerprint: Fingerprint::of(&der),
                pin: key.public().pin(),
                key: "Ed25519".to_owned(),
                serial: told.serial.clone(),
                is_authority: false,
                usages: vec!["digitalSignature".to_owned()],
                purposes: vec!["serverAuth".to_owned()],
            }
        );
    }

    #[test]
    fn kinds_of_keys_are_named() {
        use crate::identity::tls_key::tests::{P256_PEM, RSA_PEM};
        for (pem, kind) in [(P256_PEM, "ECDSA P-256"), (RSA_PEM, "RSA 2048")] {
            let key = TlsKey::from_pem(pem.as_bytes(), pem.as_bytes()).unwrap();
            assert_eq!(Description::of(&key.into_parts().0[0]).unwrap().key, kind);
        }
    }

    #[test]
    fn what_is_not_exactly_one_certificate_is_refused() {
        let (der, _) = certificate("hub", &[]);
        let mut longer = der.clone();
        longer.push(0);
        for bad in [&[][..], &der[..der.len() - 1], &longer, b"-----BEGIN CERTIFICATE-----"] {
            assert_eq!(spki(bad), Err(BadCertificate));
            assert_eq!(Description::of(bad), Err(BadCertificate));
        }
    }

    #[test]
    fn a_name_cannot_drive_the_terminal_that_shows_it() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{FFFD}[2Jb\u{FFFD}");
        assert_eq!(printable(&"x".repeat(1000)).len(), SHOWN);
    }
}
