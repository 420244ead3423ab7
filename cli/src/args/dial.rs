//! How a hub is reached, for every command that dials one, and the risks that are accepted.

use std::path::PathBuf;

use bowline_core::id::{HubId, PeerId, Pin};
use bowline_shell::config::{HubUrl, TlsMode};
use clap::Args;

/// Which hub, who this is, and how the hub is checked.
#[derive(Args, Debug)]
pub(crate) struct Dial {
    /// The hub: wss://HOST:PORT, or ws:// with --tls plain [default port: 7777].
    #[arg(long, value_name = "URL")]
    pub(crate) hub: Option<HubUrl>,
    /// This peer's id [default: the host name].
    #[arg(long, value_name = "NAME")]
    pub(crate) id: Option<PeerId>,
    /// The shared secret; - is standard input [default: BOWLINE_SECRET, then DATA/secret.key].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// plain, tofu or strict [default: tofu].
    #[arg(long, value_name = "MODE")]
    pub(crate) tls: Option<TlsMode>,
    /// A TLS key that is trusted beforehand: sha256/…; may be repeated.
    #[arg(long, value_name = "PIN")]
    pub(crate) pin: Vec<Pin>,
    /// The hub's identity, known beforehand: hub_….
    #[arg(long, value_name = "ID")]
    pub(crate) hub_id: Option<HubId>,
    /// Roots that the hub's certificate must chain to: PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
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
