//! Tokens that have ended are forgotten, and a floor keeps any of them from coming back.
//!
//! ```text
//!   an hour ──► some have ended? ──Ask: Purge──► floor raised on the disk ──► forgotten here
//! ```
//!
//! A token that ends at or below the floor is refused for ever, so that no step of a clock revives
//! one whose use is forgotten. `// spec: tokens §10`

use core::time::Duration;

use crate::ask::StoreAsk;
use crate::facts::Change;
use crate::hub::effects::Effects;
use crate::hub::members::Members;
use crate::time::{Mono, Now};

/// How often the hub looks for tokens that have ended.
const EVERY: Duration = Duration::from_secs(60 * 60);

impl Members {
    /// When something is due: an old secret ends, or it is looked for tokens that have ended, where
    /// there are any tokens.
    pub(in crate::hub) fn due(&self) -> Option<Mono> {
        let look = (!self.facts.tokens.is_empty()).then_some(self.look);
        look.into_iter().chain(self.secrets.ends()).min()
    }

    /// Where it is time, and tokens have ended, has them forgotten on the disk.
    pub(in crate::hub) fn purge_tokens(&mut self, now: Now, effects: &mut Effects) {
        if self.facts.tokens.is_empty() || self.look > now.mono {
            return;
        }
        self.look = now.mono.after(EVERY);
        // Within the skew they are taken.
        let floor = now.unix.saturating_sub(self.terms.lives.skew);
        let asked = |question: &StoreAsk| matches!(question, StoreAsk::Change(Change::Purge(_)));
        if self.facts.has_ended(floor) && effects.asks.count(asked) == 0 {
            effects.asks.quietly(StoreAsk::Change(Change::Purge(floor)));
        }
    }
}
