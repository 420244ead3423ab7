//! `bowline man`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Write a page for each command into this directory, which is made where it is missing
    /// [default: the page of 'bowline' on standard output].
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
