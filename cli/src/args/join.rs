//! `bowline join`.

use std::path::PathBuf;

use bowline_core::id::{PeerId, Pin};
use bowline_shell::config::TlsMode;
use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Join {
    /// The token; - is standard input [default: BOWLINE_TOKEN].
    #[arg(conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// The file that the token is in; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// This peer's id, where the token names none [default: the host name].
    #[arg(long, value_name = "NAME")]
    pub(crate) id: Option<PeerId>,
    /// Take the place of an enrolment with another hub, or by another id.
    #[arg(long)]
    pub(crate) force: bool,
    /// tofu or strict [default: tofu].
    #[arg(long, value_name = "MODE")]
    pub(crate) tls: Option<TlsMode>,
    /// A TLS key that is trusted beforehand, with --tls strict: sha256/…; may be repeated.
    #[arg(long, value_name = "PIN")]
    pub(crate) pin: Vec<Pin>,
    /// Roots that the hub's certificate must chain to, with --tls strict: PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
    /// Where the key and the enrolment are kept [default: bowline/peer in ~/.local/share].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
