//! `bowline hub`.

use std::path::PathBuf;

use bowline_core::capability::Role;
use bowline_shell::config::{Bind, HubUrl, TlsMode, TlsSourceName};
use clap::Args;

use super::Risks;

#[derive(Args, Debug)]
pub(crate) struct Hub {
    /// Where to listen [default: 127.0.0.1:7777].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bind: Option<Bind>,
    /// plain, tofu or strict [default: tofu].
    #[arg(long, value_name = "MODE")]
    pub(crate) tls: Option<TlsMode>,
    /// The certificate, and those between it and the root: PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key: PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// A name for the self-signed certificate; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Vec<String>,
    /// The display name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A URL that join tokens name; may be repeated.
    #[arg(long, value_name = "URL")]
    pub(crate) advertise: Vec<HubUrl>,
    /// self-signed or files.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) tls_source: Option<TlsSourceName>,
    /// Whether everyone must prove something; false needs --insecure-no-auth too.
    #[arg(long, value_name = "BOOL")]
    pub(crate) auth_required: Option<bool>,
    /// Whether the shared secret admits.
    #[arg(long, value_name = "BOOL")]
    pub(crate) auth_secret: Option<bool>,
    /// What the secret admits to: admin, member, agent or read-only [default: member].
    #[arg(long, value_name = "ROLE")]
    pub(crate) secret_role: Option<Role>,
    /// Peers in the registry, at most.
    #[arg(long, value_name = "N")]
    pub(crate) max_peers: Option<usize>,
    /// The shared secret; - is standard input [default: BOWLINE_SECRET, then DATA/secret.key].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Where keys and the ledger are kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// hub.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
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
