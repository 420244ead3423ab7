//! What can be typed.

use std::path::PathBuf;

use bowline_core::capability::Role;
use bowline_core::id::{CommandName, HubId, PeerId, Pin};
use bowline_shell::config::{Bind, HubUrl, TlsMode, TlsSourceName};
use clap::{Args, Parser, Subcommand};

/// A secure command link: a hub, peers that connect out to it, commands called on them.
#[derive(Debug, Parser)]
#[command(name = "bowline", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Log more, on standard error; up to three times. BOWLINE_LOG says it exactly.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hub, peer and a first call on this machine, explained.
    #[command(after_help = "Example:\n  bowline demo")]
    Demo(Demo),
    /// Run the hub that peers connect to.
    #[command(after_help = "Examples:\n  bowline hub\n  bowline hub --bind 0.0.0.0:7777 \
                            --hostname hub.example\n  bowline hub --config hub.toml --print-config")]
    Hub(Box<Hub>),
    /// Serve the commands of a configuration to a hub.
    #[command(after_help = "Example:\n  bowline peer --config peer.toml\n  bowline peer --hub \
                            wss://hub.example:7777 --id web-1 --secret-file secret.key")]
    Peer(Box<Peer>),
    /// Run a command on a peer; its output, input and exit code are ours.
    #[command(after_help = "Examples:\n  bowline run web-1 uptime\n  bowline run web-1 restart \
                            unit=nginx --timeout 30s\n\nExit code: the command's own; 128+N where \
                            signal N ended it; 255 for a failure of ours.")]
    Run(Run),
    /// Who is connected, and who was.
    #[command(after_help = "Example:\n  bowline ls --json")]
    Ls(Ls),
    /// The shared secret.
    #[command(after_help = "Example:\n  bowline secret show > secret.key")]
    Secret(Secret),
    /// What this peer remembers of hubs.
    #[command(after_help = "Examples:\n  bowline trust list\n  bowline trust pin \
                            wss://hub.example:7777/link hub_…\n  bowline trust forget \
                            wss://hub.example:7777/link")]
    Trust(Trust),
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
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
        }
    }
}

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

#[derive(Args, Debug)]
pub(crate) struct Peer {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// A label: NAME=VALUE; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<String>,
    /// Print what is in force, secrets left out, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// One JSON object a line for whatever happens.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// A peer's id.
    pub(crate) target: String,
    /// The command.
    pub(crate) command: CommandName,
    /// Arguments: NAME=VALUE, or VALUE in the command's own order; put -- before those that start
    /// with a dash.
    #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
    pub(crate) arguments: Vec<String>,
    /// How long the command may take: 30s, 5m [default: 24h].
    #[arg(long, value_name = "TIME", value_parser = bowline_shell::config::units::parse_duration)]
    pub(crate) timeout: Option<std::time::Duration>,
    /// One JSON object a line for each piece of output and the result.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

#[derive(Args, Debug)]
pub(crate) struct Ls {
    /// One JSON object a line for each peer.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

#[derive(Args, Debug)]
pub(crate) struct Secret {
    #[command(subcommand)]
    pub(crate) action: SecretAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretAction {
    /// Print the hub's shared secret.
    Show {
        /// The hub's data directory.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Trust {
    #[command(subcommand)]
    pub(crate) action: TrustAction,
    /// The peer's data directory.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustAction {
    /// Every hub that is remembered.
    List,
    /// One of them.
    Show {
        /// The hub's URL, as it is configured.
        hub: HubUrl,
    },
    /// Forget a hub: the next contact is a first contact.
    Forget {
        /// The hub's URL, as it is configured.
        hub: HubUrl,
    },
    /// Trust exactly this identity or TLS key.
    Pin {
        /// The hub's URL, as it is configured.
        hub: HubUrl,
        /// hub_… or sha256/….
        #[arg(value_name = "ID-OR-PIN")]
        trusted: bowline_shell::files::Trusted,
    },
}
