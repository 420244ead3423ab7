//! Bytes of every kind: nothing panics, and nothing that was changed is taken.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Everything that reads bytes of strangers.
fn read_all(bytes: &[u8]) -> bool {
    let join = verify_join(bytes, &KEYS, HUB, NOW, &Rules::JOIN).is_ok();
    let pass = verify_pass(bytes, &KEYS, HUB, NOW, &Rules::PASS).is_ok();
    let other = open(bytes, &*KEYS, &TokenPolicy::OIDC_WITH_RS256, NOW, &Rules::JOIN).is_ok();
    let _ = Invitation::read(bytes);
    let _ = TokenKeys::from_jwks(bytes);
    let _ = TokenSigner::from_pkcs8(bytes);
    let _ = Object::read(bytes).map(|object| (faults(None, &object), TokenKey::from_jwk(&object)));
    join || pass || other
}

/// JSON with the names that are looked for, and values of every kind.
fn json() -> impl Strategy<Value = String> {
    let finite = any::<f64>().prop_filter("JSON has no others", |number| number.is_finite());
    json_with(finite.prop_map(|number| number.to_string()).boxed())
}

/// The same, with these numbers beside whole ones.
fn json_with(numbers: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let text = "[ -~é\u{1}]{0,12}".prop_map(|text| Json::Text(text).to_string());
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        numbers,
        text,
    ];
    let name = prop::sample::select(vec![
        "alg", "kid", "typ", "jwk", "iss", "aud", "sub", "iat", "exp", "nbf", "jti", "role",
        "caps", "cnf", "jkt", "pins", "urls", "labels", "id", "room", "max_uses", "keys", "kty",
        "crv", "x",
    ]);
    leaf.prop_recursive(5, 24, 6, move |inner| {
        let list = vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(",")));
        let object = vec((name.clone(), inner), 0..6).prop_map(|members| {
            let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        });
        prop_oneof![list, object]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_refused_and_panic_nothing(bytes in vec(any::<u8>(), 0..600)) {
        prop_assert!(!read_all(&bytes));
    }

    #[test]
    fn any_three_parts_are_refused_and_panic_nothing(
        header in json(), claims in json(), signature in vec(any::<u8>(), 0..100)
    ) {
        let encoded = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let [header, claims] = [header, claims].map(|json| encoded(json.as_bytes()));
        let token = [header, claims, encoded(&signature)].join(".");
        prop_assert!(!read_all(token.as_bytes()));
    }

    #[test]
    fn any_claims_that_are_signed_panic_nothing_and_are_read_as_one_reading(claims in json()) {
        let token = signed(&signer(), &header(&signer()), &claims);
        prop_assert!(!read_all(token.as_bytes()));
        prop_assert!(!read_all(claims.as_bytes()));
    }

    #[test]
    fn what_is_written_is_read_back(json in json_with(Just("0.5".to_owned()).boxed())) {
        let wrapped = format!("{{\"a\":{json}}}");
        if let Ok(read) = Object::read(wrapped.as_bytes()) {
            prop_assert_eq!(Object::read(read.to_string().as_bytes()), Ok(read));
        }
    }

    #[test]
    fn a_token_with_a_piece_cut_out_doubled_or_moved_is_refused(
        from in 0..500usize, length in 1..40usize, to in 0..500usize
    ) {
        let token = join_token();
        let from = from % token.len();
        let (head, rest) = token.split_at(from);
        let (piece, tail) = rest.split_at(length.min(rest.len()));
        let without = format!("{head}{tail}");
        let to = to % (without.len() + 1);
        let moved = format!("{}{piece}{}", &without[..to], &without[to..]);
        for changed in [without, format!("{head}{piece}{piece}{tail}"), moved] {
            prop_assert_eq!(verified(changed.as_bytes()).is_ok(), changed == token);
        }
    }
}

#[test]
fn any_one_byte_changed_is_refused() {
    let token = join_token();
    assert!(verified(token.as_bytes()).is_ok());
    for at in 0..token.len() {
        for byte in (0..=255).filter(|&byte| byte != token.as_bytes()[at]) {
            let mut changed = token.clone().into_bytes();
            changed[at] = byte;
            assert!(verified(&changed).is_err(), "byte {at} made {byte}");
        }
    }
}

#[test]
fn any_one_bit_changed_is_refused_for_each_algorithm() {
    for signer in signers() {
        let token = issue_join(&signer, &join_claims()).unwrap();
        for at in 0..token.len() * 8 {
            let mut changed = token.clone().into_bytes();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(verified(&changed).is_err(), "bit {at}");
        }
    }
}

#[test]
fn every_shorter_token_is_refused() {
    let token = join_token();
    for length in 0..token.len() {
        assert!(verified(&token.as_bytes()[..length]).is_err(), "{length} bytes");
    }
}
