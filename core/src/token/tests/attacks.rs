//! What somebody might send in place of a token, each by its name.

use super::*;
use crate::code::Code;

#[test]
fn alg_none_is_refused_in_every_spelling() {
    for none in ["none", "None", "NONE", "nOnE"] {
        let header = header(&signer()).replace("EdDSA", none);
        let unsigned = with_signature(&with_header(&header), &[0; 64]);
        let without = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
        assert_eq!(refused(&unsigned), TokenError::Header(vec![HeaderFault::None]));
        let error = PartError::Empty;
        assert_eq!(refused(&without), TokenError::Part { part: TokenPart::Signature, error });
    }
    for other in ["", " none", "none ", "n\\u00f6ne", "nоne", "eddsa", "EDDSA", "Ed25519", "RS256"]
    {
        let TokenError::Header(faults) = refused(&with_header_edit("EdDSA", other)) else {
            panic!("{other} reached the signature");
        };
        assert!(
            matches!(&faults[..], [HeaderFault::Algorithm { expected, .. }] if *expected == Algorithm::OURS),
            "{faults:?}"
        );
    }
    for (alg, fault) in [
        ("null", HeaderFault::AlgorithmNoText),
        ("[\"EdDSA\"]", HeaderFault::AlgorithmNoText),
        ("0", HeaderFault::AlgorithmNoText),
    ] {
        assert_eq!(
            refused(&with_header_edit("\"EdDSA\"", alg)),
            TokenError::Header(vec![fault]),
            "{alg}"
        );
    }
    assert_eq!(
        refused(&with_header_edit(r#""alg":"EdDSA","#, "")),
        TokenError::Header(vec![HeaderFault::NoAlgorithm])
    );
}

#[test]
fn hs256_keyed_with_the_public_key_is_refused() {
    for secret in public_spellings() {
        let token = with_header_edit("EdDSA", "HS256");
        let (signing_input, _) = token.rsplit_once('.').unwrap();
        let mac = hmac_sha256(&secret, signing_input.as_bytes());
        assert_eq!(
            refused(&with_signature(&token, &mac)),
            TokenError::Header(vec![HeaderFault::Mac("HS256".to_owned())])
        );
    }
    for mac in ["HS384", "HS512", "hs256"] {
        assert_eq!(
            refused(&with_header_edit("EdDSA", mac)),
            TokenError::Header(vec![HeaderFault::Mac(mac.to_owned())])
        );
    }
}

/// The forms in which an attacker may have the hub's public key.
fn public_spellings() -> [Vec<u8>; 3] {
    let key = signer().key().clone();
    let jwk = key.to_jwk();
    let x = BASE64URL_NOPAD.decode(jwk.get("x").unwrap().text().unwrap().as_bytes()).unwrap();
    let spki = PublicKey(x.clone().try_into().unwrap()).spki();
    [x, spki.to_vec(), jwk.to_string().into_bytes()]
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac;
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

#[test]
fn a_key_of_one_type_is_not_used_with_an_algorithm_of_another() {
    for named in signers() {
        for signs in signers() {
            let (alg, key) = (signs.key().algorithm(), named.key().algorithm());
            let header =
                format!(r#"{{"alg":"{alg}","kid":"{}","typ":"join+jwt"}}"#, named.key().id());
            let token = signed(&signs, &header, &claims());
            let expected = match alg == key {
                true => Ok(join_claims()),
                false => Err(TokenError::OtherAlgorithm { alg, key }),
            };
            assert_eq!(verified(token.as_bytes()), expected);
        }
    }
}

#[test]
fn a_token_without_a_kid_is_refused() {
    let kid = format!(r#""kid":"{}","#, signer().key().id());
    assert_eq!(
        refused(&with_header_edit(&kid, "")),
        TokenError::Header(vec![HeaderFault::NoKeyId])
    );
    let long = format!(r#""kid":"{}","#, "k".repeat(129));
    for bad in [r#""kid":"","#, r#""kid":7,"#, r#""kid":null,"#, r#""kid":["a"],"#, &long] {
        assert_eq!(
            refused(&with_header_edit(&kid, bad)),
            TokenError::Header(vec![HeaderFault::KeyId]),
            "{bad}"
        );
    }
}

#[test]
fn a_kid_that_is_unknown_or_a_path_finds_no_key() {
    let kid = signer().key().id().to_string();
    let (unknown, long) = (stranger().key().id().to_string(), "k".repeat(128));
    for bad in [
        unknown.as_str(),
        long.as_str(),
        &format!("{kid}="),
        &format!(" {kid}"),
        &kid.to_lowercase(),
        "../../../../dev/null",
        "/etc/passwd",
        "https://evil.example/jwks",
        "' or 1=1 --",
        "\\u0000",
    ] {
        assert_eq!(refused(&with_header_edit(&kid, bad)), TokenError::UnknownKey, "{bad}");
    }
    let foreign = signed(&stranger(), &header(&stranger()), &claims());
    assert_eq!(refused(&foreign), TokenError::UnknownKey);
}

#[test]
fn a_retired_key_signs_until_its_end_and_a_revoked_one_never() {
    let (token, kid) = (join_token(), signer().key().id());
    let at = |state, now| {
        let mut keys = keys();
        assert!(keys.set(kid, state));
        verify_join(token.as_bytes(), &keys, HUB, now, &Rules::JOIN).map(drop)
    };
    let until = NOW + 100;
    assert_eq!(at(KeyState::VerifyOnly { until }, until + 59), Ok(()));
    let now = until + 60;
    let retired = TokenError::RetiredKey { kid, until, now };
    assert_eq!(at(KeyState::VerifyOnly { until }, now), Err(retired.clone()));
    assert_eq!(at(KeyState::Revoked, NOW), Err(TokenError::RevokedKey(kid)));
    assert_eq!(retired.code(), Code::Expired);
    assert_eq!(TokenError::RevokedKey(kid).code(), Code::Revoked);
}

#[test]
fn whoever_cannot_sign_does_not_learn_that_a_key_was_revoked() {
    let mut keys = keys();
    keys.set(signer().key().id(), KeyState::Revoked);
    let forged = with_signature(&join_token(), &[1; 64]);
    let error = verify_join(forged.as_bytes(), &keys, HUB, NOW, &Rules::JOIN).unwrap_err();
    assert_eq!((error.code(), error), (Code::Refused, TokenError::Signature));
}

#[test]
fn a_header_that_brings_a_key_along_or_asks_for_more_is_refused() {
    let jwk = stranger().key().to_jwk();
    for (name, value) in [
        ("jwk", jwk.to_string()),
        ("jku", r#""https://evil.example/jwks""#.to_owned()),
        ("x5u", r#""https://evil.example/x5u""#.to_owned()),
        ("x5c", r#"["MIIB"]"#.to_owned()),
        ("crit", r#"["exp"]"#.to_owned()),
        ("crit", "[]".to_owned()),
        ("b64", "false".to_owned()),
        ("b64", "true".to_owned()),
        ("jwk", "null".to_owned()),
    ] {
        let header = header(&signer()).replace('}', &format!(",\"{name}\":{value}}}"));
        // Signed by the hub, and by the key that is brought along.
        for signs in [signer(), stranger()] {
            let error = refused(&signed(&signs, &header, &claims()));
            let TokenError::Header(faults) = &error else { panic!("{name}: {error}") };
            assert!(matches!(faults[..], [HeaderFault::Forbidden(told)] if told == name));
        }
    }
}

#[test]
fn a_header_with_b64_false_and_crit_is_refused_for_both() {
    let header = header(&signer()).replace('}', r#","b64":false,"crit":["b64"]}"#);
    assert_eq!(
        refused(&with_header(&header)),
        TokenError::Header(vec![HeaderFault::Forbidden("crit"), HeaderFault::Forbidden("b64")])
    );
}

#[test]
fn header_members_that_are_not_known_are_refused_in_ours_and_passed_over_in_others() {
    let more = r#","x5t":"AAAA","cty":7,"new":{"a":[1]}}"#;
    let token = with_header(&header(&signer()).replace('}', more));
    let first = HeaderFault::Unknown("x5t".to_owned());
    assert_eq!(refused(&token), TokenError::Header(vec![first]));
    let foreign = token_of_others(&signer(), &more[1..]);
    assert!(open(foreign.as_bytes(), &keys(), &TokenPolicy::OIDC, NOW, &Rules::JOIN).is_ok());
}

/// A token as an OpenID provider makes it, whose header ends with `more`.
fn token_of_others(signer: &TokenSigner, more: &str) -> String {
    let (alg, kid) = (signer.key().algorithm(), signer.key().id());
    signed(signer, &format!(r#"{{"alg":"{alg}","kid":"{kid}",{more}"#), r#"{"iss":"x"}"#)
}

#[test]
fn a_token_of_others_may_lack_its_typ_and_have_no_other_than_jwt() {
    let read = |more: &str| {
        let token = token_of_others(&signer(), more);
        open(token.as_bytes(), &keys(), &TokenPolicy::OIDC, NOW, &Rules::JOIN).map(|opened| {
            assert_eq!(opened.key, signer().key());
            opened.claims.to_string()
        })
    };
    let claims = || Ok(r#"{"iss":"x"}"#.to_owned());
    assert_eq!(read(r#""a":1}"#), claims());
    assert_eq!(read(r#""typ":"JWT"}"#), claims());
    for typ in ["join+jwt", "pass+jwt", "at+jwt", "jwt"] {
        let (found, expected): (_, &[_]) = (format!("\"{typ}\""), &["JWT"]);
        let faults = vec![HeaderFault::Type { found, expected }];
        assert_eq!(read(&format!("\"typ\":\"{typ}\"}}")), Err(TokenError::Header(faults)));
    }
    let faults = vec![HeaderFault::Forbidden("jku")];
    assert_eq!(read(r#""jku":"https://evil.example"}"#), Err(TokenError::Header(faults)));
}

#[test]
fn two_parts_and_four_parts_are_refused() {
    let token = join_token();
    let two = token.rsplit_once('.').unwrap().0;
    for (text, parts) in [
        (two.to_owned(), 2),
        (two.replace('.', ""), 1),
        (format!("{token}."), 4),
        (format!(".{token}"), 4),
        (format!("{token}.e30"), 4),
        (format!("{token}.."), 5),
    ] {
        assert_eq!(refused(&text), TokenError::Parts { parts });
    }
    assert_eq!(refused(""), TokenError::Empty);
}

#[test]
fn empty_parts_are_refused() {
    let token = join_token();
    let parts: Vec<&str> = token.split('.').collect();
    let empty = |part| TokenError::Part { part, error: PartError::Empty };
    assert_eq!(refused(&format!(".{}.{}", parts[1], parts[2])), empty(TokenPart::Header));
    assert_eq!(refused(&format!("{}..{}", parts[0], parts[2])), empty(TokenPart::Claims));
    assert_eq!(refused(&format!("{}.{}.", parts[0], parts[1])), empty(TokenPart::Signature));
    assert_eq!(refused(".."), empty(TokenPart::Header));
}

#[test]
fn padding_is_refused_in_each_part() {
    each_part(|part| format!("{part}="), |_| PartError::Padded);
    each_part(|part| format!("{part}=="), |_| PartError::Padded);
    each_part(|part| format!("={part}"), |_| PartError::Character { at: 1, byte: b'=' });
}

#[test]
fn white_space_is_refused_in_each_part() {
    for space in [' ', '\n', '\r', '\t', '\0'] {
        let byte = space as u8;
        each_part(|part| format!("{space}{part}"), |_| PartError::Character { at: 1, byte });
        each_part(
            |part| format!("{part}{space}"),
            |part| PartError::Character { at: part.len() + 1, byte },
        );
    }
}

#[test]
fn the_other_alphabet_of_base64_is_refused_in_each_part() {
    for byte in *b"+/" {
        let c = char::from(byte);
        each_part(|part| format!("{c}{}", &part[1..]), |_| PartError::Character { at: 1, byte });
    }
}

#[test]
fn stray_bits_are_refused_in_each_part() {
    // 'B' at the end sets bits that stand for nothing, whatever the length.
    let lengths = |part: &str| match part.len() % 4 {
        2 => format!("{}B", &part[..part.len() - 1]),
        3 => format!("{}B", &part[..part.len() - 1]),
        _ => format!("{part}AB"),
    };
    each_part(lengths, |_| PartError::StrayBits);
    let one_more = |part: &str| format!("{}A", &part[..part.len() / 4 * 4]);
    each_part(one_more, |part| PartError::Length(part.len() / 4 * 4 + 1));
}

/// Changes each part in turn; all else stays as the hub signed it.
fn each_part(change: impl Fn(&str) -> String, expected: impl Fn(&str) -> PartError) {
    let token = join_token();
    let parts: Vec<&str> = token.split('.').collect();
    for (at, part) in
        [TokenPart::Header, TokenPart::Claims, TokenPart::Signature].into_iter().enumerate()
    {
        let mut changed: Vec<String> = parts.iter().map(ToString::to_string).collect();
        changed[at] = change(parts[at]);
        let error = expected(parts[at]);
        assert_eq!(refused(&changed.join(".")), TokenError::Part { part, error }, "{changed:?}");
    }
}

#[test]
fn the_json_serialisations_are_no_tokens() {
    let token = join_token();
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = format!(
        r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#,
        parts[0], parts[1], parts[2]
    );
    let general = format!(
        r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}}"#,
        parts[1], parts[0], parts[2]
    );
    for json in [flattened, general] {
        assert_eq!(refused(&json), TokenError::Parts { parts: 1 });
    }
}

#[test]
fn a_member_that_stands_twice_is_refused_in_the_header_and_the_claims() {
    let twice = |part, name: &str| TokenError::Part {
        part,
        error: JsonError::NameTwice(name.to_owned()).into(),
    };
    for (from, to, name) in [
        (r#"{"alg""#, r#"{"alg":"none","alg""#, "alg"),
        (r#"{"alg""#, r#"{"\u0061lg":"none","alg""#, "alg"),
        (r#""typ""#, r#""typ":"pass+jwt","typ""#, "typ"),
    ] {
        assert_eq!(refused(&with_header_edit(from, to)), twice(TokenPart::Header, name));
    }
    for (from, to, name) in [
        (r#""exp""#, r#""exp":9000000000,"exp""#, "exp"),
        (r#""role""#, r#""role":"admin","role""#, "role"),
        (r#""role""#, r#""rol\u0065":"admin","role""#, "role"),
        (r#""role""#, r#""x":{"y":1,"y":2},"role""#, "y"),
    ] {
        assert_eq!(refused(&with_claim_edit(from, to)), twice(TokenPart::Claims, name));
    }
}

#[test]
fn exp_as_anything_but_a_whole_number_is_refused() {
    let exp = format!("\"exp\":{}", NOW + 3600);
    for bad in [
        "\"1767229200\"",
        "1767229200.0",
        "1767229200.5",
        "1.7672292e9",
        "-1",
        "-0",
        "9007199254740992",
        "18446744073709551616",
        "1e300",
        "true",
        "null",
        "[1767229200]",
        "{}",
    ] {
        for claim in ["exp", "iat"] {
            let (from, value) = match claim {
                "exp" => (exp.clone(), bad),
                _ => (format!("\"iat\":{NOW}"), bad),
            };
            assert_eq!(
                refused(&with_claim_edit(&from, &format!("\"{claim}\":{value}"))),
                fault(claim, Wrong::NoDate),
                "{bad}"
            );
        }
    }
    let too_large = with_claim_edit(&exp, "\"exp\":1e999");
    let error = JsonError::NotJson("number out of range".to_owned()).into();
    assert_eq!(refused(&too_large), TokenError::Part { part: TokenPart::Claims, error });
    let huge = (1 << 53) - 1;
    assert_eq!(
        refused(&with_claim_edit(&exp, &format!("\"exp\":{huge}"))),
        fault("exp", Wrong::Life { life: huge - NOW, from: 60, to: 604_800 })
    );
}

#[test]
fn a_claim_that_must_be_there_is_missed() {
    let all = claims();
    let read = Object::read(all.as_bytes()).unwrap();
    for claim in ["iss", "aud", "sub", "iat", "exp", "jti", "role"] {
        let member = format!("\"{claim}\":{},", read.get(claim).unwrap());
        assert_eq!(refused(&with_claim_edit(&member, "")), fault(claim, Wrong::Missing));
    }
}

#[test]
fn a_token_of_another_hub_or_for_another_hub_is_refused() {
    let (ours, theirs) = (HUB.to_string(), OTHER_HUB.to_string());
    let audience = with_claim_edit(&format!(r#""aud":"{ours}""#), &format!(r#""aud":"{theirs}""#));
    assert_eq!(refused(&audience), fault("aud", Wrong::NotIss));
    let list = with_claim_edit(&format!(r#""aud":"{ours}""#), &format!(r#""aud":["{ours}"]"#));
    assert_eq!(refused(&list), fault("aud", Wrong::NoText));
    let elsewhere = JoinClaims { hub: OTHER_HUB, ..join_claims() };
    let both = issue_join(&signer(), &elsewhere).unwrap();
    assert_eq!(refused(&both), TokenError::OtherHub(OTHER_HUB));
    assert_eq!(TokenError::OtherHub(OTHER_HUB).code(), Code::Refused);
}

#[test]
fn a_pass_is_not_taken_for_a_join_token() {
    let pass = issue_pass(&signer(), &pass_claims()).unwrap();
    let fault = |found: &str, expected| HeaderFault::Type { found: found.to_owned(), expected };
    assert_eq!(refused(&pass), TokenError::Header(vec![fault("\"pass+jwt\"", &["join+jwt"])]));
    // Not with a join token's claims either.
    assert_eq!(
        refused(&with_header_edit("join+jwt", "pass+jwt")),
        TokenError::Header(vec![fault("\"pass+jwt\"", &["join+jwt"])])
    );
}

#[test]
fn a_join_token_is_not_taken_for_a_pass() {
    let error = verify_pass(join_token().as_bytes(), &keys(), HUB, NOW, &Rules::PASS).unwrap_err();
    let (found, expected): (_, &[_]) = ("\"join+jwt\"".to_owned(), &["pass+jwt"]);
    assert_eq!(error, TokenError::Header(vec![HeaderFault::Type { found, expected }]));
}

#[test]
fn another_typ_is_refused_and_so_is_none() {
    for bad in ["JWT", "JOIN+JWT", "application/join+jwt", "join+jwt ", "join", ""] {
        let error = refused(&with_header_edit("join+jwt", bad));
        let found = format!("\"{bad}\"");
        assert_eq!(
            error,
            TokenError::Header(vec![HeaderFault::Type { found, expected: &["join+jwt"] }])
        );
    }
    assert_eq!(
        refused(&with_header_edit(r#","typ":"join+jwt""#, "")),
        TokenError::Header(vec![HeaderFault::NoType { expected: &["join+jwt"] }])
    );
}

#[test]
fn a_token_of_a_megabyte_is_refused_by_its_length() {
    let million = "A".repeat(1 << 20);
    let dots = ".".repeat(1 << 20);
    let long = format!("{}.{million}.{million}", join_token());
    for token in [&million, &dots, &long] {
        assert_eq!(refused(token), TokenError::TooLong { bytes: token.len() });
    }
}

#[test]
fn the_longest_token_is_taken_and_one_byte_more_is_not() {
    let with = |length: usize| {
        let claims = claims().replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(length)), 1);
        signed(&signer(), &header(&signer()), &claims)
    };
    let (mut taken, mut length) = (0, 2000);
    while taken != 4096 {
        let token = with(length);
        assert!(token.len() <= 4096, "the lengths that base64 has passed over 4096");
        assert_eq!(verified(token.as_bytes()), Ok(join_claims()));
        (taken, length) = (token.len(), length + 1);
    }
    let token = format!("{}A", with(length - 1));
    assert_eq!(refused(&token), TokenError::TooLong { bytes: 4097 });
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(2000);
    let error = || PartError::Json(JsonError::TooDeep);
    let header = with_header(&header(&signer()).replace('}', &format!(",\"x\":{deep}")));
    assert_eq!(refused(&header), TokenError::Part { part: TokenPart::Header, error: error() });
    let claims = with_claim_edit("{", &format!("{{\"x\":{deep}"));
    assert_eq!(refused(&claims), TokenError::Part { part: TokenPart::Claims, error: error() });
    for (nested, taken) in [("[[[]]]", true), ("[[[[]]]]", false)] {
        let token = with_claim_edit("{", &format!("{{\"x\":{nested},"));
        assert_eq!(verified(token.as_bytes()).is_ok(), taken, "{nested}");
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    for text in ["", "[]", "1", "\"x\"", "null", "{}{}", "{} x", "{\"a\":1,}", "\u{feff}{}"] {
        let token = signed(&signer(), &header(&signer()), text);
        let error = refused(&token);
        assert!(
            matches!(error, TokenError::Part { part: TokenPart::Claims, .. }),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn a_refusal_says_nothing_of_the_token_that_could_be_used() {
    let token = join_token();
    let signature = token.rsplit('.').next().unwrap();
    let every_refusal = [
        refused(&format!("{token}=")),
        refused(&with_signature(&token, &[9; 64])),
        verify_join(token.as_bytes(), &keys(), HUB, NOW + 10_000, &Rules::JOIN).unwrap_err(),
        verify_join(token.as_bytes(), &TokenKeys::new(), HUB, NOW, &Rules::JOIN).unwrap_err(),
    ];
    for error in every_refusal {
        for part in token.split('.').chain([&signature[..16]]) {
            assert!(!format!("{error} {error:?}").contains(part), "{error:?}");
        }
    }
}
