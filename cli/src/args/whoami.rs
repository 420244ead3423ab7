//! `bowline whoami`.

use clap::Args;

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Whoami {
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}
