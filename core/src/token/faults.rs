//! What is wrong with claims that nobody vouches for: for a tool that shows them.

use super::claims::{ClaimFault, Reader, text};
use super::header::Kind;
use super::join::JoinClaims;
use super::json::Object;
use super::pass::PassClaims;
use super::times::{Rules, Times};
use super::verify::Claims;

/// Everything that is wrong with the form of claims: whether they are such a token's is not asked of
/// a key, a clock or a ledger. Of a token of no known kind, what every kind has is looked at.
#[must_use]
pub fn faults(kind: Option<Kind>, claims: &Object) -> Vec<ClaimFault> {
    let read = match kind {
        Some(Kind::Join) => JoinClaims::read(claims, &Rules::JOIN).map(drop),
        Some(Kind::Pass) => PassClaims::read(claims, &Rules::PASS).map(drop),
        None => {
            let mut reader = Reader::new(claims);
            for claim in ["iss", "aud", "sub"] {
                reader.required(claim, text);
            }
            reader.jti();
            let times = Times::read(&mut reader, &Rules::JOIN);
            reader.finish(times).map(drop)
        }
    };
    read.err().unwrap_or_default()
}
