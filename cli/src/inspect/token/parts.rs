//! The three parts of a compact JWS (RFC 7515 §7.1).

use data_encoding::BASE64URL_NOPAD;

use super::form;
use super::json::{self, Json, Object, get};

/// The longest token, in bytes.
pub(super) const MOST: usize = 4 << 10;

/// A token, taken apart; each part as far as it can be read.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) length: usize,
    pub(super) header: Result<Object, String>,
    pub(super) claims: Result<Object, String>,
    /// Its length.
    pub(super) signature: Result<usize, String>,
}

impl Parts {
    /// Takes a token apart.
    ///
    /// # Errors
    /// There are not three parts, or more bytes than [`MOST`].
    pub(super) fn of(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        if text.len() > MOST {
            return Err(format!("{} bytes: a token has at most {MOST}", text.len()));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            let what = if parts.len() == 5 { ", as an encrypted token has" } else { "" };
            return Err(format!("three parts with a dot between; these are {}{what}", parts.len()));
        };
        Ok(Self {
            length: text.len(),
            header: decode(header).and_then(|bytes| json::object(&bytes)),
            claims: decode(claims).and_then(|bytes| json::object(&bytes)),
            signature: decode(signature).map(|bytes| bytes.len()),
        })
    }

    /// The token's type.
    pub(super) fn typ(&self) -> Option<&str> {
        get(self.header.as_ref().ok()?, "typ").and_then(Json::text)
    }

    /// What this version would refuse of its form.
    pub(super) fn refused(&self) -> Vec<String> {
        let mut refused = Vec::new();
        let mut part = |name: &str, wrong: Result<Vec<String>, &String>| match wrong {
            Ok(wrong) => refused.extend(wrong.iter().map(|wrong| format!("{name}: {wrong}"))),
            Err(reason) => refused.push(format!("{name}: {reason}")),
        };
        part("header", self.header.as_ref().map(form::header));
        part("claims", self.claims.as_ref().map(|claims| form::claims(claims, self.typ())));
        part(
            "signature",
            self.signature.as_ref().map(|length| match length {
                0 => vec!["it is empty".to_owned()],
                _ => Vec::new(),
            }),
        );
        refused
    }
}

/// Strict unpadded URL-safe base64.
fn decode(part: &str) -> Result<Vec<u8>, String> {
    if part.ends_with('=') {
        return Err("padded with '=': a token has no padding".to_owned());
    }
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if let Some((at, c)) = part.chars().enumerate().find(|(_, c)| !is_known(*c)) {
        return Err(format!("character {} is not of URL-safe base64: {c:?}", at + 1));
    }
    if part.len() % 4 == 1 {
        return Err(format!("{} characters of base64 are no whole bytes", part.len()));
    }
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| "the last character of the base64 has stray bits".to_owned())
}
