use proptest::prelude::*;
use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CustomExtension, DnType, KeyIdMethod, PKCS_ECDSA_P256_SHA256};
use x509_parser::extensions::ParsedExtension;

use super::super::certificate::Description;
use super::super::key::SigningKey;
use super::*;
use crate::random::Seed;

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;
const END: u64 = NOW + 24 * 60 * 60;
const HUB: HubId = HubId([7; 16]);
const OTHER_HUB: HubId = HubId([8; 16]);

fn random(byte: u8) -> Random {
    Random::new(&Seed([byte; 32]))
}

fn authority() -> Authority {
    Authority::generate(&mut random(1), HUB, NOW)
}

fn peer() -> PeerId {
    "web-1".parse().unwrap()
}

fn key() -> PublicKey {
    SigningKey::generate(&mut random(2)).public()
}

fn minted() -> Vec<u8> {
    authority().mint(&mut random(3), peer(), key(), 5, NOW, END).unwrap()
}

fn check(der: &[u8]) -> Result<PeerCertificate, CertificateError> {
    PeerCertificate::check(der, &authority().public())
}

fn honest() -> PeerCertificate {
    check(&minted()).unwrap()
}

/// Signed by the authority, and made after `change`.
fn signed(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    signed_for(&SubjectKey(key()), change)
}

fn signed_for(
    subject: &impl PublicKeyData,
    change: impl FnOnce(&mut CertificateParams),
) -> Vec<u8> {
    let authority = authority();
    let mut params = honest().params(HUB);
    change(&mut params);
    let issuer = authority.public().issuer(CertificateSigner::new(authority.key()));
    params.signed_by(subject, &issuer).unwrap().der().to_vec()
}

fn is_form(refused: Result<PeerCertificate, CertificateError>) -> bool {
    matches!(refused, Err(CertificateError::Form(_)))
}

fn ia5(text: &str) -> Ia5String {
    text.to_owned().try_into().unwrap()
}

#[test]
fn what_was_minted_is_read_back() {
    let mut serial = [0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    serial[4..].copy_from_slice(&random(3).bytes::<12>());
    let expected = PeerCertificate {
        peer: peer(),
        key: key(),
        issue: 5,
        not_before: NOW,
        not_after: END,
        serial,
    };
    assert_eq!(check(&minted()), Ok(expected));
}

#[test]
fn the_same_generator_and_claims_mint_the_same_bytes() {
    assert_eq!(minted(), minted());
    let again = authority().mint(&mut random(4), peer(), key(), 5, NOW, END).unwrap();
    assert_ne!(again, minted());
}

#[test]
fn the_same_certificate_made_by_hand_is_accepted() {
    // The other tests change this one, and each change has to be why it is refused.
    assert_eq!(signed(|_| {}), minted());
}

#[test]
fn a_certificate_has_the_fields_of_the_specification_and_no_others() {
    let der = minted();
    let told = Description::of(&der).unwrap();
    assert_eq!((told.subject, told.issuer), ("CN=web-1".to_owned(), format!("CN={HUB}")));
    assert_eq!(told.names, [format!("bowline://{HUB}/peer/web-1")]);
    assert_eq!(told.usages, ["digitalSignature"]);
    assert_eq!(told.purposes, ["clientAuth"]);
    assert_eq!((told.not_before, told.not_after, told.key.as_str()), (NOW, END, "Ed25519"));
    assert_eq!(told.pin, key().pin());
    assert!(!told.is_authority);

    let (_, parsed) = X509Certificate::from_der(&der).unwrap();
    let mut found = Vec::new();
    for extension in parsed.extensions() {
        let name = match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                let (_, ca) = X509Certificate::from_der(authority().certificate())
                    .map(|(rest, ca)| (rest.len(), subject_key(&ca)))
                    .unwrap();
                assert_eq!(identifier.key_identifier.as_ref().unwrap().0, ca);
                assert!(identifier.authority_cert_issuer.is_none());
                "authorityKeyIdentifier"
            }
            ParsedExtension::SubjectKeyIdentifier(_) => "subjectKeyIdentifier",
            ParsedExtension::SubjectAlternativeName(_) => "subjectAltName",
            ParsedExtension::KeyUsage(_) => "keyUsage",
            ParsedExtension::ExtendedKeyUsage(_) => "extendedKeyUsage",
            ParsedExtension::BasicConstraints(_) => "basicConstraints",
            other => panic!("{other:?}"),
        };
        found.push((name, extension.critical));
    }
    let expected = [
        ("authorityKeyIdentifier", false),
        ("subjectAltName", false),
        ("keyUsage", true),
        ("extendedKeyUsage", false),
        ("subjectKeyIdentifier", false),
        ("basicConstraints", true),
    ];
    assert_eq!(found, expected);
    assert_eq!(subject_key(&parsed), super::super::making::key_identifier(&key()));
}

