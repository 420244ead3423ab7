//! What stands behind `run`: whom it is for, and the arguments of the command.

use std::str::FromStr;

use bowline_core::id::{CommandName, PeerId};
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::call::{CallBuilder, LabelTests};
use bowline_shell::peer::Session;

use crate::exit::Failure;

/// Whom a command is run on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// One peer: `run` is then like `ssh`.
    Peer(PeerId),
    /// Those that pass all of these tests.
    Labels(LabelTests),
    /// Every peer.
    All,
}

impl Target {
    /// The call of `command` on this target.
    pub(super) fn call(&self, session: &Session, command: CommandName) -> CallBuilder {
        match self {
            Self::Peer(peer) => session.call(*peer, command),
            Self::Labels(tests) => session.call_labels(tests.clone(), command),
            Self::All => session.call_all(command),
        }
    }

    /// What is to be said where so many peers claim the labels and were not called.
    pub(super) fn uncounted(&self, claimed: u64) -> Option<String> {
        let Self::Labels(tests) = self else { return None };
        let peers = match claimed {
            0 => return None,
            1 => "1 peer claims".to_owned(),
            n => format!("{n} peers claim"),
        };
        Some(format!(
            "{peers} {tests}, but labels that peers give themselves do not count here (self-labels); \
             see 'bowline ls'"
        ))
    }

    /// The error of a target that means nobody.
    pub(super) fn nobody(&self) -> Failure {
        let message = match self {
            Self::Peer(peer) => format!("no peer is called '{peer}'"),
            Self::Labels(tests) => format!("no peer has the labels {tests}"),
            Self::All => "no peer serves this hub".to_owned(),
        };
        let message = format!("{message}; 'bowline ls' shows who is there");
        Failure::new(crate::exit::ABSENT, message)
    }
}

impl FromStr for Target {
    type Err = Failure;
    fn from_str(text: &str) -> Result<Self, Failure> {
        match text {
            "all" => Ok(Self::All),
            tests if tests.contains('=') => tests.parse().map(Self::Labels).map_err(Failure::usage),
            peer => peer.parse().map(Self::Peer).map_err(|error| {
                let other = "a target is a peer's id, label tests (role=web,zone=eu), or all";
                Failure::usage(format!("{error}; {other}"))
            }),
        }
    }
}

/// `NAME=VALUE` is named, everything else comes in its order.
pub(super) fn arguments(given: &[String]) -> Result<ArgumentsBuf, Failure> {
    let mut arguments = ArgumentsBuf::new();
    for text in given {
        let named = text.split_once('=').filter(|(name, _)| is_name(name));
        let added = match named {
            Some((name, value)) => arguments.named(name, Scalar::Text(value)),
            None => arguments.push_text(text),
        };
        added.map_err(|error| Failure::usage(format!("argument '{text}': {error}")))?;
    }
    Ok(arguments)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;

    #[test]
    fn an_argument_is_named_where_a_name_stands_before_the_sign() {
        let given = ["unit=nginx", "2+2=4", "=x", "plain", "a=b=c"].map(str::to_owned);
        let arguments = arguments(&given).unwrap();
        let arguments = arguments.as_arguments();
        let named: Vec<_> = arguments.named().map(|(k, v)| (k, v.text().unwrap())).collect();
        assert_eq!(named, [("a", "b=c"), ("unit", "nginx")]);
        let positional: Vec<_> = arguments.positional().map(|v| v.text().unwrap()).collect();
        assert_eq!(positional, ["2+2=4", "=x", "plain"]);
    }

    #[test]
    fn a_target_is_one_peer_or_tests_or_all_of_them() {
        let parse = |text: &str| text.parse::<Target>();
        assert_eq!(parse("web-1").unwrap(), Target::Peer("web-1".parse().unwrap()));
        assert_eq!(parse("all").unwrap(), Target::All);
        let tests: LabelTests = "zone=eu,role=web".parse().unwrap();
        assert_eq!(parse("role=web,zone=eu").unwrap(), Target::Labels(tests));
        for wrong in ["Web 1", "hub", "role=web,", "role=web,role=db", "=web", ""] {
            assert_eq!(parse(wrong).unwrap_err().code, exit::USAGE, "{wrong}");
        }
    }
}
