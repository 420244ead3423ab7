//! Certificates, as they are shown.

use bowline_core::identity::Description;
use serde_json::{Value, json};

use crate::{date, show};

/// Each certificate of a chain below a heading, seen from `now`.
pub(crate) fn chain(chain: &[Description], now: u64) -> String {
    let heading = |at: usize| match chain.len() {
        1 => "certificate".to_owned(),
        of => format!("certificate {} of {of}", at + 1),
    };
    let blocks = chain
        .iter()
        .enumerate()
        .map(|(at, told)| format!("{}\n{}", heading(at), show::pairs(2, &lines(told, now))));
    blocks.collect::<Vec<_>>().join("\n")
}

/// What a certificate says, a line for each part.
fn lines(told: &Description, now: u64) -> Vec<(&'static str, String)> {
    let issuer = match told.issuer == told.subject {
        true => format!("{} (the same name)", told.issuer),
        false => told.issuer.clone(),
    };
    let until = match told.not_after < now {
        true => format!("{}: it has ended", date::seen_from(now, told.not_after)),
        false => date::seen_from(now, told.not_after),
    };
    let from = match told.not_before > now {
        true => format!("{}: it is not valid yet", date::seen_from(now, told.not_before)),
        false => date::seen_from(now, told.not_before),
    };
    vec![
        ("subject", told.subject.clone()),
        ("names", show::list(&told.names)),
        ("issuer", issuer),
        ("serial", told.serial.clone()),
        ("valid from", from),
        ("valid to", until),
        ("key", told.key.clone()),
        ("key usage", show::list(&told.usages)),
        ("meant for", show::list(&told.purposes)),
        ("authority", if told.is_authority { "yes" } else { "no" }.to_owned()),
        ("fingerprint", told.fingerprint.to_string()),
        ("pin", told.pin.to_string()),
    ]
}

/// The same as an object.
pub(crate) fn object(told: &Description) -> Value {
    json!({
        "subject": told.subject,
        "names": told.names,
        "issuer": told.issuer,
        "serial": told.serial,
        "not_before": told.not_before,
        "not_after": told.not_after,
        "key": told.key,
        "key_usage": told.usages,
        "extended_key_usage": told.purposes,
        "authority": told.is_authority,
        "fingerprint": told.fingerprint.to_string(),
        "pin": told.pin.to_string(),
    })
}
