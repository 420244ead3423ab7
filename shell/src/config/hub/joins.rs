//! What follows from a hub's settings for join tokens.

use bowline_core::hub::Lives;
use bowline_core::token::Rules;

use crate::config::{JoinConfig, TlsMode};

impl JoinConfig {
    /// Whether `join`, `resume` and `refresh` are offered.
    #[must_use]
    pub fn is_offered(&self, mode: TlsMode) -> bool {
        self.join && mode != TlsMode::Plain
    }

    /// How long what the hub mints holds.
    #[must_use]
    pub fn lives(&self) -> Lives {
        Lives {
            certificate: self.certificate.as_secs(),
            refresh: self.refresh.as_secs(),
            skew: self.skew.as_secs(),
        }
    }

    /// What join tokens are held to.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules::JOIN.with_skew(self.skew.as_secs()).with_longest(self.token.as_secs())
    }
}
