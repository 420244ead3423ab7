//! The keys that sign tokens: public halves with their states. One signs; those before it verify
//! until the last token that they signed has ended, or not at all.

use crate::token::{KeyState, MOST_KEYS, TokenKey};

/// One token-signing key: its public half. The secret half is the shell's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: TokenKey,
    /// When it was made, seconds since 1970.
    pub created: u64,
    /// What it is good for.
    pub state: KeyState,
}

/// Another key takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// The one that signs from here on.
    pub key: TokenKey,
    /// When that is, seconds since 1970.
    pub at: u64,
    /// Whether those before end at once, and with them what they signed.
    pub now: bool,
}

impl KeyRotation {
    /// The keys that are kept from here on, the new one last; `last_end`, when the last of the
    /// tokens ends that the active key signed, seconds since 1970.
    pub(super) fn apply(&self, keys: &[KeyRecord], last_end: u64) -> Vec<KeyRecord> {
        let Self { key, at, now } = self;
        let before = keys.iter().filter(|kept| kept.key.id() != key.id()).map(|kept| {
            let state = match kept.state {
                KeyState::Active if !now => KeyState::VerifyOnly { until: last_end.max(*at) },
                KeyState::Active | KeyState::VerifyOnly { .. } if *now => KeyState::Revoked,
                state @ (KeyState::Active | KeyState::VerifyOnly { .. } | KeyState::Revoked) => {
                    state
                }
            };
            KeyRecord { state, ..kept.clone() }
        });
        let next = KeyRecord { key: key.clone(), created: *at, state: KeyState::Active };
        let mut keys: Vec<_> = before.chain([next]).collect();
        // As many are kept as a set of keys that others read may have.
        let too_many = keys.len().saturating_sub(MOST_KEYS);
        keys.drain(..too_many);
        keys
    }
}
