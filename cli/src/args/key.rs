//! `bowline key`.

use clap::{Args, Subcommand};

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Key {
    #[command(subcommand)]
    pub(crate) action: KeyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// The keys that join tokens are signed with, and what each is good for.
    #[command(after_help = "Examples:\n  bowline key list\n  bowline key list --json")]
    List {
        /// One JSON object a line for each key.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// Sign new tokens with another key.
    #[command(
        after_help = "Examples:\n  bowline key rotate\n  bowline key rotate --now\n\nTokens that \
                      the key before it signed may be used until they end; with --now they are \
                      void at once. Machines that have joined stay enrolled."
    )]
    Rotate {
        /// Have every open token admit nobody any more, whichever key signed it.
        #[arg(long)]
        now: bool,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// The public halves as a JWK set (RFC 7517), to verify tokens elsewhere.
    #[command(after_help = "Example:\n  bowline key export > jwks.json")]
    Export {
        /// One JSON object, on one line: the set itself.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
}
