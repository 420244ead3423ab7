//! What a certificate's key may be used for, in the words of RFC 5280.

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage};

/// Whether the certificate may issue others (RFC 5280 §4.2.1.9).
pub(super) fn is_authority(certificate: &X509Certificate<'_>) -> Result<bool, X509Error> {
    let constraints = certificate.basic_constraints()?;
    Ok(constraints.is_some_and(|extension| extension.value.ca))
}

/// The key usages (RFC 5280 §4.2.1.3).
pub(super) fn usages(certificate: &X509Certificate<'_>) -> Result<Vec<String>, X509Error> {
    let extension = certificate.key_usage()?;
    Ok(extension.map_or_else(Vec::new, |extension| words(extension.value)))
}

/// The extended key usages (RFC 5280 §4.2.1.12); those that have no word here by their number.
pub(super) fn purposes(certificate: &X509Certificate<'_>) -> Result<Vec<String>, X509Error> {
    let extension = certificate.extended_key_usage()?;
    Ok(extension.map_or_else(Vec::new, |extension| extended_words(extension.value)))
}

fn words(usage: &KeyUsage) -> Vec<String> {
    named(&[
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ])
}

fn extended_words(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let mut words = named(&[
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ]);
    words.extend(usage.other.iter().map(ToString::to_string));
    words
}

fn named(words: &[(bool, &str)]) -> Vec<String> {
    words.iter().filter(|(there, _)| *there).map(|(_, word)| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair,
        KeyUsagePurpose,
    };

    use super::super::certificate::Description;
    use super::super::key::SigningKey;
    use crate::random::{Random, Seed};

    fn described(change: impl FnOnce(&mut CertificateParams)) -> Description {
        let mut params = CertificateParams::default();
        change(&mut params);
        let key = SigningKey::generate(&mut Random::new(&Seed([6; 32])));
        let key = KeyPair::try_from(&key.to_pkcs8()[..]).unwrap();
        Description::of(params.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn what_a_key_may_be_used_for_is_told_in_the_words_of_the_standard() {
        let told = described(|params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params.extended_key_usages = vec![
                ExtendedKeyUsagePurpose::ClientAuth,
                ExtendedKeyUsagePurpose::Other(vec![1, 2, 3, 4]),
            ];
        });
        assert!(told.is_authority);
        assert_eq!(told.usages, ["keyCertSign", "cRLSign"]);
        assert_eq!(told.purposes, ["clientAuth", "1.2.3.4"]);
    }

    #[test]
    fn a_certificate_that_says_nothing_of_it_is_no_authority() {
        let told = described(|_| {});
        assert!(!told.is_authority);
        assert_eq!((told.usages, told.purposes), (vec![], vec![]));
    }
}
