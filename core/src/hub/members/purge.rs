//! Tokens that have ended are forgotten, and a floor keeps any of them from coming back.
//!
//! ```text
//!   an hour ──► some have ended? ──Ask: Purge──► floor raised on the disk ──► forgotten here
//! ```
//!
//! A token that ends at or below the floor is refused for ever, so that no step of a clock revives one
//! whose use is forgotten. `// spec: tokens §10`

use core::time::Duration;

use crate::ask::Question;
use crate::facts::Change;
use crate::hub::Hub;
use crate::time::Now;

/// How often the hub looks for tokens that have ended.
const EVERY: Duration = Duration::from_secs(60 * 60);

impl Hub {
    /// Where it is time, and tokens have ended, has them forgotten on the disk.
    pub(in crate::hub) fn purge_tokens(&mut self, now: Now) {
        if !self.members.tokens.look(now.mono, EVERY) {
            return;
        }
        // Within the skew they are taken.
        let floor = now.unix.saturating_sub(self.config.lives.skew);
        let asked = |question: &Question| matches!(question, Question::Change(Change::Purge(_)));
        if self.members.tokens.has_ended(floor) && !self.is_asked(asked) {
            self.ask_quietly(Question::Change(Change::Purge(floor)));
        }
    }
}
