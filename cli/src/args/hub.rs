//! `bowline hub`.

use std::path::PathBuf;

use clap::Args;

use super::{Flags, OfHub, Risks};

#[derive(Args, Debug)]
pub(crate) struct Hub {
    #[command(flatten)]
    pub(crate) flags: Flags<OfHub>,
    /// The shared secret; - is standard input [default: BOWLINE_SECRET, then DATA/secret.key].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Where keys and the ledger are kept [default: bowline/hub in ~/.local/share].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// hub.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take a ledger that was restored from a backup: every join token made before is revoked.
    #[arg(long)]
    pub(crate) accept_restored: bool,
    /// With --accept-restored: this is the latest ledger, and what was shown is of a copy of it
    /// that ran elsewhere; no token is revoked.
    #[arg(long, requires = "accept_restored")]
    pub(crate) keep_tokens: bool,
    /// Allow core files, and debuggers of this user: both see every key that is in memory.
    #[arg(long)]
    pub(crate) allow_debug: bool,
    /// Print what is in force, secrets left out, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// One JSON object a line for whatever happens.
    #[arg(long)]
    pub(crate) json: bool,
    /// Allow anyone in, with `auth.required = false`.
    #[arg(long)]
    pub(crate) insecure_no_auth: bool,
    #[command(flatten)]
    pub(crate) risks: Risks,
}
