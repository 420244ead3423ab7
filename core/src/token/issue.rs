//! Signing: claims that were held to their form become a token.

use data_encoding::BASE64URL_NOPAD;

use super::claims::ClaimFault;
use super::header::Kind;
use super::json::Object;
use super::parts::MOST;
use super::signer::{NotSigned, Signer};

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

/// Signs `claims` as they are.
pub(super) fn issue(signer: &Signer, kind: Kind, claims: &Object) -> Result<String, IssueError> {
    let header = Object::default()
        .with("alg", signer.key().algorithm().name())
        .with("kid", signer.key().id().to_string())
        .with("typ", kind.typ());
    let encoded = |json: &Object| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let mut token = format!("{}.{}", encoded(&header), encoded(claims));
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut token);
    match token.len() {
        0..=MOST => Ok(token),
        bytes => Err(IssueError::TooLong { bytes }),
    }
}
