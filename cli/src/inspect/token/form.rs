//! What this version would refuse of a token before it looks for the key that signed it.
//!
//! Each check is one of the rules that tokens of this protocol are held to; whether the signature is
//! good, the token known and its time come is asked elsewhere, and not of this program.

use bowline_core::id::HubId;

use super::json::{Json, Object, get};

/// Signature algorithms that a hub can be told to take; EdDSA by default.
const ALGORITHMS: &[&str] = &["EdDSA", "ES256", "ES384"];

/// Names of a header that bring a key along, or ask for more than is done.
const FORBIDDEN: &[&str] = &["crit", "jwk", "jku", "x5u", "x5c"];

/// The kinds of tokens.
const TYPES: &[&str] = &["join+jwt", "pass+jwt"];

/// A join token lives from a minute to a week.
const LIFE: std::ops::RangeInclusive<u64> = 60..=7 * 24 * 60 * 60;

/// What is wrong with a header.
pub(super) fn header(header: &Object) -> Vec<String> {
    let mut wrong = Vec::new();
    match get(header, "alg") {
        None => wrong.push("alg is missing".to_owned()),
        Some(Json::Text(alg)) if ALGORITHMS.contains(&alg.as_str()) => {}
        Some(Json::Text(alg)) if alg.eq_ignore_ascii_case("none") => {
            wrong.push("alg: 'none' is no signature, and never accepted".to_owned());
        }
        Some(Json::Text(alg)) if alg.starts_with("HS") => wrong.push(format!(
            "alg: {alg:?} is signed with a secret that whoever checks it could sign with too; \
             never accepted"
        )),
        Some(Json::Text(alg)) => {
            wrong.push(format!("alg: expected {}, not {alg:?}", ALGORITHMS.join(", ")));
        }
        Some(_) => wrong.push("alg is no text".to_owned()),
    }
    match get(header, "kid") {
        None => wrong.push("kid is missing: it names the key that signed".to_owned()),
        Some(Json::Text(kid)) if !kid.is_empty() => {}
        Some(_) => wrong.push("kid is no text, or empty".to_owned()),
    }
    match get(header, "typ") {
        None => wrong.push(format!("typ is missing: expected {}", TYPES.join(" or "))),
        Some(Json::Text(typ)) if TYPES.contains(&typ.as_str()) => {}
        Some(typ) => {
            let typ = serde_json::Value::from(typ);
            wrong.push(format!("typ: expected {}, not {typ}", TYPES.join(" or ")));
        }
    }
    for name in FORBIDDEN.iter().filter(|name| get(header, name).is_some()) {
        wrong.push(format!("{name} may not stand in a header"));
    }
    wrong
}

/// What is wrong with the claims of a token of this type.
pub(super) fn claims(claims: &Object, typ: Option<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut names = vec!["iss", "aud", "sub", "jti"];
    let mut more: &[&str] = &[];
    match typ {
        Some("join+jwt") => names.push("role"),
        Some("pass+jwt") => {
            names.push("room");
            more = &["caps", "cnf"];
        }
        _ => {}
    }
    for name in names {
        match get(claims, name) {
            None => wrong.push(format!("{name} is missing")),
            Some(Json::Text(text)) if !text.is_empty() => {}
            Some(_) => wrong.push(format!("{name} is no text, or empty")),
        }
    }
    for name in more.iter().filter(|name| get(claims, name).is_none()) {
        wrong.push(format!("{name} is missing"));
    }
    if typ == Some("join+jwt") {
        wrong.extend(hub(claims));
    }
    wrong.extend(times(claims));
    wrong
}

/// A join token comes from the hub that it is for.
fn hub(claims: &Object) -> Option<String> {
    let text = |name| get(claims, name).and_then(Json::text);
    let (iss, aud) = (text("iss")?, text("aud")?);
    if iss.parse::<HubId>().is_err() {
        return Some(format!("iss: {iss:?} is no hub id"));
    }
    (iss != aud).then(|| "aud is not iss: a join token is for the hub that made it".to_owned())
}

fn times(claims: &Object) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in ["iat", "exp"] {
        match get(claims, name) {
            None => wrong.push(format!("{name} is missing")),
            Some(value) if value.unix().is_none() => {
                wrong.push(format!("{name} is no whole number of seconds after 1970"));
            }
            Some(_) => {}
        }
    }
    if get(claims, "nbf").is_some_and(|value| value.unix().is_none()) {
        wrong.push("nbf is no whole number of seconds after 1970".to_owned());
    }
    let unix = |name| get(claims, name).and_then(Json::unix);
    if let (Some(iat), Some(exp)) = (unix("iat"), unix("exp")) {
        match exp.checked_sub(iat) {
            None | Some(0) => wrong.push("exp is not after iat".to_owned()),
            Some(life) if !LIFE.contains(&life) => {
                wrong.push(format!("it lives {life} s: from {} to {}", LIFE.start(), LIFE.end()));
            }
            Some(_) => {}
        }
    }
    wrong
}
