//! `bowline ls`.

use bowline_core::wire::value::Value;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args;
use crate::exit::{self, Failure};
use crate::{list, output};

pub(crate) async fn ls(runtime: &impl Runtime, options: args::Ls) -> Result<u8, Failure> {
    let rows = list::rows(runtime, &options.dial, "peers", object).await?;
    if options.json {
        rows.iter().try_for_each(output::line)?;
    } else {
        output::line(table(&rows))?;
        if rows.is_empty() {
            output::say("no peer has come yet; 'bowline peer' on another machine starts one");
        }
        if let Some(note) = uncounted(&rows) {
            output::say(note);
        }
    }
    Ok(exit::DONE)
}

/// One peer, with every field of the contract; what is not known is null.
fn object(entry: &Value<'_>) -> serde_json::Value {
    let text = |key: &str| list::text(entry, key);
    let number = |key: &str| list::number(entry, key);
    let commands: Vec<_> = entry
        .entry("commands")
        .and_then(|value| value.items())
        .map(|items| items.filter_map(|item| item.text().map(str::to_owned)).collect())
        .unwrap_or_default();
    json!({
        "id": text("id"),
        "state": text("state"),
        "labels": list::map(entry, "labels"),
        "claimed": list::map(entry, "claimed"),
        "commands": commands,
        "rtt_ms": number("rtt_us").map(|micros| micros as f64 / 1000.0),
        "since": number("since"),
        "agent": text("agent"),
        "remote": text("remote"),
        "method": text("method"),
        "role": text("role"),
    })
}

/// What is to be said of labels that stand in the list and do not count.
fn uncounted(rows: &[serde_json::Value]) -> Option<String> {
    let claims = |row: &&serde_json::Value| {
        row["claimed"].as_object().is_some_and(|claimed| !claimed.is_empty())
    };
    let (peers, verb) = match rows.iter().filter(claims).count() {
        0 => return None,
        1 => ("1 peer".to_owned(), "gives itself"),
        n => (format!("{n} peers"), "give themselves"),
    };
    Some(format!(
        "{peers} {verb} labels that do not count, in parentheses: join tokens give labels, or the \
         hub takes peers at their word (auth.self-labels)"
    ))
}

fn table(rows: &[serde_json::Value]) -> String {
    let mut table = list::table(["id", "state", "commands", "labels", "rtt", "since", "remote"]);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let joined = |values: Vec<String>| match values.is_empty() {
            true => "-".to_owned(),
            false => values.join(","),
        };
        let commands = row["commands"].as_array().into_iter().flatten();
        let labels = |key: &str| {
            let labels = row[key].as_object().into_iter().flatten();
            labels.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect::<Vec<_>>()
        };
        let claimed = labels("claimed").into_iter().map(|label| format!("({label})"));
        table.add_row([
            text("id"),
            text("state"),
            joined(commands.filter_map(|name| name.as_str().map(str::to_owned)).collect()),
            joined(labels("labels").into_iter().chain(claimed).collect()),
            row["rtt_ms"].as_f64().map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2} ms")),
            row["since"].as_i64().map_or_else(|| "-".to_owned(), list::ago),
            text("remote"),
        ]);
    }
    table.trim_fmt()
}
