//! How a hub is reached, for every command that dials one, and the risks that are accepted.

use std::path::PathBuf;

use clap::Args;

use super::{Flags, OfDial};

/// Which hub, who this is, and how the hub is checked.
#[derive(Args, Debug)]
pub(crate) struct Dial {
    #[command(flatten)]
    pub(crate) flags: Flags<OfDial>,
    /// The shared secret; - is standard input [default: BOWLINE_SECRET, then DATA/secret.key].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Where the key and what is learnt of hubs are kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// peer.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) risks: Risks,
}

/// Risks that are accepted.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Risks {
    /// Allow no TLS away from loopback: anyone on the way can read and change everything.
    #[arg(long)]
    insecure_allow_plain: bool,
    /// Allow a shared secret that a person made up, of 16 characters or more.
    #[arg(long)]
    insecure_weak_secret: bool,
}

impl Risks {
    pub(crate) fn insecure(self, no_auth: bool) -> bowline_shell::config::Insecure {
        bowline_shell::config::Insecure {
            allow_plain: self.insecure_allow_plain,
            no_auth,
            weak_secret: self.insecure_weak_secret,
            shell_templates: false,
        }
    }
}
