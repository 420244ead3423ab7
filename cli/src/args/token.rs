//! `bowline token`.

use std::path::PathBuf;
use std::time::Duration;

use bowline_core::capability::{Capability, Role, UnknownCapability};
use bowline_core::id::{Jti, PeerId};
use bowline_shell::config::units::parse_duration;
use clap::{Args, Subcommand};

use super::{Dial, Given, number};

#[derive(Args, Debug)]
pub(crate) struct Token {
    #[command(subcommand)]
    pub(crate) action: TokenAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenAction {
    /// Make a join token: one string that invites a machine.
    #[command(after_help = "Examples:\n  bowline token issue --for alice\n  bowline token issue \
                            --for web-1 --id web-1 --role agent --ttl 1h\n  bowline token issue \
                            --for fleet --reusable --max-uses 50 --label role=web --out fleet.txt\n  \
                            bowline token issue --for ci --cap call:deploy\n\nThe token alone goes \
                            to standard output. Whoever has it can join until it ends, or until it \
                            was used: pass it on as you would a password.")]
    // Here --id is whom the token is for.
    #[command(mut_arg("id", |id| id.long("as")))]
    Issue(Box<TokenIssue>),
    /// The tokens that the hub keeps: for whom, how often used, until when.
    #[command(after_help = "Examples:\n  bowline token list\n  bowline token list --json")]
    List {
        /// One JSON object a line for each token.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// Have a token admit nobody any more, and with --enrolled nobody that it enrolled either.
    #[command(
        after_help = "Examples:\n  bowline token revoke JTI\n  bowline token revoke JTI --enrolled\n\n\
                      JTI is the id that 'token issue' and 'token list' show. Machines that \
                      joined stay enrolled without --enrolled; with it their sessions end at once."
    )]
    Revoke {
        /// The token's id.
        #[arg(allow_hyphen_values = true)]
        jti: Jti,
        /// Revoke the peers that it enrolled, too.
        #[arg(long)]
        enrolled: bool,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// What a token says, as 'bowline inspect token'. Its signature is not checked.
    #[command(
        after_help = "Examples:\n  bowline token inspect @token.txt\n  bowline token inspect - \
                            < token.txt"
    )]
    Inspect {
        #[command(flatten)]
        given: Given,
    },
}

#[derive(Args, Debug)]
pub(crate) struct TokenIssue {
    /// For whom it is, for the hub's list alone [default: the id, or 'unnamed'].
    #[arg(long = "for", value_name = "NAME")]
    pub(crate) sub: Option<String>,
    /// admin, member or agent (serves only).
    #[arg(long, value_name = "ROLE", default_value = "member")]
    pub(crate) role: Role,
    /// How long it may be used: 1m to 7d [default: 24h].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) ttl: Option<Duration>,
    /// Let several machines join by it; give --max-uses.
    #[arg(long, requires = "max_uses")]
    pub(crate) reusable: bool,
    /// How many machines may join by it, 1 to 10000; with --reusable.
    #[arg(long, value_name = "N", requires = "reusable", value_parser = number::within(1..=10_000_u16), allow_negative_numbers = true)]
    pub(crate) max_uses: Option<u16>,
    #[arg(long, value_name = "CAPABILITY", value_parser = capability, help = about_capabilities())]
    pub(crate) cap: Vec<Capability>,
    /// Refused by name: rooms are not in this version.
    #[arg(long, value_name = "ROOM", hide = true)]
    pub(crate) room: Vec<String>,
    /// A label that goes before the machine's own: NAME=VALUE; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<String>,
    /// The only peer id that may join by it [default: what the machine asks for].
    #[arg(long = "id", value_name = "NAME")]
    pub(crate) token_id: Option<PeerId>,
    /// Allow a token that names only this machine's own addresses.
    #[arg(long)]
    pub(crate) local: bool,
    /// A file to make for the token, mode 0600, in the place of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

fn about_capabilities() -> String {
    format!("A capability, in place of all that the role has; may be repeated: {}", capabilities())
}

/// Those that something asks for.
fn capabilities() -> String {
    let names = Capability::in_force().flat_map(|capability| {
        let named = (capability == Capability::Call).then(|| "call:NAME".to_owned());
        [Some(capability.to_string()), named].into_iter().flatten()
    });
    names.collect::<Vec<_>>().join(", ")
}

fn capability(text: &str) -> Result<Capability, String> {
    text.parse().map_err(|error: UnknownCapability| format!("{error}; one of {}", capabilities()))
}
