//! Refresh, Refreshed: new credentials within a session.

use core::fmt;

use zeroize::Zeroizing;

use crate::wire::frame::Issued;
use crate::wire::frame::proved::{Proof, Signature, proved};
use crate::wire::frame::table::*;

proved! {
    /// A refresh token, with the peer's signature.
    pub struct Refresh<'a> over RefreshBody in Zeroizing<Vec<u8>> {
        /// Signature of the peer's key over `"bowline/1 refresh" ‖ T ‖ SHA-256(body)`.
        proof: &'a [u8; 64] as Signature,
    }
}

record! {
    /// What Refresh's proof covers.
    #[derive(Clone, PartialEq, Eq)]
    pub struct RefreshBody named "refresh-body" {
        /// Refresh token that the peer holds.
        0 required "refresh token" refresh: Zeroizing<[u8; 32]>,
    }
}

/// New credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed(pub Issued);

impl<'a> Record<'a> for Refreshed {
    const FIELDS: &'static [FieldSchema] = Issued::FIELDS;
    const RULE: Option<&'static str> = Issued::RULE;

    fn read_keys(map: &mut Map<'_, 'a>) -> Result<Self, WireError> {
        Issued::read_keys(map).map(Self)
    }

    fn write_map<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        self.0.write_map(writer);
    }
}

impl fmt::Debug for RefreshBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshBody(..)")
    }
}
