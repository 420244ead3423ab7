//! Which shared secrets admit at this moment: the current one, and for a grace the one before it.
//!
//! The proofs are checked by the links against their snapshot, which may be older than this. What
//! counts is what is known here, under the lock, when room is reserved and when the session begins.

use core::time::Duration;

use crate::code::Code;
use crate::hub::members::Members;
use crate::id::SecretNumber;
use crate::time::{Mono, Now};

/// The numbers of the secrets that admit.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct ActiveSecrets {
    current: SecretNumber,
    old: Option<Old>,
}

/// The secret before the current one.
#[derive(Clone, Copy, Debug)]
struct Old {
    number: SecretNumber,
    /// When it ends, seconds since 1970.
    until: u64,
    /// The same by the other clock: the earliest that was seen.
    at: Mono,
}

impl Default for ActiveSecrets {
    fn default() -> Self {
        Self { current: SecretNumber::FIRST, old: None }
    }
}

impl ActiveSecrets {
    pub(super) fn new(current: SecretNumber, old: Option<(SecretNumber, u64)>, now: Now) -> Self {
        let old = old.map(|(number, until)| Old { number, until, at: at(until, now) });
        Self { current, old }
    }

    pub(super) fn current(&self) -> SecretNumber {
        self.current
    }

    /// When the secret before the current one ends, seconds since 1970.
    pub(super) fn old_until(&self) -> Option<u64> {
        self.old.map(|old| old.until)
    }

    /// Whether a session of this secret may go on.
    pub(in crate::hub) fn admits(&self, number: SecretNumber) -> bool {
        self.expiry(number).is_ok()
    }

    /// When a session that this secret admits has to end, where it has to.
    ///
    /// # Errors
    /// [`Code::Expired`]: it admits nobody any more.
    pub(super) fn expiry(&self, number: SecretNumber) -> Result<Option<u64>, Code> {
        match self.old {
            _ if number == self.current => Ok(None),
            Some(old) if number == old.number => Ok(Some(old.until)),
            _ => Err(Code::Expired),
        }
    }

    /// The next deadline.
    pub(super) fn ends(&self) -> Option<Mono> {
        self.old.map(|old| old.at)
    }

    /// Looks at both clocks; the secret that has ended.
    fn look(&mut self, now: Now) -> Option<SecretNumber> {
        let old = self.old.as_mut()?;
        // A date that stands still or steps back does not lengthen it.
        old.at = old.at.min(at(old.until, now));
        if old.at > now.mono {
            return None;
        }
        self.old.take().map(|old| old.number)
    }
}

/// When it is so late, by the monotonic clock.
fn at(until: u64, now: Now) -> Mono {
    now.mono.after(Duration::from_secs(until.saturating_sub(now.unix)))
}

impl Members {
    /// The number of the current secret and, while it is being replaced, that of the one before it
    /// with its end, seconds since 1970.
    pub(in crate::hub) fn set_secrets(
        &mut self,
        current: SecretNumber,
        old: Option<(SecretNumber, u64)>,
        now: Now,
    ) {
        self.secrets = ActiveSecrets::new(current, old, now);
    }

    /// The number of the current secret.
    pub(in crate::hub) fn secret(&self) -> SecretNumber {
        self.secrets.current()
    }

    /// When the secret before the current one ends, seconds since 1970.
    pub(in crate::hub) fn old_until(&self) -> Option<u64> {
        self.secrets.old_until()
    }

    /// The secret before the current one, where its grace is over: it admits nobody any more.
    pub(in crate::hub) fn secret_ended(&mut self, now: Now) -> Option<SecretNumber> {
        self.secrets.look(now)
    }

    /// The secrets that admit at this moment.
    pub(in crate::hub) fn active(&self) -> ActiveSecrets {
        self.secrets
    }
}
