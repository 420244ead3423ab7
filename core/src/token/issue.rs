//! Signing: claims that were held to their form become a token.

use data_encoding::BASE64URL_NOPAD;

use super::claims::ClaimFault;
use super::json::Object;
use super::part::MOST;
use super::signer::{NotSigned, TokenSigner};
use super::verify::Claims;

/// Why no token is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// Claims that no verifier would take.
    #[error("{}", .0.iter().map(ClaimFault::to_string).collect::<Vec<_>>().join("; "))]
    Claims(Vec<ClaimFault>),
    /// Claims that would be read as others, such as a list with nothing in it.
    #[error("the claims would not be read back as they are")]
    Ambiguous,
    /// The token would be above [`MOST`] bytes.
    #[error(
        "the token would have {bytes} bytes, and at most {MOST} are taken: give it fewer claims"
    )]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// The library could not sign.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
}

/// Signs claims that hold to their form and are read back as themselves.
pub(super) fn issue<C: Claims>(signer: &TokenSigner, claims: &C) -> Result<String, IssueError> {
    let json = claims.to_json();
    let (read, _) = C::read(&json, &C::RULES).map_err(IssueError::Claims)?;
    if read != *claims {
        return Err(IssueError::Ambiguous);
    }
    let header = Object::default()
        .with("alg", signer.key().algorithm().name())
        .with("kid", signer.key().id().to_string())
        .with("typ", C::KIND.typ());
    let encoded = |json: &Object| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let mut token = format!("{}.{}", encoded(&header), encoded(&json));
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut token);
    match token.len() {
        0..=MOST => Ok(token),
        bytes => Err(IssueError::TooLong { bytes }),
    }
}
