use proptest::prelude::*;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::*;
use crate::random::Seed;

/// A self-signed certificate with its key in the older form, SEC 1 (RFC 5915).
pub(in crate::identity) const P256_PEM: &str = include_str!("testdata/p256.pem");
/// A self-signed certificate with its key in the older form, PKCS#1 (RFC 8017).
pub(in crate::identity) const RSA_PEM: &str = include_str!("testdata/rsa.pem");
const ENCRYPTED_PEM: &str = include_str!("testdata/encrypted.pem");
const OLDER_ENCRYPTED_PEM: &str = include_str!("testdata/encrypted-older.pem");

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

fn random(byte: u8) -> Random {
    Random::new(&Seed([byte; 32]))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn made(byte: u8) -> TlsKey {
    TlsKey::self_signed(&mut random(byte), &names(&["localhost"]), "hub", NOW).unwrap()
}

fn pem(key: &TlsKey) -> (Vec<u8>, Vec<u8>) {
    let (cert, key) = key.to_pem();
    (cert.into_bytes(), key.as_bytes().to_vec())
}

#[test]
fn the_same_seed_makes_the_same_key_and_certificate() {
    assert_eq!(pem(&made(1)), pem(&made(1)));
    assert_ne!(pem(&made(1)), pem(&made(2)));
}

#[test]
fn a_key_written_as_pem_reads_back_as_itself() {
    let (cert, key) = pem(&made(1));
    let read = TlsKey::from_pem(&cert, &key).unwrap();
    assert_eq!(read.pin(), made(1).pin());
    assert_eq!(pem(&read), (cert, key));
}

#[test]
fn older_forms_of_ec_and_rsa_keys_are_read_and_written_back_as_they_were() {
    for file in [P256_PEM, RSA_PEM] {
        let read = TlsKey::from_pem(file.as_bytes(), file.as_bytes()).unwrap();
        let (cert, key) = read.to_pem();
        assert_eq!(format!("{cert}{}", *key), file);
    }
}

#[test]
fn a_certificate_verifies_under_its_own_key_and_rustls_serves_it() {
    let (chain, key) = made(1).into_parts();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let served = rustls::sign::CertifiedKey::from_der(chain.clone(), key, &provider).unwrap();
    served.keys_match().unwrap();
    let (_, certificate) = X509Certificate::from_der(&chain[0]).unwrap();
    let signature: [u8; 64] = certificate.signature_value.data.as_ref().try_into().unwrap();
    let key = SigningKey::generate(&mut random(1)).public();
    crate::identity::verify(&key, certificate.tbs_certificate.as_ref(), &signature).unwrap();
    assert_eq!(certificate.raw_serial().len(), 16);
    assert!(!certificate.is_ca());
}

#[test]
fn renewing_keeps_the_pin_and_moves_the_dates() {
    let old = made(1);
    let day = 24 * 60 * 60;
    let new = old.renew(&mut random(9), &names(&["hub.example"]), "hub", NOW + 300 * day).unwrap();
    assert_eq!(new.pin(), old.pin());
    let told = new.describe().unwrap();
    assert_eq!((told.not_after, told.names), (NOW + 665 * day, names(&["hub.example"])));
    assert_ne!(told.fingerprint, old.describe().unwrap().fingerprint);

    let foreign = TlsKey::from_pem(P256_PEM.as_bytes(), P256_PEM.as_bytes()).unwrap();
    assert_eq!(foreign.renew(&mut random(9), &[], "hub", NOW).unwrap_err(), TlsKeyError::Key);
}

#[test]
fn a_name_given_twice_stands_once() {
    let twice = names(&["localhost", "localhost", "127.0.0.1"]);
    let key = TlsKey::self_signed(&mut random(1), &twice, "hub", NOW).unwrap();
    assert_eq!(key.describe().unwrap().names, names(&["localhost", "127.0.0.1"]));
}

#[test]
fn names_that_no_certificate_can_hold_are_refused() {
    for bad in ["", "a b", "-", "hub.example:7777", "[::1]", "*.example", "hüb"] {
        let made = TlsKey::self_signed(&mut random(1), &names(&[bad]), "hub", NOW);
        assert_eq!(made.unwrap_err(), TlsKeyError::Name(bad.to_owned()), "{bad:?}");
    }
    let common = |name: &str| TlsKey::self_signed(&mut random(1), &[], name, NOW).map(|_| ());
    assert_eq!(common(&"ü".repeat(64)), Ok(()));
    for bad in [String::new(), "ü".repeat(65), "a\nb".to_owned()] {
        assert_eq!(common(&bad), Err(TlsKeyError::CommonName), "{bad:?}");
    }
}

#[test]
fn no_clock_makes_a_certificate_impossible() {
    let dates = |now| {
        let key = TlsKey::self_signed(&mut random(1), &[], "hub", now).unwrap();
        let told = key.describe().unwrap();
        (told.not_before, told.not_after)
    };
    assert_eq!(dates(0).0, 0);
    // Where X.509 changes from two digits of the year to four, 2050-01-01.
    assert_eq!(dates(2_524_608_000 + 3600).0, 2_524_608_000);
    assert_eq!(dates(u64::MAX).1, LAST_DATE);
}

#[test]
fn a_key_of_another_certificate_is_refused_with_both_pins() {
    let ((cert, _), (_, key)) = (pem(&made(1)), pem(&made(2)));
    assert_eq!(
        TlsKey::from_pem(&cert, &key).unwrap_err(),
        TlsKeyError::Mismatch { certificate: made(1).pin(), key: made(2).pin() }
    );
}

#[test]
fn the_first_certificate_must_be_the_keys() {
    let ((leaf, key), (other, _)) = (pem(&made(1)), pem(&made(2)));
    let read = TlsKey::from_pem(&[leaf.clone(), other.clone()].concat(), &key).unwrap();
    assert_eq!(read.into_parts().0.len(), 2);
    let turned = TlsKey::from_pem(&[other, leaf].concat(), &key).unwrap_err();
    assert_eq!(turned, TlsKeyError::Mismatch { certificate: made(2).pin(), key: made(1).pin() });
}

#[test]
fn what_is_wrong_with_the_files_is_told_for_each() {
    let (cert, key) = pem(&made(1));
    let text = String::from_utf8(cert.clone()).unwrap();
    let broken_base64 = text.replacen("MII", "M*I", 1).into_bytes();
    let not_a_certificate =
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let second = [cert.clone(), not_a_certificate.clone()].concat();
    let not_a_key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec();
    for (cert, key, expected) in [
        (&b""[..], &key[..], TlsKeyError::NoCertificate),
        (&key, &key, TlsKeyError::NoCertificate),
        (&broken_base64, &key, TlsKeyError::Certificate(1)),
        (&not_a_certificate, &key, TlsKeyError::Certificate(1)),
        (&second, &key, TlsKeyError::Certificate(2)),
        (&cert, b"", TlsKeyError::NoKey),
        (&cert, &cert, TlsKeyError::NoKey),
        (&cert, ENCRYPTED_PEM.as_bytes(), TlsKeyError::Encrypted),
        (&cert, OLDER_ENCRYPTED_PEM.as_bytes(), TlsKeyError::Encrypted),
        (&cert, OLDER_ENCRYPTED_PEM.replace('\n', "\r\n").as_bytes(), TlsKeyError::Encrypted),
        (&cert, &not_a_key, TlsKeyError::Key),
    ] {
        assert_eq!(TlsKey::from_pem(cert, key).unwrap_err(), expected);
    }
}

#[test]
fn a_key_that_is_not_encrypted_is_used_whatever_stands_behind_it() {
    let (cert, key) = pem(&made(1));
    let both = [&key[..], OLDER_ENCRYPTED_PEM.as_bytes()].concat();
    assert!(is_encrypted(&both) && TlsKey::from_pem(&cert, &both).is_ok());
    assert!(!is_encrypted(&key) && !is_encrypted(&cert));
}

#[test]
fn printing_a_tls_key_shows_its_pin_only() {
    assert_eq!(format!("{:?}", made(1)), format!("TlsKey({})", made(1).pin()));
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = TlsKey::from_pem(&bytes, &bytes);
        let _ = Description::of(&bytes);
        let _ = SigningKey::from_pkcs8(&bytes);
    }

    #[test]
    fn no_change_of_a_certificate_makes_its_description_panic(
        at in 0usize..400,
        value in any::<u8>(),
    ) {
        let mut der = made(1).into_parts().0[0].to_vec();
        let at = at % der.len();
        der[at] = value;
        let _ = Description::of(&der);
    }
}
