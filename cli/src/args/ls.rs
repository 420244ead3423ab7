//! `bowline ls`.

use clap::Args;

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Ls {
    /// One JSON object a line for each peer.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}
