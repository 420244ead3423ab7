//! What to do about a hub that is not trusted. Lines below the sentence are to be copied: commands
//! for an operator, values for an author.

use std::borrow::Cow;

use bowline_core::id::HubId;
use bowline_core::trust::{ChainFault, Identities, Misconfiguration, TrustError};
use bowline_core::word::word;

use super::Audience;

pub(super) fn advice(error: &TrustError, audience: Audience) -> Cow<'static, str> {
    match error {
        TrustError::BadHello { .. } => "Something between here and the hub answers in its place, or \
                                        replays an old answer: stop and find out what."
            .into(),
        TrustError::IdentityMismatch { hub, expected, seen } => {
            another_identity(hub, expected, *seen, audience).into()
        }
        TrustError::KeyNotVouched { seen, .. } => format!(
            "Something between here and the hub serves a TLS key of its own: stop and find out what. \
             If it is a proxy in front of a hub without TLS, and the key seen is the proxy's, the \
             hub's configuration has to name both:\n  external-pins = [\"{seen}\"]\n  \
             trusted-proxies = [\"the proxy's address, as the hub sees it\"]"
        )
        .into(),
        TrustError::PinMismatch { hub, seen, .. } => match audience {
            Audience::CommandLine => format!(
                "Compare with the pin that 'bowline hub' prints there. If the key is another there \
                 too, stop and find out what answers in its place. If it is the one seen:\n  \
                 bowline trust pin {} {seen}",
                quoted(hub)
            ),
            Audience::Library => format!(
                "Compare with the hub's own pin. If the key is another there too, stop and find out \
                 what answers in its place. If it is the one seen, give it (PeerBuilder::pins):\n  \
                 {seen}"
            ),
        }
        .into(),
        TrustError::NotChained { fault, .. } => of_chain(fault).into(),
        TrustError::NothingToCheckBy { hub, .. } => match audience {
            Audience::CommandLine => format!(
                "Give pins or roots in the configuration, or pin the key that 'bowline hub' prints \
                 there:\n  bowline trust pin {} sha256/...",
                quoted(hub)
            )
            .into(),
            Audience::Library => {
                "Give pins or roots (PeerBuilder::pins, PeerBuilder::roots).".into()
            }
        },
        TrustError::UnknownHub { hub, id, .. } => match audience {
            Audience::CommandLine => format!(
                "Compare with what 'bowline hub' prints there. If they are the same:\n  \
                 bowline trust pin {} {id}",
                quoted(hub)
            ),
            Audience::Library => format!(
                "Compare with the hub's own identity. If they are the same, give it \
                 (PeerBuilder::hub_id):\n  {id}"
            ),
        }
        .into(),
        TrustError::Misconfigured { hub, what } => of_settings(*what, hub, audience),
        _ => "Stop and find out what answers in the hub's place.".into(),
    }
}

/// Each source of what was expected is mended in its own way.
fn another_identity(hub: &str, expected: &Identities, seen: HubId, audience: Audience) -> String {
    let (compare, hub) = match audience {
        Audience::CommandLine => ("what 'bowline hub' prints there", quoted(hub)),
        Audience::Library => ("the hub's own identity", hub.to_owned()),
    };
    let mut said = format!(
        "Another machine may be posing as the hub: stop and compare with {compare}. If the hub was \
         set up anew:"
    );
    let is_other = |id: Option<HubId>| id.is_some_and(|id| id != seen);
    if is_other(expected.stored) {
        said += &match audience {
            Audience::CommandLine => {
                format!("\n  bowline trust forget {hub}\n  bowline trust pin {hub} {seen}")
            }
            Audience::Library => format!("\n  forget what is kept of {hub} (TrustFile::forget)"),
        };
    }
    if is_other(expected.configured) {
        said += &match audience {
            Audience::CommandLine => format!("\n  set hub-id = \"{seen}\""),
            Audience::Library => format!("\n  give it as {seen} (PeerBuilder::hub_id)"),
        };
    }
    if is_other(expected.token) {
        said += "\n  ask for a new token: the one in use is another hub's";
    }
    said
}

fn of_chain(fault: &ChainFault) -> &'static str {
    match fault {
        ChainFault::Expired { .. } | ChainFault::NotYetValid { .. } => {
            "Set the clock, or renew the hub's certificate."
        }
        ChainFault::Name { .. } => {
            "Dial the hub by a name that its certificate has, or give the certificate this name."
        }
        ChainFault::Issuer { .. } | ChainFault::Signature { .. } => {
            "Put the issuer's certificate in roots, or find out what answers in the hub's place."
        }
        // Another purpose, and what this version does not know.
        _ => "Give the hub a certificate for TLS servers.",
    }
}

fn of_settings(what: Misconfiguration, hub: &str, audience: Audience) -> Cow<'static, str> {
    match what {
        Misconfiguration::PinsWithPlain => match audience {
            Audience::CommandLine => format!(
                "Use tofu or strict, or give no pins. Those of 'trust pin' go, with all else that is \
                 kept, by\n  bowline trust forget {}",
                quoted(hub)
            )
            .into(),
            Audience::Library => "Use tofu or strict, or give no pins. Those that are kept go, with \
                                  all else that is, by TrustFile::forget."
                .into(),
        },
        Misconfiguration::RootsWithPlain => "Use strict, or give no roots.".into(),
        Misconfiguration::RootsWithTofu => "Use strict, or give pins in place of roots.".into(),
        Misconfiguration::PlainOverTls => {
            "Use ws:// with plain, wss:// with tofu and strict.".into()
        }
        Misconfiguration::NoTls => "Use wss:// with tofu and strict, ws:// with plain.".into(),
        _ => "Mend the settings for trusting the hub.".into(),
    }
}

/// The hub as one word of a command.
fn quoted(hub: &str) -> String {
    word(hub.as_bytes())
}
