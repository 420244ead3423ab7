//! `bowline secret`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Secret {
    #[command(subcommand)]
    pub(crate) action: SecretAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretAction {
    /// Print the hub's shared secret.
    #[command(after_help = "Examples:\n  bowline secret show --out secret.key\n  bowline \
                            secret show")]
    Show {
        /// The hub's data directory.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// A file to make for it, mode 0600, in the place of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Put another secret in the place of the hub's, whether it runs or not.
    #[command(
        after_help = "Examples:\n  bowline secret rotate\n  bowline secret rotate --grace 1h\n\n\
                      Sessions that the old secret admitted end, at once or with the grace; their \
                      peers come back with the secret that they then find. Prints the file that \
                      holds the secret, and never the secret."
    )]
    Rotate(Box<SecretRotate>),
}

#[derive(Args, Debug)]
pub(crate) struct SecretRotate {
    /// How long the old secret goes on admitting: 1s to 7d [default: not at all].
    #[arg(long, value_name = "TIME", value_parser = bowline_shell::config::units::parse_duration)]
    pub(crate) grace: Option<Duration>,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}
