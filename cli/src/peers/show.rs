//! `bowline peers show`.

use bowline_core::capability::Capabilities;
use bowline_core::id::PeerId;
use bowline_core::wire::value::Value;
use bowline_shell::peer::Session;
use serde_json::json;

use crate::exit::{self, Failure};
use crate::list::{ask, map, number, text, texts};
use crate::peers::{flag, revoked};
use crate::{date, output, show};

pub(super) async fn show(session: &Session, peer: PeerId, as_json: bool) -> Result<(), Failure> {
    let mut told = serde_json::Value::Null;
    let mut after: Option<String> = None;
    loop {
        let mut given = vec![("id", peer.as_str())];
        given.extend(after.as_deref().map(|after| ("after", after)));
        let finished = ask(session, "peer", &given).await?;
        let Some(value) = finished.value() else {
            return Err(Failure::new(exit::FAILURES, "the hub told nothing of this peer"));
        };
        if told.is_null() {
            told = object(&value);
        }
        let page = commands(&value);
        let last = page.last().and_then(|command| command["name"].as_str().map(str::to_owned));
        if let Some(all) = told["commands"].as_array_mut() {
            all.extend(page);
        }
        if flag(&value, "more") != Some(true) || last.is_none() || last == after {
            break;
        }
        after = last;
    }
    if as_json {
        return output::line(&told);
    }
    output::line(spelled(&told))
}

/// All but the commands; what is not known is null.
fn object(value: &Value<'_>) -> serde_json::Value {
    json!({
        "id": text(value, "id"),
        "state": text(value, "state"),
        "ready": flag(value, "ready"),
        "serves": flag(value, "serves"),
        "operating": number(value, "operating"),
        "method": text(value, "method"),
        "key": text(value, "key"),
        "public_key": text(value, "public_key"),
        "role": text(value, "role"),
        "capabilities": value.entry("capabilities").map(|_| texts(value, "capabilities")),
        "token": text(value, "jti"),
        "token_labels": map(value, "token_labels"),
        "issue": number(value, "issue"),
        "revoked": revoked(value),
        "first_seen": number(value, "first_seen"),
        "since": number(value, "since"),
        "session": text(value, "session"),
        "remote": text(value, "remote"),
        "agent": text(value, "agent"),
        "rtt_ms": number(value, "rtt_us").map(|micros| micros as f64 / 1000.0),
        "labels": map(value, "labels"),
        "claimed": map(value, "claimed"),
        "commands": [],
    })
}

/// The commands of one page, in the order of their names.
fn commands(value: &Value<'_>) -> Vec<serde_json::Value> {
    let description = |name: &str| {
        let descriptions = value.entry("descriptions")?;
        text(&descriptions, name)
    };
    let entries = value.entry("commands").and_then(|commands| commands.entries());
    let mut commands: Vec<_> = entries.into_iter().flatten().collect();
    commands.sort_unstable_by_key(|(name, _)| *name);
    commands
        .into_iter()
        .map(|(name, arguments)| {
            let arguments: Vec<_> = arguments.items().into_iter().flatten().collect();
            json!({
                "name": name,
                "description": description(name),
                "arguments": arguments.iter().map(argument).collect::<Vec<_>>(),
            })
        })
        .collect()
}

fn argument(value: &Value<'_>) -> serde_json::Value {
    let choices = value.entry("choices").and_then(|choices| choices.items());
    json!({
        "name": text(value, "name"),
        "type": text(value, "type"),
        "optional": flag(value, "optional"),
        "choices": choices.map(|all| {
            all.filter_map(|choice| choice.text().map(str::to_owned)).collect::<Vec<_>>()
        }),
    })
}

fn spelled(peer: &serde_json::Value) -> String {
    let text = |key: &str| peer[key].as_str().map(str::to_owned);
    let when = |key: &str| peer[key].as_u64().map(|unix| date::seen_from(date::now(), unix));
    let labels = |key: &str| {
        let labels = peer[key].as_object().into_iter().flatten();
        let labels: Vec<_> =
            labels.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
        (!labels.is_empty()).then(|| show::list(&labels))
    };
    let held = peer["capabilities"].as_array().into_iter().flatten();
    // What another version of the hub may know is left out, too.
    let held: Option<Capabilities> = (peer["capabilities"].is_array())
        .then(|| held.filter_map(|held| held.as_str()?.parse().ok()).collect());
    let revoked = peer["revoked"]["at"].as_u64().map(|at| {
        let reason = peer["revoked"]["reason"].as_str().unwrap_or("");
        format!("{}: {reason}", date::seen_from(date::now(), at))
    });
    let state = match (peer["state"].as_str(), peer["ready"].as_bool()) {
        (Some("online"), Some(false)) => Some("online, has not said what it serves".to_owned()),
        (state, _) => state.map(str::to_owned),
    };
    let others = peer["operating"].as_u64().filter(|n| *n > 0).map(|n| n.to_string());
    let lines = [
        ("id", text("id")),
        ("state", state),
        ("since", when("since")),
        ("remote", text("remote")),
        ("agent", text("agent")),
        ("round trip", peer["rtt_ms"].as_f64().map(|ms| format!("{ms:.2} ms"))),
        ("session", text("session")),
        ("operating", others),
        ("labels", labels("labels")),
        ("only claims", labels("claimed")),
        ("bound by", text("method")),
        ("first seen", when("first_seen")),
        ("key", text("public_key")),
        ("key pin", text("key")),
        ("role", text("role")),
        ("capabilities", held.as_ref().map(show::capabilities)),
        ("joined by", text("token").map(|jti| format!("token {jti}"))),
        ("its labels", labels("token_labels")),
        ("revoked", revoked),
    ];
    let known = lines.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut lines: Vec<(&str, String)> = known.collect();
    for (at, command) in peer["commands"].as_array().into_iter().flatten().enumerate() {
        let name = if at == 0 { "commands" } else { "" };
        lines.push((name, usage(command)));
    }
    show::pairs(0, &lines)
}

/// A command as it is typed: `restart unit=nginx|app [wait=integer]`, and what it does.
fn usage(command: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
    let mut line = text(&command["name"]);
    for argument in command["arguments"].as_array().into_iter().flatten() {
        let value = match argument["choices"].as_array() {
            Some(choices) => choices.iter().map(text).collect::<Vec<_>>().join("|"),
            None => text(&argument["type"]),
        };
        let typed = format!("{}={value}", text(&argument["name"]));
        line += &match argument["optional"].as_bool() {
            Some(true) => format!(" [{typed}]"),
            _ => format!(" {typed}"),
        };
    }
    match command["description"].as_str() {
        Some(description) if !description.is_empty() => format!("{line}: {description}"),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_spelled_as_it_is_typed() {
        let command = json!({
            "name": "restart",
            "description": "Restarts a unit",
            "arguments": [
                {"name": "unit", "type": "choice", "optional": false, "choices": ["nginx", "app"]},
                {"name": "wait", "type": "integer", "optional": true, "choices": null},
            ],
        });
        let spelled = "restart unit=nginx|app [wait=integer]: Restarts a unit";
        assert_eq!(usage(&command), spelled);
        assert_eq!(usage(&json!({"name": "up", "description": "", "arguments": []})), "up");
    }
}
