//! `bowline trust`.

use std::path::PathBuf;

use bowline_shell::files::HubName;
use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub(crate) struct Trust {
    #[command(subcommand)]
    pub(crate) action: TrustAction,
    /// The peer's data directory.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustAction {
    /// Every hub that is remembered.
    #[command(after_help = "Example:\n  bowline trust list")]
    List,
    /// One of them.
    #[command(after_help = "Example:\n  bowline trust show wss://hub.example:7777")]
    Show {
        /// The hub's URL, or its name in the list.
        hub: HubName,
    },
    /// Forget a hub: the next contact is a first contact.
    #[command(after_help = "Example:\n  bowline trust forget wss://hub.example:7777")]
    Forget {
        /// The hub's URL, or its name in the list.
        hub: HubName,
    },
    /// Trust exactly this identity or TLS key.
    #[command(
        after_help = "Examples:\n  bowline trust pin wss://hub.example:7777 hub_…\n  bowline \
                            trust pin wss://hub.example:7777 sha256/…"
    )]
    Pin {
        /// The hub's URL, or its name in the list.
        hub: HubName,
        /// hub_… or sha256/….
        #[arg(value_name = "ID-OR-PIN")]
        trusted: bowline_shell::files::Trusted,
    },
}
