//! The parts of a token, each as far as it can be read, by the core's own rules.

use bowline_core::token::json::{Json, Object};
use bowline_core::token::parts::{self as core, PartError};
use bowline_core::token::{TokenError, TokenHeader, TokenKind, TokenPolicy, faults};

/// A token, taken apart.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) length: usize,
    pub(super) header: Result<Object, PartError>,
    pub(super) claims: Result<Object, PartError>,
    /// Its length.
    pub(super) signature: Result<usize, PartError>,
}

impl Parts {
    /// Takes a token apart.
    ///
    /// # Errors
    /// There are not three parts, or there are too many bytes.
    pub(super) fn of(text: &str) -> Result<Self, TokenError> {
        let parts = core::Parts::of(text.as_bytes())?;
        Ok(Self {
            length: text.len(),
            header: core::object(parts.header),
            claims: core::object(parts.claims),
            signature: core::decode(parts.signature).map(|bytes| bytes.len()),
        })
    }

    /// The token's type.
    pub(super) fn typ(&self) -> Option<&str> {
        self.header.as_ref().ok()?.get("typ").and_then(Json::text)
    }

    /// What this version would refuse of its form, before it looks for the key that signed it.
    /// Whether the signature is good, the token known and its time come is not asked of this
    /// program.
    pub(super) fn refused(&self) -> Vec<String> {
        let mut refused = Vec::new();
        let mut part = |name: &str, wrong: Result<Vec<String>, &PartError>| match wrong {
            Ok(wrong) => refused.extend(wrong.iter().map(|wrong| format!("{name}: {wrong}"))),
            Err(reason) => refused.push(format!("{name}: {reason}")),
        };
        let kind = TokenKind::ALL.iter().copied().find(|kind| Some(kind.typ()) == self.typ());
        part(
            "header",
            self.header.as_ref().map(|header| {
                let wrong = TokenHeader::read(header, &TokenPolicy::ANY).err().unwrap_or_default();
                wrong.iter().map(ToString::to_string).collect()
            }),
        );
        part(
            "claims",
            self.claims
                .as_ref()
                .map(|claims| faults(kind, claims).iter().map(ToString::to_string).collect()),
        );
        part("signature", self.signature.as_ref().map(|_| Vec::new()));
        refused
    }
}
