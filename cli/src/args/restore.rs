//! `bowline restore`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The data directory, with the backup in its place.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Make it another hub's, for a copy that is to run elsewhere: other keys, another secret, and
    /// no token, certificate or refresh token of the original admits anybody.
    #[arg(long)]
    pub(crate) new_identity: bool,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
