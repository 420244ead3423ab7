//! The crate `jsonwebtoken` as a second opinion: whatever ours takes it takes too, and each case
//! where ours is stricter stands in a table with its reason.
//!
//! It reads the machine's clock, so it is asked about everything but times (those are in `times`).
//! It looks up no key, so it is given the one that `kid` names, or in the table the one that
//! signed.

use std::sync::Once;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey,
    VerificationAlgorithm,
};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{Error as SignatureError, Verifier};
use jsonwebtoken::{Algorithm as TheirAlgorithm, DecodingKey, Validation};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

/// Its signatures, verified by the library alone. Its own use of that library would draw in the
/// default features of another build of it.
struct Library(TheirAlgorithm, DecodingKey);

impl Verifier<Vec<u8>> for Library {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let algorithm: &dyn VerificationAlgorithm = match self.0 {
            TheirAlgorithm::EdDSA => &ED25519,
            TheirAlgorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
            TheirAlgorithm::ES384 => &ECDSA_P384_SHA384_FIXED,
            _ => return Err(SignatureError::new()),
        };
        let key = self.1.try_get_as_bytes().map_err(|_| SignatureError::new())?;
        UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Library {
    fn algorithm(&self) -> TheirAlgorithm {
        self.0
    }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| Ok(Box::new(Library(*algorithm, key.clone()))),
    key_utils: KeyUtils::new_unimplemented(),
};

/// What it says of a token that is to be verified by this key.
fn theirs(token: &str, key: &TokenKey) -> Result<(), String> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| PROVIDER.install_default().expect("nobody else installs one"));
    let jwk = serde_json::from_str(&key.to_jwk().to_string()).unwrap();
    let key_of_theirs = DecodingKey::from_jwk(&jwk).unwrap();
    let mut validation = Validation::new(match key.algorithm() {
        Algorithm::EdDsa => TheirAlgorithm::EdDSA,
        Algorithm::Es256 => TheirAlgorithm::ES256,
        Algorithm::Es384 => TheirAlgorithm::ES384,
        Algorithm::Rs256 => TheirAlgorithm::RS256,
    });
    validation.set_audience(&[HUB.to_string()]);
    validation.set_issuer(&[HUB.to_string()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    jsonwebtoken::decode::<serde_json::Value>(token, &key_of_theirs, &validation)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// What it says of a token by the key that its own reading of `kid` names.
fn theirs_by_kid(token: &str) -> Result<(), String> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let keys = keys();
    let (key, _) = keys.find(&kid).ok_or("an unknown kid")?;
    theirs(token, key)
}

/// Changes to a token on its way to being made: what becomes of header, claims and signature.
fn made() -> impl Strategy<Value = String> {
    let edits = prop::sample::select(vec![
        ("", ""),
        ("\"member\"", "\"agent\""),
        ("\"member\"", "\"root\""),
        ("\"alice\"", "\"\\u00e4\\ud83d\\ude00\""),
        ("\"alice\"", "\"\\ud83d\""),
        ("\"alice\"", "null"),
        ("\"one_shot\":true", "\"max_uses\":3"),
        ("\"one_shot\":true", "\"new\":{\"a\":[1,{\"b\":null}]}"),
        ("\"one_shot\":true", "\"new\":1e400"),
        ("\"exp\":", "\"exp\": \n"),
        ("\"exp\":", "\"exp\":1"),
        ("\"exp\":", "\"exp\":-"),
        ("\"exp\":", "\"nbf\":0,\"exp\":"),
        ("\"exp\":", "\"exp\":1,\"exp\":"),
        ("}", ",\"labels\":{\"a\":\"b\"}}"),
        ("}", "} "),
        ("}", "}}"),
        ("{", " {"),
        ("{", "\u{feff}{"),
        ("hub_", "hub-"),
    ]);
    let headers = prop::sample::select(vec![
        ("", ""),
        ("{", "{ "),
        ("\"alg\"", "\"\\u0061lg\""),
        ("\"typ\"", "\"cty\":\"a\",\"typ\""),
        ("\"typ\"", "\"typ\":\"a\",\"typ\""),
        ("join+jwt", "join\\u002bjwt"),
        ("EdDSA", "ES256"),
        ("ES256", "EdDSA"),
    ]);
    let tails = prop::sample::select(vec!["", "=", " ", "A", ".", "\n", "forged"]);
    let usual = prop_oneof![4 => Just(true), 1 => Just(false)];
    let parts = (0..3usize, edits.clone(), edits, headers, tails, usual.clone(), usual);
    parts.prop_map(|(signs, first, second, head, tail, plain_header, plain_tail)| {
        let signer = &signers()[signs];
        let edit = |text: String, (from, to): (&str, &str)| text.replacen(from, to, 1);
        let claims = edit(edit(claims(), first), second);
        let plain = header(signer);
        let header = if plain_header { plain } else { edit(plain, head) };
        let token = signed(signer, &header, &claims);
        match tail {
            _ if plain_tail => token,
            "forged" => with_signature(&token, &[1; 64]),
            tail => token + tail,
        }
    })
}

#[test]
fn whatever_ours_takes_jsonwebtoken_takes_and_a_peer_reads() {
    let mut runner = TestRunner::deterministic();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..3000 {
        let token = made().new_tree(&mut runner).unwrap().current();
        if let Ok(claims) = verified(token.as_bytes()) {
            assert_eq!(theirs_by_kid(&token), Ok(()), "{token}");
            let read = Invitation::read(token.as_bytes()).unwrap();
            assert_eq!((read.role, read.sub, read.exp), (claims.role, claims.sub, claims.exp));
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(taken > 300 && refused > 300, "{taken} taken, {refused} refused");
}

/// A token that `jsonwebtoken` takes and ours does not, with what ours says and why it does.
struct Stricter {
    why: &'static str,
    token: String,
    ours: TokenError,
}

fn header_case(why: &'static str, from: &str, to: &str, fault: HeaderFault) -> Stricter {
    let token = with_header_edit(from, to);
    Stricter { why, token, ours: TokenError::Header(vec![fault]) }
}

fn claim_case(
    why: &'static str,
    from: &str,
    to: &str,
    claim: &'static str,
    wrong: Wrong,
) -> Stricter {
    Stricter { why, token: with_claim_edit(from, to), ours: fault(claim, wrong) }
}

/// Every case where ours is stricter.
fn stricter() -> Vec<Stricter> {
    let kid = format!(r#""kid":"{}","#, signer().key().id());
    let unknown = format!(r#""kid":"{}","#, stranger().key().id());
    let brought = |name: &'static str, value: &str| {
        let to = format!("{{\"{name}\":{value},");
        let why = "a token must not bring its own key, or say where one is";
        header_case(why, "{", &to, HeaderFault::Forbidden(name))
    };
    let jwk = stranger().key().to_jwk().to_string();
    let twice = JsonError::NameTwice("role".to_owned());
    let deep = with_claim_edit("{", "{\"x\":[[[[1]]]],");
    let long = with_claim_edit("{", &format!("{{\"x\":\"{}\",", "x".repeat(4000)));
    let hub = HUB.to_string();
    let hour = NOW + 3600;
    let exp = format!("\"exp\":{hour}");
    vec![
        header_case("the key is looked up by it", &kid, "", HeaderFault::NoKeyId),
        Stricter {
            why: "a key is never guessed",
            token: with_header_edit(&kid, &unknown),
            ours: TokenError::UnknownKey,
        },
        header_case(
            "one kind of token never passes for another",
            "join+jwt",
            "pass+jwt",
            HeaderFault::Type { found: "\"pass+jwt\"".to_owned(), expected: &["join+jwt"] },
        ),
        header_case(
            "the same where no kind is said",
            r#","typ":"join+jwt""#,
            "",
            HeaderFault::NoType { expected: &["join+jwt"] },
        ),
        header_case(
            "what is critical must be understood, and nothing is",
            "{",
            r#"{"crit":["exp"],"#,
            HeaderFault::Forbidden("crit"),
        ),
        brought("jwk", &jwk),
        brought("jku", r#""https://evil.example""#),
        brought("x5u", r#""https://evil.example""#),
        brought("x5c", r#"["AAAA"]"#),
        header_case(
            "the payload of a token is in base64",
            "{",
            r#"{"b64":"false","#,
            HeaderFault::Forbidden("b64"),
        ),
        header_case(
            "a header of ours says what it must and nothing else",
            "{",
            r#"{"cty":"JWT","#,
            HeaderFault::Unknown("cty".to_owned()),
        ),
        Stricter {
            why: "two readers may each take another of two members",
            token: with_claim_edit("\"role\"", "\"role\":\"admin\",\"role\""),
            ours: TokenError::Part { part: TokenPart::Claims, error: twice.into() },
        },
        Stricter {
            why: "a reader's stack is bounded",
            token: deep,
            ours: TokenError::Part { part: TokenPart::Claims, error: JsonError::TooDeep.into() },
        },
        Stricter {
            why: "what is read before it is believed is bounded",
            ours: TokenError::TooLong { bytes: long.len() },
            token: long,
        },
        claim_case(
            "a date has one spelling",
            &exp,
            &format!("\"exp\":{hour}.5"),
            "exp",
            Wrong::NoDate,
        ),
        claim_case("a date is a whole number", &exp, "\"exp\":1.7672292e9", "exp", Wrong::NoDate),
        claim_case(
            "a join token is for one hub",
            &format!("\"aud\":\"{hub}\""),
            &format!("\"aud\":[\"{hub}\"]"),
            "aud",
            Wrong::NoText,
        ),
        claim_case(
            "its life is bounded",
            &exp,
            &format!("\"exp\":{}", NOW + 604_801),
            "exp",
            Wrong::Life { life: 604_801, from: 60, to: 604_800 },
        ),
        claim_case(
            "a life needs a beginning",
            &format!("\"iat\":{NOW},"),
            "",
            "iat",
            Wrong::Missing,
        ),
        claim_case(
            "the ledger knows tokens by it",
            "\"jti\":\"CQkJCQkJCQkJCQkJCQkJCQ\",",
            "",
            "jti",
            Wrong::Missing,
        ),
        claim_case("what is granted is said", "\"role\":\"member\",", "", "role", Wrong::Missing),
    ]
}

#[test]
fn each_case_where_ours_is_stricter_is_taken_by_jsonwebtoken() {
    for Stricter { why, token, ours } in stricter() {
        assert_eq!(theirs(&token, signer().key()), Ok(()), "{why}");
        assert_eq!(refused(&token), ours, "{why}");
    }
}

#[test]
fn jsonwebtoken_takes_what_a_small_order_key_never_signed_and_ours_does_not() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let key = TokenKey::unchecked(PublicKey(neutral));
    let mut forged = [0; 64];
    forged[0] = 1;
    let token = with_signature(&join_token(), &forged);
    assert_eq!(theirs(&token, &key), Ok(()));
    assert!(key.verify(token.rsplit_once('.').unwrap().0.as_bytes(), &forged).is_err());
}
