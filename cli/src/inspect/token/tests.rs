//! Tokens as they are shown, and what is refused of their form.

use data_encoding::BASE64URL_NOPAD;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

const HEADER: &str = r#"{"alg":"EdDSA","typ":"join+jwt","kid":"k1"}"#;

const CLAIMS: &str = r#"{"iss":"hub_aaaaaaaaaaaaaaaaaaaaaaaaaa","aud":"hub_aaaaaaaaaaaaaaaaaaaaaaaaaa",
"sub":"ada","jti":"AAECAwQFBgcICQoLDA0ODw","role":"member","iat":1767225000,"exp":1767232800}"#;

fn join(header: &str, claims: &str) -> String {
    let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    format!("{}.{}.{}", encode(header), encode(claims), BASE64URL_NOPAD.encode(&[7; 64]))
}

fn refused(header: &str, claims: &str) -> Vec<String> {
    Parts::of(&join(header, claims)).unwrap().refused()
}

#[test]
fn a_token_is_shown_with_its_dates_and_without_its_signature() {
    let token = join(HEADER, CLAIMS);
    let parts = Parts::of(&token).unwrap();
    let refused = parts.refused();
    let text = text(&parts, &refused, NOW);
    let expected = format!(
        "token \"join+jwt\", {} bytes
NOT VERIFIED: the signature was not checked; anyone can have written this
header
  alg  \"EdDSA\"
  typ  \"join+jwt\"
  kid  \"k1\"
claims
  iss   \"hub_aaaaaaaaaaaaaaaaaaaaaaaaaa\"
  aud   \"hub_aaaaaaaaaaaaaaaaaaaaaaaaaa\"
  sub   \"ada\"
  jti   \"AAECAwQFBgcICQoLDA0ODw\"
  role  \"member\"
  iat   1767225000 = 2025-12-31 23:50:00 UTC (10 minutes ago)
  exp   1767232800 = 2026-01-01 02:00:00 UTC (in 2 hours)
signature
  64 bytes, not shown
form
  nothing in it that this version would refuse",
        token.len()
    );
    assert_eq!(text, expected);
    let object = object(&parts, &refused);
    assert_eq!(object["verified"], false);
    assert_eq!(
        (&object["claims"]["exp"], &object["signature_bytes"]),
        (&json!(1_767_232_800), &json!(64))
    );
    let signature = token.rsplit('.').next().unwrap();
    assert!(!text.contains(signature) && !object.to_string().contains(signature));
}

