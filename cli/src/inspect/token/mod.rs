//! Tokens: a compact JWS (RFC 7515), taken apart and not believed.
//!
//! The signature is not checked, and never shown. What is shown is what anyone may have written.

mod parts;

use bowline_core::token::json::{Json, Object};
use bowline_core::token::parts::PartError;
use bowline_core::token::unwrapped;
use serde_json::{Value, json};

use crate::args::Given;
use crate::exit::{self, Failure};
use crate::inspect::{input, not_a};
use crate::{date, output, show};

use parts::Parts;

/// What stands above everything that is shown.
const WARNING: &str = "NOT VERIFIED: the signature was not checked; anyone can have written this";

pub(super) fn token(given: &Given) -> Result<u8, Failure> {
    let bytes = given.value.as_encoded_bytes();
    if bytes != b"-" && !bytes.starts_with(b"@") {
        output::say(format_args!(
            "warning: a token that is typed is kept by the shell and seen by other users \
             of this machine; give @FILE, or - for standard input"
        ));
    }
    let parts = input::read_text(&given.value)?.and_then(|text| {
        let token = unwrapped(&text).map_err(|error| error.to_string())?;
        Parts::of(&token).map_err(|error| error.to_string())
    });
    let parts = match parts {
        Ok(parts) => parts,
        Err(reason) => return not_a("token", &reason, given.json),
    };
    let refused = parts.refused();
    if given.json {
        output::line(object(&parts, &refused))?;
    } else {
        output::line(text(&parts, &refused, date::now()))?;
    }
    Ok(if refused.is_empty() { exit::DONE } else { exit::FAILURES })
}

fn text(parts: &Parts, refused: &[String], now: u64) -> String {
    let typ = parts.typ().unwrap_or("of no known type");
    let mut lines = vec![format!("token {typ:?}, {} bytes", parts.length), WARNING.to_owned()];
    for (name, part) in [("header", &parts.header), ("claims", &parts.claims)] {
        lines.push(name.to_owned());
        match part {
            Ok(object) => lines.push(show::pairs(2, &members(object, now))),
            Err(reason) => lines.push(format!("  unreadable: {reason}")),
        }
    }
    let signature = parts.signature.as_ref();
    lines.push(match signature {
        Ok(length) => format!("signature\n  {length} bytes, not shown"),
        Err(reason) => format!("signature\n  unreadable: {reason}"),
    });
    lines.push("form".to_owned());
    if refused.is_empty() {
        lines.push("  nothing in it that this version would refuse".to_owned());
    }
    lines.extend(refused.iter().map(|reason| format!("  would be refused: {reason}")));
    lines.join("\n")
}

/// Each member with its value, dates as dates.
fn members(object: &Object, now: u64) -> Vec<(String, String)> {
    let member = |(name, value): (&str, &Json)| {
        let is_date = matches!(name, "iat" | "exp" | "nbf");
        let shown = match value.unix().filter(|_| is_date) {
            Some(unix) => format!("{unix} = {}", date::seen_from(now, unix)),
            None => show::printable(&value.to_string()).into_owned(),
        };
        (name.escape_debug().to_string(), shown)
    };
    object.iter().map(member).collect()
}

fn object(parts: &Parts, refused: &[String]) -> Value {
    let part = |part: &Result<Object, PartError>| part.as_ref().map_or(Value::Null, of_object);
    json!({
        "token": parts.typ(),
        "verified": false,
        "bytes": parts.length,
        "header": part(&parts.header),
        "claims": part(&parts.claims),
        "signature_bytes": parts.signature.as_ref().ok(),
        "refused": refused,
    })
}

fn of_object(object: &Object) -> Value {
    object.iter().map(|(name, value)| (name.to_owned(), of_json(value))).collect()
}

fn of_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Boolean(value) => (*value).into(),
        Json::Whole(number) => (*number).into(),
        Json::Negative(number) => (*number).into(),
        Json::Float(number) => (*number).into(),
        Json::Text(text) => text.as_str().into(),
        Json::List(items) => items.iter().map(of_json).collect(),
        Json::Object(object) => of_object(object),
    }
}

#[cfg(test)]
mod tests;
