//! `bowline demo`.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}
