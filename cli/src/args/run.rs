//! `bowline run`.

use bowline_core::id::CommandName;
use clap::Args;

use super::{Dial, number};

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// A peer's id; label tests that must all hold, joined by commas (role=web,zone=eu); or all.
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
    /// Of several peers, run it on so many at a time, and on the next whenever one has ended; its
    /// input is then empty.
    #[arg(long, value_name = "N", value_parser = number::within(1..=1000_u16), allow_negative_numbers = true)]
    pub(crate) batch: Option<u16>,
    /// Print the call's id and leave it to the hub; its input is then empty.
    #[arg(long, conflicts_with = "batch")]
    pub(crate) detach: bool,
    /// One JSON object a line for each piece of output and each result, and a summary of several.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}
