//! Keys: in and out as JWK, as PKCS#8, and in sets.

use super::*;

fn jwk(text: &str) -> Result<TokenKey, KeyError> {
    TokenKey::from_jwk(&Object::read(text.as_bytes()).unwrap())
}

/// RFC 8037 §A.2.
const RFC_8037: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7517 §A.1.
const RFC_7517_RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let ed25519 = jwk(RFC_8037).unwrap();
    assert_eq!(ed25519.id().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    // RFC 7638 §3.1.
    let rsa = TokenKey::from_foreign_jwk(&Object::read(RFC_7517_RSA.as_bytes()).unwrap()).unwrap();
    assert_eq!(rsa.id().to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(rsa.algorithm(), Algorithm::Rs256);
}

#[test]
fn a_key_written_as_jwk_reads_back_as_itself() {
    for signer in signers() {
        let key = signer.key();
        let written = key.to_jwk().to_string();
        assert_eq!(jwk(&written).as_ref(), Ok(key));
        for secret in ["\"d\"", "\"k\""] {
            assert!(!written.contains(secret));
        }
    }
    assert_eq!(
        jwk(RFC_8037).unwrap().to_jwk().to_string(),
        r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","alg":"EdDSA","use":"sig"}"#
    );
}

#[test]
fn a_jwk_that_is_not_such_a_key_is_refused_with_its_reason() {
    let edit = |from: &str, to: &str| {
        assert!(RFC_8037.contains(from));
        jwk(&RFC_8037.replacen(from, to, 1))
    };
    let other = KeyError::Jwk("another kty or crv");
    for (from, to, error) in [
        ("\"OKP\"", "\"EC\"", other),
        ("\"OKP\"", "\"oct\"", other),
        ("\"Ed25519\"", "\"Ed448\"", other),
        ("\"Ed25519\"", "\"X25519\"", other),
        ("\"Ed25519\"", "\"ed25519\"", other),
        ("\"kty\"", "\"k\"", KeyError::Private),
        ("{", "{\"d\":\"AA\",", KeyError::Private),
        ("\"x\"", "\"y\"", KeyError::Jwk("a member is missing")),
        ("11q", "1q", KeyError::Jwk("not unpadded URL-safe base64")),
        ("URo", "UQ", KeyError::Jwk("a coordinate of another length")),
        ("URo", "URp", KeyError::Jwk("not unpadded URL-safe base64")),
        ("{", "{\"alg\":\"ES256\",", KeyError::Jwk("alg is not the key's")),
        ("{", "{\"use\":\"enc\",", KeyError::Jwk("use is not sig")),
        ("{", "{\"key_ops\":[\"sign\"],", KeyError::Jwk("key_ops has no verify")),
        ("{", "{\"kid\":\"k1\",", KeyError::OtherId),
        ("{", "{\"kid\":7,", KeyError::OtherId),
    ] {
        assert_eq!(edit(from, to), Err(error), "{from} → {to}");
    }
    assert!(edit("{", "{\"key_ops\":[\"verify\"],\"x5t\":\"AAAA\",").is_ok());
}

#[test]
fn a_point_that_is_not_on_its_curve_is_no_key() {
    for signer in [es256(), es384()] {
        let written = signer.key().to_jwk();
        let y = written.get("y").unwrap().text().unwrap();
        let zero =
            BASE64URL_NOPAD.encode(&vec![0; BASE64URL_NOPAD.decode(y.as_bytes()).unwrap().len()]);
        assert_eq!(jwk(&written.to_string().replace(y, &zero)), Err(KeyError::NoPoint));
        let curve = if signer.key().algorithm() == Algorithm::Es256 { "P-256" } else { "P-384" };
        let other = if curve == "P-256" { "P-384" } else { "P-256" };
        assert_eq!(
            jwk(&written.to_string().replace(curve, other)),
            Err(KeyError::Jwk("a coordinate of another length"))
        );
    }
}

#[test]
fn an_ed25519_key_of_small_order_is_no_key() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for key in [[0; 32], neutral] {
        assert_eq!(TokenKey::ed25519(PublicKey(key)), Err(KeyError::SmallOrder));
        let x = BASE64URL_NOPAD.encode(&key);
        let text = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
        assert_eq!(jwk(&text), Err(KeyError::SmallOrder));
    }
}

