//! Pins, fingerprints and hub ids: which it is, and every spelling of it.

use bowline_core::id::{HubId, Pin};
use bowline_core::identity::Fingerprint;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;

use crate::args::Given;
use crate::exit::{self, Failure};
use crate::inspect::{input, not_a};
use crate::{output, show};

pub(super) fn pin(given: &Given) -> Result<u8, Failure> {
    let read = input::read_text(&given.value)?.and_then(|text| read(&text));
    let value = match read {
        Ok(value) => value,
        Err(reason) => return not_a("pin", &reason, given.json),
    };
    let spellings = value.spellings();
    if given.json {
        let spellings: serde_json::Map<_, _> =
            spellings.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
        output::line(json!({"pin": value.kind(), "spellings": spellings}))?;
    } else {
        let mut lines =
            vec![("kind", value.kind().to_owned()), ("means", value.meaning().to_owned())];
        lines.extend(spellings);
        output::line(show::pairs(0, &lines))?;
    }
    Ok(exit::DONE)
}

/// What a peer can be told to check a hub by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Key(Pin),
    Certificate(Fingerprint),
    Hub(HubId),
}

impl Value {
    fn kind(self) -> &'static str {
        match self {
            Self::Key(_) => "pin",
            Self::Certificate(_) => "fingerprint",
            Self::Hub(_) => "hub id",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Key(_) => "SHA-256 of a TLS key; it stays when the certificate is renewed",
            Self::Certificate(_) => "SHA-256 of one certificate; it changes when that is renewed",
            Self::Hub(_) => "the start of the SHA-256 of a hub's identity key; it always stays",
        }
    }

    fn spellings(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Key(pin) => vec![
                ("text", pin.to_string()),
                ("curl", format!("sha256//{}", BASE64.encode(&pin.0))),
                ("hex", HEXLOWER.encode(&pin.0)),
            ],
            Self::Certificate(fingerprint) => vec![
                ("text", fingerprint.to_string()),
                ("openssl", format!("sha256 Fingerprint={fingerprint}")),
                ("hex", HEXLOWER.encode(&fingerprint.0)),
            ],
            Self::Hub(id) => vec![("text", id.to_string()), ("hex", HEXLOWER.encode(&id.0))],
        }
    }
}

/// Reads any of the three, or says what keeps it from being one.
fn read(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Ok(pin) = text.parse() {
        return Ok(Value::Key(pin));
    }
    if let Ok(id) = text.parse() {
        return Ok(Value::Hub(id));
    }
    if let Ok(fingerprint) = text.parse() {
        return Ok(Value::Certificate(fingerprint));
    }
    Err(why(text))
}

fn why(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if let Some(rest) = text.strip_prefix("sha256/") {
        return why_no_pin(rest);
    }
    if lower.starts_with("sha256/") {
        return "'sha256/' is written in lower case".to_owned();
    }
    if let Some(rest) = text.strip_prefix("hub_") {
        return why_no_hub(rest);
    }
    if lower.starts_with("hub_") {
        return "a hub id is written in lower case".to_owned();
    }
    if let Some((_, print)) = text.split_once("Fingerprint=") {
        return format!("leave out what stands before {print}");
    }
    if text.contains(':') {
        return why_no_fingerprint(text);
    }
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "64 digits of hexadecimal do not say whether they are of a key or of a certificate: \
                write a certificate's with colons between the bytes, and a key's as 'sha256/' and \
                base64"
            .to_owned();
    }
    if text.len() == 44 && BASE64.decode(text.as_bytes()).is_ok() {
        return "'sha256/' is missing in front of it".to_owned();
    }
    "expected 'sha256/…', a certificate's fingerprint 'AB:CD:…', or 'hub_…'".to_owned()
}

fn why_no_pin(rest: &str) -> String {
    if rest.is_empty() {
        return "nothing follows 'sha256/'".to_owned();
    }
    if rest.starts_with('/') && rest.len() == 45 {
        return "one slash follows 'sha256', not two".to_owned();
    }
    if rest.contains(['-', '_']) {
        return "it is in the URL-safe alphabet: write '+' for '-', and '/' for '_'".to_owned();
    }
    let signs = rest.trim_end_matches('=');
    if let Some(wrong) = stranger(signs, |c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')) {
        return wrong;
    }
    match (signs.len(), rest.len() - signs.len()) {
        (43, 1) => "its last character has stray bits".to_owned(),
        (43, padding) => format!("its padding is wrong: one '=' ends it, not {padding}"),
        (length, _) => format!("43 characters and '=' follow 'sha256/'; these are {length}"),
    }
}

