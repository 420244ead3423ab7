//! RS256: for tokens of others, where it is switched on, and never for ours.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use x509_parser::asn1_rs::{FromDer, Integer, Sequence};

use super::*;

/// An OpenID provider: one RSA key, with a name of the provider's making.
struct Provider {
    pair: KeyPair,
    key: TokenKey,
}

impl Provider {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let key = rsa_key(pair.public_key().as_ref()).unwrap();
        Self { pair, key }
    }

    fn token(&self, header: &str) -> String {
        let token = with_header(header);
        let input = token.rsplit_once('.').unwrap().0.as_bytes();
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest(&SHA256, input), &mut signature).unwrap();
        with_signature(&token, &signature)
    }
}

impl KeySet for Provider {
    fn find(&self, kid: &str) -> Option<(&TokenKey, KeyState)> {
        (kid == "2026-01").then_some((&self.key, KeyState::Active))
    }
}

/// The key of an RSAPublicKey (RFC 8017 §A.1.1).
pub(super) fn rsa_key(der: &[u8]) -> Result<TokenKey, KeyError> {
    let (_, sequence) = Sequence::from_der(der).unwrap();
    let (rest, n) = Integer::from_der(sequence.content.as_ref()).unwrap();
    let (_, e) = Integer::from_der(rest).unwrap();
    let [n, e] = [n, e].map(|number| {
        let bytes = number.as_ref();
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        BASE64URL_NOPAD.encode(&bytes[zeros..])
    });
    let jwk = format!(r#"{{"kty":"RSA","alg":"RS256","n":"{n}","e":"{e}"}}"#);
    TokenKey::from_jwk(&Object::read(jwk.as_bytes()).unwrap())
}

const HEADER: &str = r#"{"alg":"RS256","kid":"2026-01","typ":"JWT"}"#;

#[test]
fn rs256_is_taken_for_tokens_of_others_where_it_is_switched_on() {
    let provider = Provider::new();
    let token = provider.token(HEADER);
    let read =
        |policy| open(token.as_bytes(), &provider, policy, NOW, &Rules::JOIN).map(|o| o.claims);
    assert_eq!(read(&TokenPolicy::OIDC_WITH_RS256).unwrap().to_string(), claims());
    let off = |expected| HeaderFault::Algorithm { found: "RS256".to_owned(), expected };
    assert_eq!(read(&TokenPolicy::OIDC), Err(TokenError::Header(vec![off(Algorithm::OURS)])));
}

#[test]
fn rs256_is_never_taken_for_a_join_token_or_a_pass() {
    let provider = Provider::new();
    for (typ, policy) in [("join+jwt", TokenPolicy::JOIN), ("pass+jwt", TokenPolicy::PASS)] {
        let token = provider.token(&HEADER.replace("JWT", typ));
        let error = open(token.as_bytes(), &provider, &policy, NOW, &Rules::JOIN).unwrap_err();
        let (found, expected) = ("RS256".to_owned(), Algorithm::OURS);
        assert_eq!(error, TokenError::Header(vec![HeaderFault::Algorithm { found, expected }]));
    }
}

#[test]
fn an_rsa_key_in_the_hubs_own_set_is_not_reached() {
    let provider = Provider::new();
    let mut keys = keys();
    keys.insert(provider.key.clone(), KeyState::Active);
    let kid = provider.key.id();
    for (alg, error) in [
        ("EdDSA", TokenError::OtherAlgorithm { alg: Algorithm::EdDsa, key: Algorithm::Rs256 }),
        (
            "RS256",
            TokenError::Header(vec![HeaderFault::Algorithm {
                found: "RS256".to_owned(),
                expected: Algorithm::OURS,
            }]),
        ),
    ] {
        let token = provider.token(&format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"join+jwt"}}"#));
        assert_eq!(verify_join(token.as_bytes(), &keys, HUB, NOW, &Rules::JOIN), Err(error));
    }
}

#[test]
fn forged_rsa_signatures_are_refused() {
    let provider = Provider::new();
    let token = provider.token(HEADER);
    let refused = |signature: &[u8]| {
        let token = with_signature(&token, signature);
        let policy = TokenPolicy::OIDC_WITH_RS256;
        open(token.as_bytes(), &provider, &policy, NOW, &Rules::JOIN).map(drop).unwrap_err()
    };
    for forged in [vec![0; 256], vec![1; 256], vec![0xFF; 256], vec![1; 255], vec![1; 257], vec![1]]
    {
        assert_eq!(refused(&forged), TokenError::Signature);
    }
}
