//! Keys of join tokens, and the shared secret. `// spec: control §8 and §14 to §16`

use core::ops::RangeInclusive;

use crate::control::field::{FieldMisread, FieldType, Flag, Item, record};
use crate::control::item::{Word, words};
use crate::id::KeyId;
use crate::wire::value::{Value, ValueBuf, ValueError};

record! {
    /// How the shared secret is replaced.
    #[derive(Default)]
    RotateSecretRequest {
        /// How long the old one goes on admitting; none where it does not.
        grace_s: Option<Grace>,
    }
}

/// Seconds for which an old secret may still admit: a second to seven days.
pub const GRACE: RangeInclusive<u64> = 1..=7 * 24 * 60 * 60;

/// Seconds within [`GRACE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace(pub u64);

impl Item for Grace {
    fn kind() -> FieldType {
        FieldType::Unsigned
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::uint(self.0))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let seconds = <u64 as Item>::read(value)?;
        GRACE.contains(&seconds).then_some(Self(seconds)).ok_or_else(FieldMisread::default)
    }
}

record! {
    /// The shared secret was replaced.
    #[non_exhaustive]
    SecretRotated {
        /// File that holds the secret.
        file: String,
        /// Sessions that were ended.
        ended: u64,
        /// Seconds since 1970: the end of the old one; none where it has ended.
        old_until: Option<u64>,
    }
}

record! {
    /// No arguments.
    #[derive(Default)]
    KeysRequest {}
}

words! {
    /// What a key of join tokens is for.
    KeyUse {
        /// It signs.
        Active "active",
        /// It verifies what it signed.
        VerifyOnly "verify-only",
        /// Nothing.
        Revoked "revoked",
    }
}

record! {
    /// A key of join tokens.
    #[non_exhaustive]
    KeySummary {
        /// Id of the key.
        kid: KeyId,
        /// Name of its algorithm.
        algorithm: String,
        /// Seconds since 1970.
        created: u64,
        /// What it is for.
        state: Word<KeyUse>,
        /// Seconds since 1970 until which it verifies, where it signs no more.
        until: Option<u64>,
    }
}

record! {
    /// How the key that signs is replaced.
    #[derive(Default)]
    RotateKeysRequest {
        /// Whether the keys before it are revoked at once.
        now: Flag,
    }
}

record! {
    /// Another key signs.
    #[non_exhaustive]
    KeysRotated {
        /// Id of the key.
        kid: KeyId,
        /// Open tokens that admit nobody any more.
        void: u64,
    }
}

record! {
    /// No arguments.
    #[derive(Default)]
    ExportKeysRequest {}
}
