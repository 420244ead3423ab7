//! `bowline peer`.

use clap::Args;

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Peer {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// A label: NAME=VALUE; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<String>,
    /// Print what is in force, secrets left out, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// One JSON object a line for whatever happens.
    #[arg(long)]
    pub(crate) json: bool,
}
