//! The core's tokens for programs of others: one command a line, as JSON on standard input, and one
//! answer a line (`tests/interop/test_tokens.py`).
//!
//! ```text
//! {"do":"keys","pkcs8":P}                                     {"jwks":SET}
//! {"do":"issue","pkcs8":P,"claims":{…}}                       {"token":T}
//! {"do":"verify","typ":TYP,"jwks":SET,"hub":H,"now":N,"token":T}
//!                                                             {"kid":K,"claims":{…}}
//! ```
//!
//! P is PKCS#8 in base64. Claims are named as in `spec/tokens.md`, and those that a token lacks are
//! null or empty here. What is refused is answered with `{"refused":WHY,"code":CODE}`.

use std::error::Error;
use std::io::{BufRead, Write};

use bowline_core::capability::Capabilities;
use bowline_core::code::TABLE;
use bowline_core::id::HubId;
use bowline_core::token::{
    JoinClaims, PassClaims, Rules, TokenError, TokenKeys, TokenSigner, Verified, issue_join,
    issue_pass, verify_join, verify_pass,
};
use data_encoding::BASE64;
use serde_json::{Value, json};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&command)?)?;
    }
    Ok(())
}

fn answer(command: &Value) -> Result<Value, Failure> {
    match text(command, "do")? {
        "keys" => {
            let mut keys = TokenKeys::new();
            keys.insert(signer(command)?.key().clone(), bowline_core::token::KeyState::Active);
            Ok(json!({ "jwks": serde_json::from_str::<Value>(&keys.to_jwks())? }))
        }
        "issue" => {
            let (signer, claims) = (signer(command)?, &command["claims"]);
            let token = match claims.get("cnf") {
                None => issue_join(&signer, &join_claims(claims)?)?,
                Some(_) => issue_pass(&signer, &pass_claims(claims)?)?,
            };
            Ok(json!({ "token": token }))
        }
        "verify" => verify(command),
        other => Err(format!("{other}: keys, issue or verify was expected").into()),
    }
}

fn verify(command: &Value) -> Result<Value, Failure> {
    let keys = TokenKeys::from_jwks(command["jwks"].to_string().as_bytes())?;
    let token = text(command, "token")?.as_bytes();
    let hub: HubId = text(command, "hub")?.parse()?;
    let now = number(command, "now")?;
    Ok(match text(command, "typ")? {
        "join+jwt" => told(verify_join(token, &keys, hub, now, &Rules::JOIN), join_json),
        "pass+jwt" => told(verify_pass(token, &keys, hub, now, &Rules::PASS), pass_json),
        other => return Err(format!("{other}: no such type").into()),
    })
}

fn told<C>(verified: Result<Verified<C>, TokenError>, json: fn(&C) -> Value) -> Value {
    match verified {
        Ok(verified) => {
            json!({ "kid": verified.kid.to_string(), "claims": json(&verified.claims) })
        }
        Err(error) => {
            let code = TABLE.iter().find(|row| row.code == error.code()).map(|row| row.name);
            json!({ "refused": error.to_string(), "code": code })
        }
    }
}

fn join_claims(claims: &Value) -> Result<JoinClaims, Failure> {
    let caps = match &claims["caps"] {
        Value::Null => None,
        _ => Some(capabilities(claims)?),
    };
    let id = claims["id"].as_str().map(str::parse).transpose()?;
    let labels = claims["labels"].as_object().into_iter().flatten();
    Ok(JoinClaims {
        hub: text(claims, "iss")?.parse()?,
        sub: text(claims, "sub")?.to_owned(),
        iat: number(claims, "iat")?,
        exp: number(claims, "exp")?,
        jti: text(claims, "jti")?.parse()?,
        role: text(claims, "role")?.parse()?,
        uses: u32::try_from(claims["max_uses"].as_u64().unwrap_or(1))?.try_into()?,
        pins: each(claims, "pins").map(str::parse).collect::<Result<_, _>>()?,
        urls: each(claims, "urls").map(str::to_owned).collect(),
        caps,
        rooms: each(claims, "rooms").map(str::parse).collect::<Result<_, _>>()?,
        labels: labels
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        id,
    })
}

fn pass_claims(claims: &Value) -> Result<PassClaims, Failure> {
    Ok(PassClaims {
        iss: text(claims, "iss")?.to_owned(),
        hub: text(claims, "aud")?.parse()?,
        peer: text(claims, "sub")?.parse()?,
        iat: number(claims, "iat")?,
        exp: number(claims, "exp")?,
        jti: text(claims, "jti")?.parse()?,
        room: text(claims, "room")?.parse()?,
        caps: capabilities(claims)?,
        key: text(&claims["cnf"], "jkt")?.parse()?,
    })
}

fn join_json(claims: &JoinClaims) -> Value {
    json!({
        "iss": claims.hub.to_string(),
        "sub": claims.sub,
        "iat": claims.iat,
        "exp": claims.exp,
        "jti": claims.jti.to_string(),
        "role": claims.role.to_string(),
        "max_uses": claims.uses.get(),
        "pins": claims.pins.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "urls": claims.urls,
        "caps": claims.caps.as_ref().map(names),
        "rooms": claims.rooms.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "labels": claims.labels,
        "id": claims.id.map(|id| id.to_string()),
    })
}

fn pass_json(claims: &PassClaims) -> Value {
    json!({
        "iss": claims.iss,
        "aud": claims.hub.to_string(),
        "sub": claims.peer.to_string(),
        "iat": claims.iat,
        "exp": claims.exp,
        "jti": claims.jti.to_string(),
        "room": claims.room.to_string(),
        "caps": names(&claims.caps),
        "cnf": { "jkt": claims.key.to_string() },
    })
}

fn names(caps: &Capabilities) -> Vec<String> {
    caps.iter().map(|cap| cap.to_string()).collect()
}

fn capabilities(claims: &Value) -> Result<Capabilities, Failure> {
    let caps = each(claims, "caps").map(|cap| cap.parse().map_err(Failure::from));
    caps.collect()
}

fn signer(command: &Value) -> Result<TokenSigner, Failure> {
    Ok(TokenSigner::from_pkcs8(&BASE64.decode(text(command, "pkcs8")?.as_bytes())?)?)
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, Failure> {
    value[name].as_str().ok_or_else(|| format!("{name} is no text").into())
}

fn number(value: &Value, name: &str) -> Result<u64, Failure> {
    value[name].as_u64().ok_or_else(|| format!("{name} is no whole number").into())
}

fn each<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str)
}
