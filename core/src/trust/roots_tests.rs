use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ED25519,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::*;
use crate::identity::{SigningKey, TlsKey};
use crate::random::{Random, Seed};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;
const DAY: u64 = 24 * 60 * 60;

fn key(byte: u8) -> KeyPair {
    let key = SigningKey::generate(&mut Random::new(&Seed([byte; 32])));
    let der = PrivatePkcs8KeyDer::from(key.to_pkcs8().to_vec());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519).unwrap()
}

/// Valid for ten days on either side of [`NOW`].
fn params(common_name: &str) -> CertificateParams {
    let at = |unix| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(unix);
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = at(NOW - 10 * DAY);
    params.not_after = at(NOW + 10 * DAY);
    params
}

fn authority(common_name: &str) -> CertificateParams {
    let mut params = params(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf() -> CertificateParams {
    let mut params = params("hub");
    params.subject_alt_names = CertificateParams::new(vec![
        "hub.example".to_owned(),
        "192.0.2.7".to_owned(),
        "2001:db8::7".to_owned(),
    ])
    .unwrap()
    .subject_alt_names;
    params
}

fn issue(params: &CertificateParams, issuer: CertificateParams) -> CertificateDer<'static> {
    params.signed_by(&key(2), &Issuer::new(issuer, key(1))).unwrap().der().clone()
}

fn pem(der: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

fn roots() -> Roots {
    let root = authority("Example Root").self_signed(&key(1)).unwrap();
    Roots::from_pem(pem(root.der()).as_bytes()).unwrap()
}

fn chain() -> Vec<CertificateDer<'static>> {
    vec![issue(&leaf(), authority("Example Root"))]
}

#[test]
fn a_chain_within_its_dates_and_for_the_name_passes() {
    for host in ["hub.example", "HUB.example", "192.0.2.7", "2001:db8::7"] {
        assert_eq!(roots().check(&chain(), host, NOW), Ok(()), "{host}");
    }
}

#[test]
fn a_chain_over_an_intermediate_passes_and_fails_without_it() {
    let intermediate = authority("Example Issuer")
        .signed_by(&key(3), &Issuer::new(authority("Example Root"), key(1)))
        .unwrap();
    let leaf =
        leaf().signed_by(&key(2), &Issuer::new(authority("Example Issuer"), key(3))).unwrap();
    let chain = [leaf.der().clone(), intermediate.der().clone()];
    assert_eq!(roots().check(&chain, "hub.example", NOW), Ok(()));
    let fault = roots().check(&chain[..1], "hub.example", NOW).unwrap_err();
    let ChainFault::Issuer { issuer } = fault else { panic!("{fault}") };
    assert!(issuer.contains("CN=Example Issuer"), "{issuer}");
}

#[test]
fn an_ended_certificate_fails_on_its_dates() {
    let end = NOW + 10 * DAY;
    assert_eq!(roots().check(&chain(), "hub.example", end), Ok(()));
    assert_eq!(
        roots().check(&chain(), "hub.example", end + 1),
        Err(ChainFault::Expired { not_after: end, now: end + 1 })
    );
}

#[test]
fn a_certificate_that_is_not_valid_yet_fails_on_its_dates() {
    let start = NOW - 10 * DAY;
    assert_eq!(roots().check(&chain(), "hub.example", start), Ok(()));
    assert_eq!(
        roots().check(&chain(), "hub.example", start - 1),
        Err(ChainFault::NotYetValid { not_before: start, now: start - 1 })
    );
}

#[test]
fn another_name_fails_and_both_are_told() {
    let presented = || ["hub.example", "192.0.2.7", "2001:db8::7"].map(str::to_owned).to_vec();
    // The common name of the certificate, "hub", counts for nothing.
    for host in ["other.example", "hub", "192.0.2.8", "", "not a name", "[2001:db8::7]"] {
        assert_eq!(
            roots().check(&chain(), host, NOW),
            Err(ChainFault::Name { host: host.to_owned(), presented: presented() }),
            "{host:?}"
        );
    }
}

#[test]
fn an_unknown_root_fails_on_the_issuer() {
    let stranger = vec![issue(&leaf(), authority("Another Root"))];
    let fault = roots().check(&stranger, "hub.example", NOW).unwrap_err();
    let ChainFault::Issuer { issuer } = fault else { panic!("{fault}") };
    assert!(issuer.contains("CN=Another Root"), "{issuer}");
}

#[test]
fn a_root_of_the_same_name_with_another_key_does_not_pass() {
    let forged =
        leaf().signed_by(&key(2), &Issuer::new(authority("Example Root"), key(9))).unwrap();
    let fault = roots().check(&[forged.der().clone()], "hub.example", NOW).unwrap_err();
    let ChainFault::Signature { issuer } = fault else { panic!("{fault}") };
    assert!(issuer.contains("CN=Example Root"), "{issuer}");
}

#[test]
fn a_certificate_for_clients_does_not_serve_as_a_hubs() {
    let mut client = leaf();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let chain = [issue(&client, authority("Example Root"))];
    let fault = roots().check(&chain, "hub.example", NOW).unwrap_err();
    assert!(matches!(fault, ChainFault::Other(_)), "{fault}");
}

#[test]
fn a_hubs_own_self_signed_certificate_serves_as_its_root() {
    let names = ["hub.example".to_owned()];
    let mut random = Random::new(&Seed([5; 32]));
    let own = TlsKey::self_signed(&mut random, &names, "hub", NOW).unwrap();
    let roots = Roots::from_pem(own.to_pem().0.as_bytes()).unwrap();
    let chain = own.into_parts().0;
    assert_eq!(roots.check(&chain, "hub.example", NOW), Ok(()));
    assert_eq!(
        roots.check(&chain, "hub.example", NOW + 366 * DAY),
        Err(ChainFault::Expired { not_after: NOW + 365 * DAY, now: NOW + 366 * DAY })
    );
}

#[test]
fn no_certificate_and_bytes_that_are_none_do_not_pass() {
    for chain in [vec![], vec![CertificateDer::from(&b"junk"[..])]] {
        let fault = roots().check(&chain, "hub.example", NOW).unwrap_err();
        assert!(matches!(fault, ChainFault::Other(_)), "{fault}");
    }
}

#[test]
fn a_file_without_roots_or_with_a_malformed_one_is_an_error() {
    let good = pem(&chain()[0]);
    let bad = pem(b"junk");
    for (file, expected) in [
        (String::new(), RootsError::Empty),
        ("no PEM at all\n".to_owned(), RootsError::Empty),
        (bad.clone(), RootsError::Malformed(1)),
        (format!("{good}{bad}"), RootsError::Malformed(2)),
        (good.replacen("MII", "M*I", 1), RootsError::Malformed(1)),
    ] {
        assert_eq!(Roots::from_pem(file.as_bytes()).map(|_| ()), Err(expected), "{file}");
    }
}

#[test]
fn a_fault_is_told_as_dates_name_or_issuer_with_both_values() {
    let told = |host, now| roots().check(&chain(), host, now).unwrap_err().to_string();
    assert_eq!(
        told("hub.example", NOW + 11 * DAY),
        "dates: it ended on Sun, 11 Jan 2026 00:00:00 +0000; this machine's clock says Mon, 12 Jan \
         2026 00:00:00 +0000"
    );
    assert_eq!(
        told("hub.example", 0),
        "dates: it is valid from Mon, 22 Dec 2025 00:00:00 +0000; this machine's clock says Thu, 01 \
         Jan 1970 00:00:00 +0000"
    );
    assert_eq!(
        told("other.example", NOW),
        "name: expected other.example; it names hub.example, 192.0.2.7, 2001:db8::7"
    );
    assert_eq!(date(u64::MAX), "18446744073709551615 s after 1970");
}
