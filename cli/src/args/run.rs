//! `bowline run`.

use bowline_core::id::CommandName;
use clap::Args;

use super::Dial;

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
