//! `bowline peer`.

use bowline_shell::config::Insecure;
use clap::Args;

use super::{Dial, Flags, OfPeer};

#[derive(Args, Debug)]
pub(crate) struct Peer {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// A label: NAME=VALUE; may be repeated. A hub that takes tokens goes by theirs.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<String>,
    #[command(flatten)]
    pub(crate) flags: Flags<OfPeer>,
    /// Allow placeholders in scripts of a shell: whoever may call such a command can run
    /// everything.
    #[arg(long)]
    pub(crate) insecure_shell_templates: bool,
    /// Allow core files, and debuggers of this user: both see every key that is in memory.
    #[arg(long)]
    pub(crate) allow_debug: bool,
    /// Print what is in force, secrets left out, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// One JSON object a line for whatever happens.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Peer {
    /// The risks that are accepted.
    pub(crate) fn insecure(&self) -> Insecure {
        let shell_templates = self.insecure_shell_templates;
        Insecure { shell_templates, ..self.dial.risks.insecure(false) }
    }
}
