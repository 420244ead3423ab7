//! `bowline calls`.

use bowline_core::control::CallName;
use clap::{Args, Subcommand};

use super::Dial;

#[derive(Args, Debug)]
pub(crate) struct Calls {
    #[command(subcommand)]
    pub(crate) action: CallsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CallsAction {
    /// The calls that the hub knows: what runs, and what ended last.
    #[command(after_help = "Example:\n  bowline calls list\n\nAn administrator sees every call, \
                            everybody else their own.")]
    List(CallsList),
    /// How a call went on each peer, and the output that was kept of it.
    #[command(
        after_help = "Examples:\n  bowline calls show 1-7\n  bowline calls show 1-7 --output \
                            web-1 > web-1.log\n\nOutput is kept of calls that were made with 'run \
                            --detach': the end of it, for each peer, until the hub stops or needs \
                            the room."
    )]
    Show(CallsShow),
    /// Stop a call on each peer that it runs on.
    #[command(after_help = "Example:\n  bowline calls cancel 1-7")]
    Cancel(CallsCancel),
}

#[derive(Args, Debug)]
pub(crate) struct CallsList {
    /// One JSON object a line for each call.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

#[derive(Args, Debug)]
pub(crate) struct CallsShow {
    /// The call, as 'run --detach' printed it or 'calls list' shows it.
    #[arg(value_name = "CALL", value_parser = call_id)]
    pub(crate) call: CallName,
    /// Write the kept output of this peer as it came and nothing else; of all, a line at a time
    /// with the peer's id before it.
    #[arg(long, value_name = "PEER", conflicts_with = "json")]
    pub(crate) output: Option<String>,
    /// One JSON object a line: the call, then each peer with its output.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

#[derive(Args, Debug)]
pub(crate) struct CallsCancel {
    /// The call, as 'run --detach' printed it or 'calls list' shows it.
    #[arg(value_name = "CALL", value_parser = call_id)]
    pub(crate) call: CallName,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

fn call_id(text: &str) -> Result<CallName, String> {
    let wrong = "a call's id is two numbers: 1-7; 'bowline calls list' shows them";
    text.parse().map_err(|_| wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_call_has_one_spelling() {
        assert_eq!(call_id("12-345").unwrap().to_string(), "12-345");
        for wrong in ["", "7", "1-", "-1", "01-7", "1-+7", "1-7-9", "web-1", " 1-7"] {
            assert!(call_id(wrong).is_err(), "{wrong:?}");
        }
    }
}
