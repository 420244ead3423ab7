//! What a hub can say of itself and does not know: the shell tells it at its start.

use crate::id::{HubId, Pin};
use crate::wire::frame::Method;

/// A hub's set-up, for the command `status`. Nothing here is secret, and nothing is decided by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubSetup {
    /// The display name.
    pub name: String,
    /// The hub's id.
    pub hub: HubId,
    /// The program's version.
    pub version: String,
    /// How often this hub has started.
    pub generation: u64,
    /// `plain`, `tofu` or `strict`.
    pub mode: String,
    /// The address in force.
    pub bind: String,
    /// The URL of that address.
    pub url: String,
    /// What other machines dial.
    pub urls: Vec<String>,
    /// The methods offered over the network, ascending.
    pub methods: Vec<Method>,
    /// Whether everyone must prove something.
    pub auth_required: bool,
    /// The pin of the TLS key served; none in `plain`.
    pub pin: Option<Pin>,
    /// When the certificate served ends, seconds since 1970; none in `plain`.
    pub not_after: Option<u64>,
    /// The local socket's file.
    pub control: Option<String>,
    /// When the hub started, seconds since 1970.
    pub since: u64,
    /// The risks that were accepted, a sentence each.
    pub warnings: Vec<String>,
}
