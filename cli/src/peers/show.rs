//! `bowline peers show`.

use bowline_core::capability::Capabilities;
use bowline_core::control::{
    DeclaredArgument, Enrolled, LabelMap, PeerDetail, PeerEntry, PeerRequest, Presence, Word,
};
use bowline_core::id::{CommandName, PeerId};
use bowline_shell::peer::Session;
use serde_json::{Value, json};

use crate::exit::{self, Failure};
use crate::peers::revoked;
use crate::{date, list, output, show};

pub(super) async fn show(session: &Session, peer: PeerId, as_json: bool) -> Result<(), Failure> {
    let mut pages = session.hub().pages(PeerRequest { id: peer, after: None });
    let Some(mut peer) = pages.next().await? else {
        return Err(Failure::new(exit::FAILURES, "the hub told nothing of this peer"));
    };
    while let Some(more) = pages.next().await? {
        peer.commands.get_or_insert_default().extend(more.commands.unwrap_or_default());
        peer.descriptions.get_or_insert_default().extend(more.descriptions.unwrap_or_default());
    }
    if as_json { output::line(object(&peer)) } else { output::line(spelled(&peer)) }
}

/// Every field; what is not known is null.
fn object(detail: &PeerDetail) -> Value {
    let peer = &detail.peer;
    let (session, binding) = (peer.session.as_ref(), peer.binding.as_ref());
    let enrolled = peer.enrolment.as_ref();
    let commands: Vec<_> = commands(detail)
        .map(|(name, description, arguments)| {
            json!({
                "name": name.as_str(),
                "description": description,
                "arguments": arguments.iter().map(argument).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "id": peer.id.as_str(),
        "state": peer.state.to_string(),
        "ready": session.map(|session| session.ready),
        "serves": binding.map(|binding| binding.serves),
        "operating": detail.operating,
        "method": binding.map(|binding| binding.method.to_string()),
        "key": binding.map(|binding| binding.key.to_string()),
        "public_key": binding.map(|binding| &binding.public_key),
        "role": enrolled.map(|enrolled| enrolled.role.to_string()),
        "capabilities": enrolled.map(|enrolled| show::texts(&enrolled.capabilities)),
        "token": enrolled.map(|enrolled| enrolled.jti.to_string()),
        "token_labels": enrolled.map(|enrolled| enrolled.token_labels.clone()).unwrap_or_default(),
        "issue": enrolled.map(|enrolled| enrolled.issue),
        "revoked": revoked(peer),
        "first_seen": binding.map(|binding| binding.first_seen),
        "since": peer.since,
        "session": session.map(|session| &session.session),
        "remote": session.map(|session| &session.remote),
        "agent": session.map(|session| &session.agent),
        "rtt_ms": session.and_then(list::round_trip),
        "labels": peer.labels.clone().unwrap_or_default(),
        "claimed": peer.claimed.clone().unwrap_or_default(),
        "commands": commands,
    })
}

/// Commands in the order of their names, with their descriptions and arguments.
fn commands(
    detail: &PeerDetail,
) -> impl Iterator<Item = (&CommandName, Option<&str>, &[DeclaredArgument])> {
    detail.commands.iter().flatten().map(|(name, arguments)| {
        let description = detail.descriptions.as_ref().and_then(|all| all.get(name));
        (name, description.map(String::as_str), &arguments[..])
    })
}

fn argument(argument: &DeclaredArgument) -> Value {
    json!({
        "name": argument.name,
        "type": argument.kind,
        "optional": argument.optional,
        "choices": argument.choices,
    })
}

fn spelled(detail: &PeerDetail) -> String {
    let peer = &detail.peer;
    let (session, binding) = (peer.session.as_ref(), peer.binding.as_ref());
    let enrolled = peer.enrolment.as_ref();
    let when = |unix: u64| date::seen_from(date::now(), unix);
    let labels = |labels: Option<&LabelMap>| {
        let labels = show::labels(labels);
        (!labels.is_empty()).then(|| show::list(&labels))
    };
    let others = Some(detail.operating).filter(|n| *n > 0).map(|n| n.to_string());
    let revoked = peer.revoked.as_ref();
    let lines = [
        ("id", Some(peer.id.to_string())),
        ("state", Some(state(peer))),
        ("since", peer.since.map(when)),
        ("remote", session.map(|session| session.remote.clone())),
        ("agent", session.map(|session| session.agent.clone())),
        ("round trip", session.and_then(list::round_trip).map(list::millis)),
        ("session", session.map(|session| session.session.clone())),
        ("operating", others),
        ("labels", labels(peer.labels.as_ref())),
        ("only claims", labels(peer.claimed.as_ref())),
        ("bound by", binding.map(|binding| binding.method.to_string())),
        ("first seen", binding.map(|binding| when(binding.first_seen))),
        ("key", binding.map(|binding| binding.public_key.clone())),
        ("key pin", binding.map(|binding| binding.key.to_string())),
        ("role", enrolled.map(|enrolled| enrolled.role.to_string())),
        ("capabilities", enrolled.map(capabilities)),
        ("joined by", enrolled.map(|enrolled| format!("token {}", enrolled.jti))),
        ("its labels", labels(enrolled.map(|enrolled| &enrolled.token_labels))),
        ("revoked", revoked.map(|revoked| format!("{}: {}", when(revoked.at), revoked.reason))),
    ];
    let known = lines.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut lines: Vec<(&str, String)> = known.collect();
    for (at, (name, description, arguments)) in commands(detail).enumerate() {
        lines.push((if at == 0 { "commands" } else { "" }, usage(name, description, arguments)));
    }
    show::pairs(0, &lines)
}

fn state(peer: &PeerEntry) -> String {
    match &peer.session {
        Some(session) if !session.ready && peer.state.is(Presence::Online) => {
            "online, has not said what it serves".to_owned()
        }
        _ => peer.state.to_string(),
    }
}

/// What another version of the hub may know is left out.
fn capabilities(enrolled: &Enrolled) -> String {
    let known = enrolled.capabilities.iter().filter_map(|held| match held {
        Word::Known(held) => Some(*held),
        Word::Other(_) => None,
    });
    show::capabilities(&known.collect::<Capabilities>())
}

/// A command as it is typed: `restart unit=nginx|app [wait=integer]`, and what it does.
fn usage(name: &CommandName, description: Option<&str>, arguments: &[DeclaredArgument]) -> String {
    let mut line = name.to_string();
    for DeclaredArgument { name, kind, optional, choices, .. } in arguments {
        let value = choices.as_ref().map_or_else(|| kind.clone(), |choices| choices.join("|"));
        line += &match optional {
            true => format!(" [{name}={value}]"),
            false => format!(" {name}={value}"),
        };
    }
    match description {
        Some(description) if !description.is_empty() => format!("{line}: {description}"),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use bowline_core::control::field::Item;
    use bowline_core::wire::value::{ValueBuf, ValueError};

    use super::*;

    #[test]
    fn a_command_is_spelled_as_it_is_typed() -> Result<(), ValueError> {
        let choices = ["nginx", "app"].map(ValueBuf::text);
        let unit = [
            ("name", ValueBuf::text("unit")),
            ("type", ValueBuf::text("choice")),
            ("optional", ValueBuf::boolean(false)),
            ("choices", ValueBuf::array(choices)?),
        ];
        let wait = [
            ("name", ValueBuf::text("wait")),
            ("type", ValueBuf::text("integer")),
            ("optional", ValueBuf::boolean(true)),
        ];
        let arguments = ValueBuf::array([ValueBuf::map(unit)?, ValueBuf::map(wait)?])?;
        let arguments: Vec<DeclaredArgument> = Item::read(arguments.as_value()).unwrap();
        let typed = usage(&"restart".parse().unwrap(), Some("Restarts a unit"), &arguments);
        assert_eq!(typed, "restart unit=nginx|app [wait=integer]: Restarts a unit");
        assert_eq!(usage(&"up".parse().unwrap(), Some(""), &[]), "up");
        Ok(())
    }
}