fn subject_key(certificate: &X509Certificate<'_>) -> Vec<u8> {
    let found =
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
            _ => None,
        });
    found.unwrap()
}

#[test]
fn every_issue_has_a_positive_serial_number_and_is_read_back() {
    for issue in [1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF_FFFF] {
        let der = authority().mint(&mut random(3), peer(), key(), issue, NOW, END).unwrap();
        assert_eq!(check(&der).unwrap().issue, issue);
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        let raw = parsed.raw_serial();
        assert!(raw.len() > 12 && raw.len() <= 20 && raw[0] < 0x80, "{raw:?}");
    }
    for issue in [0, 0x8000_0000, u32::MAX] {
        let refused = authority().mint(&mut random(3), peer(), key(), issue, NOW, END);
        assert_eq!(refused, Err(MintError::Issue(issue)));
    }
}

#[test]
fn every_date_that_x509_can_tell_is_read_back_and_no_other_is_minted() {
    let mint = |from, to| authority().mint(&mut random(3), peer(), key(), 5, from, to);
    // On both sides of 2050-01-01, where the form of a date changes, and at the ends.
    for (from, to) in [(0, 0), (2_524_607_999, 2_524_608_000), (NOW, LAST_DATE)] {
        let told = check(&mint(from, to).unwrap()).unwrap();
        assert_eq!((told.not_before, told.not_after), (from, to));
    }
    for (not_before, not_after) in [(NOW + 1, NOW), (NOW, LAST_DATE + 1), (NOW, u64::MAX)] {
        let refused = mint(not_before, not_after);
        assert_eq!(refused, Err(MintError::Dates { not_before, not_after }));
    }
}

#[test]
fn every_id_that_a_peer_may_have_fits_a_certificate() {
    let longest = format!("9{}", "._-z".repeat(15)) + "abc";
    assert_eq!(longest.len(), 64);
    for id in ["0", "a", &longest] {
        let peer = id.parse().unwrap();
        let der = authority().mint(&mut random(3), peer, key(), 1, NOW, END).unwrap();
        assert!(der.len() < 700, "{}", der.len());
        assert_eq!(check(&der).unwrap().peer, peer);
    }
}

#[test]
fn no_bit_of_a_certificate_can_be_changed() {
    let der = minted();
    for at in 0..der.len() * 8 {
        let mut changed = der.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(check(&changed).is_err(), "bit {at}");
    }
}

#[test]
fn what_is_not_one_whole_certificate_is_unreadable() {
    let der = minted();
    let longer = [&der[..], &[0]].concat();
    let pem = b"-----BEGIN CERTIFICATE-----";
    for bad in [&[][..], &der[..der.len() - 1], &longer, &der[1..], pem] {
        assert_eq!(check(bad), Err(CertificateError::Unreadable));
    }
    let most = vec![0x30; PEER_CERTIFICATE];
    assert_eq!(check(&most), Err(CertificateError::Unreadable));
    assert_eq!(check(&vec![0x30; PEER_CERTIFICATE + 1]), Err(CertificateError::TooLong));
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let mint = |hub, seed: u8| {
        let authority = Authority::generate(&mut random(seed), hub, NOW);
        authority.mint(&mut random(3), peer(), key(), 5, NOW, END).unwrap()
    };
    assert_eq!(check(&mint(HUB, 1)), Ok(honest()));
    // Another hub with the same key, which no hub has; and another key under this hub's name.
    assert_eq!(check(&mint(OTHER_HUB, 1)), Err(CertificateError::OtherAuthority));
    assert_eq!(check(&mint(HUB, 9)), Err(CertificateError::Signature));
    // Its own certificate is signed by it too.
    assert!(is_form(check(authority().certificate())));
    let own = SigningKey::generate(&mut random(2));
    let own = Authority::certify(own, &mut random(3), OTHER_HUB, NOW);
    assert_eq!(check(own.certificate()), Err(CertificateError::OtherAuthority));
}

/// How a test changes what the authority signs.
type Change = fn(&mut CertificateParams);

