//! `bowline tls`.

use std::path::PathBuf;

use bowline_shell::config::HubUrl;
use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub(crate) struct Tls {
    #[command(subcommand)]
    pub(crate) action: TlsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TlsAction {
    /// A hub's certificate: names, dates, key, fingerprint and pin.
    #[command(
        after_help = "Examples:\n  bowline tls info\n  bowline tls info --config hub.toml\n  \
                            bowline tls info --hub wss://hub.example:7777\n\nWith --hub it is what \
                            is served there at this moment. Nothing is trusted, kept or sent."
    )]
    Info {
        /// A hub to connect to, in place of one on this machine.
        #[arg(long, value_name = "URL", conflicts_with_all = ["data", "config"])]
        hub: Option<HubUrl>,
        /// The data directory of a hub on this machine.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The hub.toml of a hub on this machine, which may name another certificate.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}
