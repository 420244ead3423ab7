//! The edges of a token's life, to the second.

use super::*;
use crate::code::Code;

fn at(now: u64) -> Result<(), TokenError> {
    verify_join(join_token().as_bytes(), &keys(), HUB, now, &Rules::JOIN).map(drop)
}

#[test]
fn a_token_is_taken_from_skew_before_iat() {
    let (from, skew) = (NOW, 60);
    assert_eq!(at(NOW - 60), Ok(()));
    let now = NOW - 61;
    let early = TokenError::NotYetValid { from, now, skew };
    assert_eq!(early.code(), Code::NotYetValid);
    assert_eq!(at(now), Err(early));
    assert_eq!(at(0), Err(TokenError::NotYetValid { from, now: 0, skew }));
}

#[test]
fn a_token_is_taken_until_skew_after_exp() {
    let (exp, skew) = (NOW + 3600, 60);
    assert_eq!(at(exp + 59), Ok(()));
    let now = exp + 60;
    let late = TokenError::Expired { exp, now, skew };
    assert_eq!(late.code(), Code::Expired);
    assert_eq!(at(now), Err(late));
    assert_eq!(at(u64::MAX), Err(TokenError::Expired { exp, now: u64::MAX, skew }));
}

#[test]
fn without_skew_the_edges_are_iat_and_exp_themselves() {
    let rules = Rules::JOIN.with_skew(0);
    let at = |now| verify_join(join_token().as_bytes(), &keys(), HUB, now, &rules).is_ok();
    assert!(!at(NOW - 1) && at(NOW) && at(NOW + 3599) && !at(NOW + 3600));
}

#[test]
fn a_skew_beyond_every_clock_overflows_nothing() {
    let rules = Rules::JOIN.with_skew(u64::MAX);
    for now in [0, NOW, u64::MAX - 1] {
        assert!(verify_join(join_token().as_bytes(), &keys(), HUB, now, &rules).is_ok());
    }
}

#[test]
fn nbf_holds_a_token_back_where_it_is_later_than_iat() {
    let with = |nbf: &str| with_claim_edit("\"jti\"", &format!("\"nbf\":{nbf},\"jti\""));
    let at = |nbf: u64, now| {
        let token = with(&nbf.to_string());
        verify_join(token.as_bytes(), &keys(), HUB, now, &Rules::JOIN).map(drop)
    };
    assert_eq!(at(NOW + 100, NOW + 40), Ok(()));
    let (from, now, skew) = (NOW + 100, NOW + 39, 60);
    assert_eq!(at(from, now), Err(TokenError::NotYetValid { from, now, skew }));
    assert_eq!(at(0, NOW - 60), Ok(()));
    let iat = TokenError::NotYetValid { from: NOW, now: NOW - 61, skew };
    assert_eq!(at(0, NOW - 61), Err(iat));
    assert_eq!(refused(&with("\"soon\"")), fault("nbf", Wrong::NoDate));
}

#[test]
fn a_life_is_from_a_minute_to_a_week_and_ends_after_it_starts() {
    let lives = |life: u64| {
        let exp = format!("\"exp\":{}", NOW + life);
        verified(with_claim_edit(&format!("\"exp\":{}", NOW + 3600), &exp).as_bytes()).map(drop)
    };
    let wrong = |life| fault("exp", Wrong::Life { life, from: 60, to: 604_800 });
    assert_eq!(lives(60), Ok(()));
    assert_eq!(lives(59), Err(wrong(59)));
    assert_eq!(lives(604_800), Ok(()));
    assert_eq!(lives(604_801), Err(wrong(604_801)));
    assert_eq!(lives(0), Err(fault("exp", Wrong::NotAfterIat)));
    let before = with_claim_edit(&format!("\"exp\":{}", NOW + 3600), "\"exp\":1");
    assert_eq!(refused(&before), fault("exp", Wrong::NotAfterIat));
}

#[test]
fn a_hub_may_allow_shorter_lives_only() {
    let rules = Rules::JOIN.with_longest(3599);
    let error = verify_join(join_token().as_bytes(), &keys(), HUB, NOW, &rules).unwrap_err();
    assert_eq!(error, fault("exp", Wrong::Life { life: 3600, from: 60, to: 3599 }));
}

#[test]
fn claims_are_judged_before_times_and_the_hub_before_both_times() {
    let late = NOW + 100_000;
    let elsewhere = issue_join(&signer(), &JoinClaims { hub: OTHER_HUB, ..join_claims() }).unwrap();
    let error = verify_join(elsewhere.as_bytes(), &keys(), HUB, late, &Rules::JOIN).unwrap_err();
    assert_eq!(error, TokenError::OtherHub(OTHER_HUB));
    let forged = with_signature(&join_token(), &[7; 64]);
    let error = verify_join(forged.as_bytes(), &keys(), HUB, late, &Rules::JOIN).unwrap_err();
    assert_eq!(error, TokenError::Signature);
}