#[test]
fn what_the_authority_signed_and_does_not_mint_is_refused() {
    let uri = |hub: HubId, peer: &str| SanType::URI(ia5(&format!("bowline://{hub}/peer/{peer}")));
    let other_peer = uri(HUB, "web-2");
    let other_hub = uri(OTHER_HUB, "web-1");
    for names in [
        vec![],
        vec![other_peer.clone()],
        vec![other_hub],
        vec![uri(HUB, "web-1"), other_peer],
        vec![uri(HUB, "web-1"), uri(HUB, "web-1")],
        vec![SanType::URI(ia5(&format!("BOWLINE://{HUB}/peer/web-1")))],
        vec![SanType::URI(ia5(&format!("bowline://{HUB}/peer/web-1/")))],
        vec![SanType::DnsName(ia5("web-1"))],
    ] {
        let told = format!("{names:?}");
        assert!(is_form(check(&signed(|params| params.subject_alt_names = names))), "{told}");
    }
    let changes: &[(&str, Change)] = &[
        ("an unknown extension", |params| {
            params.custom_extensions = vec![extension(&[1, 2, 3, 4], false)];
        }),
        ("an unknown critical extension", |params| {
            params.custom_extensions = vec![extension(&[1, 2, 3, 4], true)];
        }),
        ("an extension twice", |params| {
            params.custom_extensions = vec![extension(&[2, 5, 29, 19], true)];
        }),
        ("no purpose", |params| params.extended_key_usages.clear()),
        ("a second purpose", |params| {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }),
        ("another purpose", |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }),
        ("any purpose", |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any]),
        ("no usage", |params| params.key_usages.clear()),
        ("a second usage", |params| params.key_usages.push(KeyUsagePurpose::KeyCertSign)),
        ("an authority", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))),
        ("no constraints", |params| params.is_ca = IsCa::NoCa),
        ("no authority's key", |params| params.use_authority_key_identifier_extension = false),
        ("another key's identifier", |params| {
            params.key_identifier_method = KeyIdMethod::PreSpecified(vec![1; 20]);
        }),
        ("no name", |params| params.distinguished_name = rcgen::DistinguishedName::new()),
        ("a name that is no id", |params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, "all");
        }),
        ("another name too", |params| {
            params.distinguished_name.push(DnType::OrganizationName, "web-1");
        }),
        ("an issue of zero", |params| {
            params.serial_number = Some(SerialNumber::from_slice(&[0xFF; 12]));
        }),
        ("a serial number of 20 bytes", |params| {
            params.serial_number = Some(SerialNumber::from_slice(&[0x11; 20]));
        }),
        ("an end before the beginning", |params| valid(params, END, NOW)),
    ];
    for (what, change) in changes {
        assert!(is_form(check(&signed(change))), "{what}");
    }
}

fn extension(oid: &[u64], critical: bool) -> CustomExtension {
    // An empty SEQUENCE.
    let mut extension = CustomExtension::from_oid_content(oid, vec![0x30, 0]);
    extension.set_criticality(critical);
    extension
}

#[test]
fn a_key_of_another_kind_is_refused() {
    struct P256;
    impl PublicKeyData for P256 {
        fn der_bytes(&self) -> &[u8] {
            &[4; 65]
        }

        fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
            &PKCS_ECDSA_P256_SHA256
        }
    }
    let refused = check(&signed_for(&P256, |_| {}));
    assert_eq!(refused, Err(CertificateError::Form("not an Ed25519 key")));
}

#[test]
fn printing_a_refusal_repeats_nothing_of_the_certificate() {
    let der = signed(|params| {
        params.distinguished_name.push(DnType::CommonName, "\u{1b}[2J");
    });
    let printed = format!("{:?}", check(&der).unwrap_err());
    assert!(!printed.contains('\u{1b}') && !printed.contains("2J"), "{printed}");
}

proptest! {
    #[test]
    fn no_bytes_are_taken_for_a_certificate(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
        prop_assert!(check(&bytes).is_err());
    }

    #[test]
    fn no_damage_to_a_certificate_is_passed_over(
        cut in any::<prop::sample::Index>(),
        drop in 0..8usize,
        put in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let der = minted();
        let at = cut.index(der.len());
        let end = der.len().min(at + drop);
        let damaged = [&der[..at], &put, &der[end..]].concat();
        prop_assume!(damaged != der);
        prop_assert!(check(&damaged).is_err());
    }
}
