//! `bowline doctor`.

use std::time::Duration;

use bowline_shell::config::{Bind, units};
use clap::{Args, ValueEnum};

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Which side to look at: with hub, --config is a hub.toml and --data a hub's [default: hub
    /// where this machine has one and neither --hub nor --config is given, else peer].
    #[arg(long)]
    pub(crate) role: Option<Side>,
    /// Where the hub is to listen, as for 'bowline hub'.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bind: Option<Bind>,
    /// How long each step on the way to a hub may take.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::parse_duration)]
    pub(crate) timeout: Duration,
    /// Make the key of a peer that has none, and ask for admission with it, as its first start
    /// would.
    #[arg(long)]
    pub(crate) enrol: bool,
    /// The hub is started with --insecure-no-auth.
    #[arg(long)]
    pub(crate) insecure_no_auth: bool,
    /// The peer is started with --insecure-shell-templates.
    #[arg(long)]
    pub(crate) insecure_shell_templates: bool,
    /// One JSON object a line for each check, and a summary.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

/// Whose set-up is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// A peer's, and its way to the hub.
    Peer,
    /// A hub's on this machine.
    Hub,
}