#[test]
fn an_rsa_key_has_2048_to_4096_bits_and_an_odd_exponent() {
    let key = |bits: usize, first: u8, last: u8, e: &[u8]| {
        let mut n = vec![0xAB; bits / 8];
        let length = n.len();
        (n[0], n[length - 1]) = (first, last);
        let [n, e] = [&n[..], e].map(|number| BASE64URL_NOPAD.encode(number));
        let text = format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#);
        jwk(&text).map(|key| key.algorithm())
    };
    let usual = [1, 0, 1];
    assert_eq!(key(2048, 0x80, 1, &usual), Ok(Algorithm::Rs256));
    assert_eq!(key(4096, 0xFF, 1, &[3]), Ok(Algorithm::Rs256));
    for (bits, first, last, e) in [
        (2048, 0x7F, 1, &usual[..]),
        (2048, 0, 1, &usual),
        (2048, 0x80, 2, &usual),
        (4104, 1, 1, &usual),
        (1024, 0x80, 1, &usual),
        (2048, 0x80, 1, &[1]),
        (2048, 0x80, 1, &[2]),
        (2048, 0x80, 1, &[0, 3]),
        (2048, 0x80, 1, &[1, 0, 0, 0, 1]),
    ] {
        assert_eq!(key(bits, first, last, e), Err(KeyError::Rsa), "{bits} {first} {last} {e:?}");
    }
}

#[test]
fn a_set_is_exported_without_what_is_revoked_and_read_back() {
    let mut keys = keys();
    keys.set(es256().key().id(), KeyState::VerifyOnly { until: 1 });
    keys.set(es384().key().id(), KeyState::Revoked);
    let read = TokenKeys::from_jwks(keys.to_jwks().as_bytes()).unwrap();
    let mut expected = TokenKeys::new();
    expected.insert(signer().key().clone(), KeyState::Active);
    expected.insert(es256().key().clone(), KeyState::Active);
    assert_eq!(read, expected);
    assert_eq!(TokenKeys::new().to_jwks(), r#"{"keys":[]}"#);
}

#[test]
fn a_set_with_one_bad_key_is_refused_whole() {
    let good = signer().key().to_jwk().to_string();
    let read = |text: &str| TokenKeys::from_jwks(text.as_bytes()).unwrap_err();
    let private = good.replacen('{', "{\"d\":\"AA\",", 1);
    assert_eq!(
        read(&format!("{{\"keys\":[{good},{private}]}}")),
        KeysError::Key { at: 2, error: KeyError::Private }
    );
    for bad in ["{}", r#"{"keys":{}}"#, r#"{"keys":["x"]}"#] {
        assert_eq!(read(bad), KeysError::NoList, "{bad}");
    }
    let many = vec![good.as_str(); MOST_KEYS + 1].join(",");
    assert_eq!(read(&format!("{{\"keys\":[{many}]}}")), KeysError::NoList);
    assert_eq!(read(&" ".repeat(MOST_BYTES + 1)), KeysError::TooLong);
    assert_eq!(read("[]"), KeysError::Json(JsonError::NoObject));
}

#[test]
fn states_are_set_and_keys_forgotten() {
    let mut keys = keys();
    let id = signer().key().id();
    assert!(keys.set(id, KeyState::Revoked));
    assert_eq!(keys.get(id).map(|(_, state)| state), Some(KeyState::Revoked));
    assert!(!keys.set(stranger().key().id(), KeyState::Active));
    assert_eq!(keys.iter().count(), 3);
    keys.remove(id);
    assert_eq!((keys.get(id), keys.iter().count()), (None, 2));
}

#[test]
fn a_signer_written_as_pkcs8_reads_back_as_itself() {
    for signer in signers() {
        let read = TokenSigner::from_pkcs8(&signer.to_pkcs8()).unwrap();
        assert_eq!((read.key(), read.to_pkcs8()), (signer.key(), signer.to_pkcs8()));
        let signature = read.sign(b"message").unwrap();
        assert_eq!(signer.key().verify(b"message", &signature), Ok(()));
    }
}

#[test]
fn the_same_seed_makes_the_same_signer() {
    assert_eq!(signer().key(), signer().key());
    assert_ne!(signer().key(), stranger().key());
}

#[test]
fn what_is_no_private_key_of_these_makes_no_signer() {
    for signer in signers() {
        let good = signer.to_pkcs8();
        let (mut longer, mut changed) = (good.to_vec(), good.to_vec());
        longer.push(0);
        // The last byte of the private key in it, or of its public half.
        *changed.last_mut().unwrap() ^= 1;
        let shorter = &good[..good.len() - 1];
        assert_eq!(TokenSigner::from_pkcs8(&longer).err(), Some(NoSigner));
        assert_eq!(TokenSigner::from_pkcs8(shorter).err(), Some(NoSigner));
        if signer.key().algorithm() != Algorithm::EdDsa {
            assert_eq!(TokenSigner::from_pkcs8(&changed).err(), Some(NoSigner));
        }
    }
    assert_eq!(TokenSigner::from_pkcs8(&[]).err(), Some(NoSigner));
}
