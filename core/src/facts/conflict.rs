//! Why something does not go with what is recorded.

use crate::code::Code;
use crate::facts::NotTaken;

/// Why something does not go with what is recorded: nothing of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The join token ends at or before the floor: what is known of it is forgotten.
    Ended,
    /// The join token is not taken by its row.
    Token(NotTaken),
    /// The id is another key's.
    IdTaken,
    /// The peer was revoked.
    Revoked,
    /// No join token enrolled this key under this id.
    NotEnrolled,
    /// The peer's refresh tokens were voided.
    Voided,
    /// The refresh token is neither the last used one nor a successor of it.
    Superseded,
    /// A family of refresh tokens cannot begin where there is one.
    HasFamily,
}

impl Conflict {
    /// What the remote is told.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Token(why) => why.code(),
            Self::IdTaken => Code::IdTaken,
            Self::Revoked => Code::Revoked,
            Self::NotEnrolled => Code::Refused,
            Self::Voided => Code::Voided,
            Self::Ended | Self::Superseded | Self::HasFamily => Code::Expired,
        }
    }
}

impl From<Conflict> for Code {
    fn from(conflict: Conflict) -> Self {
        conflict.code()
    }
}
