//! What a pass says, and the bounds of each claim.

use super::*;

fn verified(token: &str) -> Result<PassClaims, TokenError> {
    verify_pass(token.as_bytes(), &keys(), HUB, NOW, &Rules::PASS).map(|verified| verified.claims)
}

/// A pass with `to` in place of `from` in its claims.
fn edited(from: &str, to: &str) -> Result<PassClaims, TokenError> {
    let token = issue_pass(&signer(), &pass_claims()).unwrap();
    let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims = String::from_utf8(claims).unwrap();
    assert!(claims.contains(from), "{claims} has no {from}");
    let header = header(&signer()).replace("join+jwt", "pass+jwt");
    verified(&signed(&signer(), &header, &claims.replacen(from, to, 1)))
}

#[test]
fn what_was_issued_is_what_is_verified_for_each_algorithm() {
    for signer in signers() {
        let token = issue_pass(&signer, &pass_claims()).unwrap();
        let verified = verify_pass(token.as_bytes(), &keys(), HUB, NOW, &Rules::PASS).unwrap();
        assert_eq!((verified.kid, verified.claims), (signer.key().id(), pass_claims()));
    }
}

#[test]
fn a_pass_names_the_key_that_may_use_it_and_nothing_beside() {
    let key = KeyId::of(&PublicKey([5; 32])).to_string();
    let wrong = Wrong::No("an object of one member, jkt: a key's thumbprint");
    let cnf = format!("{{\"jkt\":\"{key}\"}}");
    for bad in [
        "{}".to_owned(),
        "null".to_owned(),
        format!("\"{key}\""),
        format!("{{\"jkt\":\"{key}\",\"kid\":\"a\"}}"),
        format!("{{\"kid\":\"{key}\"}}"),
        format!("{{\"jkt\":\"{key}=\"}}"),
        "{\"jkt\":null}".to_owned(),
        format!("{{\"jwk\":{}}}", signer().key().to_jwk()),
    ] {
        assert_eq!(edited(&cnf, &bad), Err(fault("cnf", wrong.clone())), "{bad}");
    }
}

#[test]
fn each_claim_is_held_to_its_own_rule() {
    let caps = || Wrong::NoList { most: CAPS, of: "capabilities" };
    let other = OTHER_HUB.to_string();
    for (from, to, claim, wrong) in [
        ("\"lobby\"", "\"Lobby\"", "room", Wrong::No("the name of a room")),
        ("\"lobby\"", "[\"lobby\"]", "room", Wrong::NoText),
        ("\"web-1\"", "\"all\"", "sub", Wrong::No("a peer id")),
        ("\"serve\"", "\"fly\"", "caps", caps()),
        ("\"serve\"", "\"call\"", "caps", caps()),
        ("https://issuer.example", r"a\tb", "iss", Wrong::Text { most: 255 }),
        ("\"https://issuer.example\"", "\"\"", "iss", Wrong::NoText),
    ] {
        assert_eq!(edited(from, to), Err(fault(claim, wrong)), "{to}");
    }
    assert_eq!(edited(&HUB.to_string(), &other), Err(TokenError::OtherHub(OTHER_HUB)));
    assert_eq!(edited(&HUB.to_string(), "me"), Err(fault("aud", Wrong::No("a hub id"))));
    for claim in ["room", "caps", "cnf", "iss", "aud", "sub", "iat", "exp", "jti"] {
        let renamed = edited(&format!("\"{claim}\":"), "\"x\":");
        assert_eq!(renamed, Err(fault(claim, Wrong::Missing)));
    }
}

#[test]
fn a_pass_lives_a_day_at_most() {
    let issue = |exp| issue_pass(&signer(), &PassClaims { exp, ..pass_claims() });
    assert!(issue(NOW + 1).is_ok() && issue(NOW + 86_400).is_ok());
    let wrong = Wrong::Life { life: 86_401, from: 1, to: 86_400 };
    let faults = vec![ClaimFault { claim: "exp", wrong }];
    assert_eq!(issue(NOW + 86_401), Err(IssueError::Claims(faults)));
}

#[test]
fn the_edges_of_its_time_are_those_of_a_join_token() {
    let token = issue_pass(&signer(), &pass_claims()).unwrap();
    let at = |now| verify_pass(token.as_bytes(), &keys(), HUB, now, &Rules::PASS).is_ok();
    assert!(!at(NOW - 61) && at(NOW - 60) && at(NOW + 3659) && !at(NOW + 3660));
}
