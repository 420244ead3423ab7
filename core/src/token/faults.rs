//! What is wrong with claims that nobody vouches for: for a tool that shows them.

use super::claims::{ClaimFault, ClaimsReader, text};
use super::header::TokenKind;
use super::join::JoinClaims;
use super::json::Object;
use super::pass::PassClaims;
use super::times::{Rules, Times};
use super::verify::Claims;

/// Everything that is wrong with the form of claims: whether they are such a token's is not asked
/// of a key, a clock or a ledger. Of a token of no known kind, what every kind has is looked at.
#[must_use]
pub fn faults(kind: Option<TokenKind>, claims: &Object) -> Vec<ClaimFault> {
    let read = match kind {
        Some(TokenKind::Join) => JoinClaims::read(claims, &Rules::JOIN).map(drop),
        Some(TokenKind::Pass) => PassClaims::read(claims, &Rules::PASS).map(drop),
        None => {
            let mut reader = ClaimsReader::new(claims);
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
