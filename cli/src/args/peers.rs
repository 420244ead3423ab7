//! `bowline peers`.

use bowline_core::id::PeerId;
use clap::{Args, Subcommand};

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Peers {
    #[command(subcommand)]
    pub(crate) action: PeersAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PeersAction {
    /// Every id that is bound to a key, those that never served among them.
    #[command(after_help = "Examples:\n  bowline peers list\n  bowline peers list --json")]
    List {
        /// One JSON object a line for each peer.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// All that the hub knows of one peer, its commands and their arguments among it.
    #[command(after_help = "Example:\n  bowline peers show web-1")]
    Show {
        /// The peer's id.
        #[arg(value_name = "ID")]
        peer: PeerId,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// Keep a peer out, and end its sessions at once. Its id stays bound to its key.
    #[command(
        after_help = "Example:\n  bowline peers revoke web-1 --reason stolen\n\nWhat a join \
                      token brought it is void: 'bowline peers allow' lets it join again, with \
                      another token, or come back by the secret if it came by that."
    )]
    Revoke {
        /// The peer's id.
        #[arg(value_name = "ID")]
        peer: PeerId,
        /// Why, for whoever looks later.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// Let a peer that was revoked join again with a new token, or come back by the secret.
    #[command(after_help = "Example:\n  bowline peers allow web-1")]
    Allow {
        /// The peer's id.
        #[arg(value_name = "ID")]
        peer: PeerId,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
    /// Free an id for another key: its sessions end, and the next to come with the id has it.
    #[command(
        after_help = "Example:\n  bowline peers forget web-1\n\nThe machine that had the id may \
                      come back with it, as long as it is admitted: to keep it out, rotate the \
                      secret too."
    )]
    Forget {
        /// The peer's id.
        #[arg(value_name = "ID")]
        peer: PeerId,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        dial: Dial,
    },
}
