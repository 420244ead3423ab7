//! `bowline completions`.

use clap::Args;
use clap_complete::Shell;

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell that is to complete the command line.
    pub(crate) shell: Shell,
}
