//! `bowline secret`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub(crate) struct Secret {
    #[command(subcommand)]
    pub(crate) action: SecretAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretAction {
    /// Print the hub's shared secret.
    #[command(after_help = "Example:\n  bowline secret show > secret.key")]
    Show {
        /// The hub's data directory.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}