#[test]
fn a_header_that_would_be_refused_is_told_why() {
    let with = |from: &str, to: &str| refused(&HEADER.replace(from, to), CLAIMS);
    for (from, to, reason) in [
        ("EdDSA", "none", "header: alg: 'none' is no signature, and never accepted"),
        ("EdDSA", "NONE", "header: alg: 'none' is no signature, and never accepted"),
        ("EdDSA", "RS256", "header: alg: expected EdDSA, ES256, ES384, not \"RS256\""),
        (r#""EdDSA""#, "1", "header: alg is no text"),
        (r#""alg":"EdDSA","#, "", "header: alg is missing"),
        (r#","kid":"k1""#, "", "header: kid is missing: it names the key that signed"),
        ("k1", "", "header: kid is no text, or empty, or longer than 128 bytes"),
        ("}", r#","jwk":{}}"#, "header: jwk may not stand in a header"),
        ("}", r#","jku":"x"}"#, "header: jku may not stand in a header"),
        ("}", r#","x5u":"x"}"#, "header: x5u may not stand in a header"),
        ("}", r#","x5c":[]}"#, "header: x5c may not stand in a header"),
        ("}", r#","crit":["x"]}"#, "header: crit may not stand in a header"),
        ("}", r#","alg":"EdDSA"}"#, "header: \"alg\" stands twice"),
        ("}", r#","x":[[[[]]]]}"#, "header: the JSON nests deeper than 4"),
        ("join+jwt", "JWT", "header: typ: expected join+jwt or pass+jwt, not \"JWT\""),
    ] {
        assert_eq!(with(from, to), [reason], "{from} → {to}");
    }
    let hmac = with("EdDSA", "HS256");
    assert!(hmac[0].starts_with("header: alg: \"HS256\" is signed with a secret"), "{hmac:?}");
}

#[test]
fn claims_that_would_be_refused_are_told_why() {
    let with = |from: &str, to: &str| refused(HEADER, &CLAIMS.replace(from, to));
    for (from, to, reason) in [
        (r#","exp":1767232800"#, "", "claims: exp is missing"),
        (r#""iat":1767225000,"#, "", "claims: iat is missing"),
        ("1767232800", "\"soon\"", "claims: exp is no whole number of seconds after 1970"),
        ("1767232800", "-1", "claims: exp is no whole number of seconds after 1970"),
        ("1767232800", "1767225000", "claims: exp is not after iat"),
        ("1767232800", "1767225059", "claims: it lives 59 s: from 60 to 604800"),
        ("1767232800", "1767829801", "claims: it lives 604801 s: from 60 to 604800"),
        (r#""jti":"AAECAwQFBgcICQoLDA0ODw","#, "", "claims: jti is missing"),
        (r#""role":"member","#, "", "claims: role is missing"),
        ("\"ada\"", "7", "claims: sub is no text, or empty"),
        ("}", r#","nbf":"x"}"#, "claims: nbf is no whole number of seconds after 1970"),
        (
            r#""aud":"hub_aaaaaaaaaaaaaaaaaaaaaaaaaa""#,
            r#""aud":"hub_b""#,
            "claims: aud is not iss: a join token is for the hub that made it",
        ),
        (
            r#""iss":"hub_aaaaaaaaaaaaaaaaaaaaaaaaaa""#,
            r#""iss":"me""#,
            "claims: iss: \"me\" is no hub id",
        ),
    ] {
        assert_eq!(with(from, to), [reason], "{from} → {to}");
    }
    assert_eq!(with("1767232800", "1767225060"), [""; 0]);
    assert_eq!(with("1767232800", "1767829800"), [""; 0]);
    let pass = refused(&HEADER.replace("join", "pass"), CLAIMS);
    assert_eq!(
        pass,
        ["claims: room is missing", "claims: caps is missing", "claims: cnf is missing"]
    );
}

#[test]
fn a_part_that_cannot_be_read_leaves_the_others_to_be_shown() {
    let token = join(HEADER, CLAIMS);
    let parts: Vec<&str> = token.split('.').collect();
    let with = |header: &str, claims: &str, signature: &str| {
        Parts::of(&format!("{header}.{claims}.{signature}")).unwrap()
    };
    let padded = with(&format!("{}=", parts[0]), parts[1], parts[2]);
    assert_eq!(padded.refused(), ["header: padded with '=': a token has no padding"]);
    assert!(padded.claims.is_ok());
    for (signature, reason) in [
        ("", "signature: it is empty"),
        ("a", "signature: 1 characters of base64 are no whole bytes"),
        ("ab", "signature: the last character of the base64 has stray bits"),
        ("a+b", "signature: character 2 is not of URL-safe base64: '+'"),
        ("a b", "signature: character 2 is not of URL-safe base64: ' '"),
    ] {
        assert_eq!(with(parts[0], parts[1], signature).refused(), [reason], "{signature:?}");
    }
}

#[test]
fn a_token_has_three_parts_and_4096_bytes_at_most() {
    assert_eq!(Parts::of("").unwrap_err().to_string(), "it is empty");
    assert_eq!(
        Parts::of("a.b").unwrap_err().to_string(),
        "three parts with a dot between; these are 2"
    );
    let encrypted = "three parts with a dot between; these are 5, as an encrypted token has";
    assert_eq!(Parts::of("a.b.c.d.e").unwrap_err().to_string(), encrypted);
    let long = |length: usize| format!("{}..", "A".repeat(length - 2));
    assert!(Parts::of(&long(4096)).is_ok());
    assert_eq!(
        Parts::of(&long(4097)).unwrap_err().to_string(),
        "4097 bytes: a token has at most 4096"
    );
}

#[test]
fn a_claim_cannot_drive_the_terminal_that_shows_it() {
    let claims = CLAIMS.replace("\"sub\"", "\"\u{9b}2J\":\"\u{9b}2J\",\"sub\"");
    let parts = Parts::of(&join(HEADER, &claims)).unwrap();
    let text = text(&parts, &parts.refused(), NOW);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains("\\u{9b}2J") && text.contains("\"\\u009b2J\""), "{text}");
}
