//! What a hub is told at its start, and may be told anew.

use crate::capability::Role;
use crate::limits::Limits;
use crate::network::Network;

/// What a hub is told at its start.
#[derive(Clone, Debug, Default)]
pub struct HubConfig {
    /// The bounds.
    pub limits: Limits,
    /// What sessions admitted by the shared secret, or with none at all, may do.
    pub secret_role: Role,
    /// Whether labels that peers give themselves make them targets, beside those that their tokens
    /// give them.
    pub self_labels: bool,
    /// Sources that may connect; all where there is none.
    pub allow_ips: Vec<Network>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How often the hub has started: calls are named by it and a number.
    pub generation: u64,
    /// How long what the hub mints holds.
    pub lives: Lives,
}

/// How long what a hub mints for its peers holds, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lives {
    /// A peer's certificate (24 h).
    pub certificate: u64,
    /// A refresh token (90 d).
    pub refresh: u64,
    /// How far clocks may differ (60 s).
    pub skew: u64,
}

impl Default for Lives {
    fn default() -> Self {
        let day = 24 * 60 * 60;
        Self { certificate: day, refresh: 90 * day, skew: 60 }
    }
}