fn why_no_hub(rest: &str) -> String {
    if rest.is_empty() {
        return "nothing follows 'hub_'".to_owned();
    }
    if rest.contains(|c: char| c.is_ascii_uppercase()) {
        return "a hub id is written in lower case".to_owned();
    }
    if let Some(wrong) = stranger(rest, |c| matches!(c, 'a'..='z' | '2'..='7')) {
        return format!("{wrong}; a hub id is of a-z and 2-7");
    }
    match rest.len() {
        26 => "its last character has stray bits".to_owned(),
        length => format!("26 characters follow 'hub_'; these are {length}"),
    }
}

fn why_no_fingerprint(text: &str) -> String {
    let pairs: Vec<&str> = text.split(':').collect();
    for (at, pair) in pairs.iter().enumerate() {
        if pair.len() != 2 || !pair.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let at = at + 1;
            return format!("part {at} of the fingerprint is not two digits of hexadecimal");
        }
    }
    format!("a fingerprint has 32 bytes; these are {}", pairs.len())
}

/// The first character that does not belong.
fn stranger(text: &str, belongs: impl Fn(char) -> bool) -> Option<String> {
    let (at, c) = text.chars().enumerate().find(|(_, c)| !belongs(*c))?;
    Some(format!("character {} behind the prefix does not belong: {c:?}", at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn each_kind_is_told_from_the_others_and_shown_in_every_spelling() {
        let value = read(PIN).unwrap();
        assert_eq!(value.kind(), "pin");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(value.spellings()[2], ("hex", hex.to_owned()));
        assert_eq!(value.spellings()[1].1, PIN.replace("sha256/", "sha256//"));

        let fingerprint = Fingerprint([0xAB; 32]).to_string();
        let value = read(&fingerprint.to_lowercase()).unwrap();
        assert_eq!((value.kind(), &value.spellings()[0].1), ("fingerprint", &fingerprint));

        let value = read("hub_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap();
        assert_eq!(value, Value::Hub(HubId([0; 16])));
        assert_eq!(value.spellings()[1].1, "0".repeat(32));
    }

    #[test]
    fn what_is_wrong_is_told_exactly() {
        let base64 = PIN.strip_prefix("sha256/").unwrap();
        let fingerprint = Fingerprint([0xAB; 32]).to_string();
        for (text, reason) in [
            ("", "it is empty"),
            ("sha256/", "nothing follows 'sha256/'"),
            (&PIN.replace("sha256", "SHA256"), "'sha256/' is written in lower case"),
            (&PIN.replace("sha256/", "sha256//"), "one slash follows 'sha256', not two"),
            (PIN.trim_end_matches('='), "its padding is wrong: one '=' ends it, not 0"),
            (&format!("{PIN}="), "its padding is wrong: one '=' ends it, not 2"),
            (
                &PIN.replace("Sa+/", "Sa-_"),
                "it is in the URL-safe alphabet: write '+' for '-', and '/' for '_'",
            ),
            (&PIN.replace("Sa+/", "Sa!/"), "character 13 behind the prefix does not belong: '!'"),
            (&PIN.replace("uFU=", "uFV="), "its last character has stray bits"),
            ("sha256/AAAA", "43 characters and '=' follow 'sha256/'; these are 4"),
            (base64, "'sha256/' is missing in front of it"),
            ("hub_", "nothing follows 'hub_'"),
            ("HUB_A", "a hub id is written in lower case"),
            ("hub_aaaaaaaaaaaaaaaaaaaaaaaaaA", "a hub id is written in lower case"),
            ("hub_aaaaaaaaaaaaaaaaaaaaaaaaa", "26 characters follow 'hub_'; these are 25"),
            ("hub_aaaaaaaaaaaaaaaaaaaaaaaaab", "its last character has stray bits"),
            (
                "hub_a1",
                "character 2 behind the prefix does not belong: '1'; a hub id is of a-z and 2-7",
            ),
            (&fingerprint[3..], "a fingerprint has 32 bytes; these are 31"),
            ("AB:C:DE", "part 2 of the fingerprint is not two digits of hexadecimal"),
            ("nonsense", "expected 'sha256/…', a certificate's fingerprint 'AB:CD:…', or 'hub_…'"),
        ] {
            assert_eq!(read(text), Err(reason.to_owned()), "{text:?}");
        }
        let bare = fingerprint.replace(':', "");
        assert!(read(&bare).unwrap_err().starts_with("64 digits of hexadecimal do not say"));
    }
}
