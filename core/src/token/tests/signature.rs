//! Signatures that nobody made, or made for something else.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
};

use super::*;

fn token_of(signer: &TokenSigner) -> String {
    issue_join(signer, &join_claims()).unwrap()
}

#[test]
fn a_signature_of_zeros_or_ones_is_refused_for_each_algorithm() {
    for signer in signers() {
        let length = signer.sign(b"").unwrap().len();
        for byte in [0, 1, 0xFF] {
            let forged = with_signature(&token_of(&signer), &vec![byte; length]);
            assert_eq!(refused(&forged), TokenError::Signature);
        }
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    for signer in signers() {
        let token = token_of(&signer);
        let signature = signer.sign(token.rsplit_once('.').unwrap().0.as_bytes()).unwrap();
        let (mut longer, mut led) = (signature.clone(), vec![0]);
        longer.push(0);
        led.extend(&signature);
        for bad in [&signature[1..], &signature[..signature.len() - 1], &longer, &led, &[0]] {
            assert_eq!(refused(&with_signature(&token, bad)), TokenError::Signature);
        }
    }
}

#[test]
fn a_signature_of_another_token_or_another_key_is_refused() {
    for signs in signers() {
        let token = token_of(&signs);
        let elsewhere = signs.sign(b"another token").unwrap();
        assert_eq!(refused(&with_signature(&token, &elsewhere)), TokenError::Signature);
    }
    let token = token_of(&signer());
    let input = token.rsplit_once('.').unwrap().0.as_bytes();
    let foreign = stranger().sign(input).unwrap();
    assert_eq!(refused(&with_signature(&token, &foreign)), TokenError::Signature);
}

#[test]
fn an_s_of_the_groups_order_or_above_is_refused() {
    // S + L gives the same point: a second spelling (RFC 8032 §5.1.7).
    const L: [u8; 32] = [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let token = token_of(&signer());
    let mut signature = signer().sign(token.rsplit_once('.').unwrap().0.as_bytes()).unwrap();
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(carry, 0);
    assert_eq!(refused(&with_signature(&token, &signature)), TokenError::Signature);
}

#[test]
fn ecdsa_with_a_zero_in_it_is_refused() {
    for signer in [es256(), es384()] {
        let token = token_of(&signer);
        let good = signer.sign(token.rsplit_once('.').unwrap().0.as_bytes()).unwrap();
        let half = good.len() / 2;
        let (mut r, mut s) = (good.clone(), good);
        r[..half].fill(0);
        s[half..].fill(0);
        assert_eq!(refused(&with_signature(&token, &r)), TokenError::Signature);
        assert_eq!(refused(&with_signature(&token, &s)), TokenError::Signature);
    }
}

#[test]
fn ecdsa_in_der_is_refused() {
    use aws_lc_rs::digest::{SHA256, SHA384};
    for (signer, algorithm, hash) in [
        (es256(), &ECDSA_P256_SHA256_ASN1_SIGNING, &SHA256),
        (es384(), &ECDSA_P384_SHA384_ASN1_SIGNING, &SHA384),
    ] {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &signer.to_pkcs8()).unwrap();
        let token = token_of(&signer);
        let input = token.rsplit_once('.').unwrap().0.as_bytes();
        let der = pair.sign_digest(&digest::digest(hash, input)).unwrap();
        assert_eq!(der.as_ref()[0], 0x30);
        assert_eq!(refused(&with_signature(&token, der.as_ref())), TokenError::Signature);
    }
}

#[test]
fn ecdsa_over_another_hash_is_refused() {
    let token = token_of(&es384());
    let input = token.rsplit_once('.').unwrap().0.as_bytes();
    let pair = EcdsaKeyPair::from_pkcs8(
        &aws_lc_rs::signature::ECDSA_P384_SHA3_384_FIXED_SIGNING,
        &es384().to_pkcs8(),
    );
    let hash = digest::digest(&digest::SHA3_384, input);
    let signature = pair.unwrap().sign_digest(&hash).unwrap();
    assert_eq!(refused(&with_signature(&token, signature.as_ref())), TokenError::Signature);
}

/// A hub's keys with one under which anybody can sign: what it would take for a small-order key to
/// be asked at all.
struct Careless(TokenKey);

impl KeySet for Careless {
    fn find(&self, _: &str) -> Option<(&TokenKey, KeyState)> {
        Some((&self.0, KeyState::Active))
    }
}

#[test]
fn a_small_order_key_verifies_nothing_even_where_it_was_let_in() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let careless = Careless(TokenKey::unchecked(PublicKey(neutral)));
    // R is the neutral point and S zero: this verifies over anything under such a key.
    let mut forged = [0; 64];
    forged[0] = 1;
    let token = with_signature(&token_of(&signer()), &forged);
    let error =
        open(token.as_bytes(), &careless, &TokenPolicy::JOIN, NOW, &Rules::JOIN).unwrap_err();
    assert_eq!(error, TokenError::Signature);
}
