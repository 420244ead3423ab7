//! `bowline key`: the keys that join tokens are signed with.

use bowline_core::wire::value::{ArgumentsBuf, Scalar, Value};
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::{self, Dial, KeyAction};
use crate::exit::{self, Failure};
use crate::list::{self, number, text};
use crate::{date, operator, output};

pub(crate) async fn key(runtime: &impl Runtime, options: args::Key) -> Result<u8, Failure> {
    match options.action {
        KeyAction::List { json, dial } => list(runtime, &dial, json).await?,
        KeyAction::Rotate { now, json, dial } => rotate(runtime, &dial, now, json).await?,
        KeyAction::Export { json: _, dial } => export(runtime, &dial).await?,
    }
    Ok(exit::DONE)
}

async fn list(runtime: &impl Runtime, dial: &Dial, as_json: bool) -> Result<(), Failure> {
    let finished = operator::ask(runtime, dial, "keys", ArgumentsBuf::new()).await?;
    let mut rows = Vec::new();
    list::entries(finished.value(), "kid", |entry| rows.push(object(entry)));
    if as_json {
        return rows.iter().try_for_each(output::line);
    }
    let mut table = list::table(["key", "state", "algorithm", "made", "until"]);
    let when = |unix: &serde_json::Value| unix.as_u64().map_or_else(|| "-".to_owned(), date::utc);
    for row in &rows {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let (created, until) = (when(&row["created"]), when(&row["until"]));
        table.add_row([text("kid"), text("state"), text("algorithm"), created, until]);
    }
    output::line(table.trim_fmt())
}

/// One key, with every field; what is not known is null.
fn object(entry: &Value<'_>) -> serde_json::Value {
    json!({
        "kid": text(entry, "kid"),
        "state": text(entry, "state"),
        "algorithm": text(entry, "algorithm"),
        "created": number(entry, "created"),
        "until": number(entry, "until"),
    })
}

async fn rotate(
    runtime: &impl Runtime,
    dial: &Dial,
    now: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let mut arguments = ArgumentsBuf::new();
    if now {
        arguments.named("now", Scalar::Boolean(true)).map_err(Failure::usage)?;
    }
    let finished = operator::ask(runtime, dial, "rotate-keys", arguments).await?;
    let value = finished.value();
    let kid = value.as_ref().and_then(|value| text(value, "kid")).unwrap_or_default();
    let void = value.as_ref().and_then(|value| number(value, "void")).unwrap_or(0);
    if as_json {
        return output::line(json!({"kid": kid, "void": void}));
    }
    output::line(&kid)?;
    output::say(match (now, void) {
        (false, _) => "this key signs from here on; what the ones before it signed holds until it \
                       ends"
            .to_owned(),
        (true, 0) => "this key signs from here on; no open token was lost".to_owned(),
        (true, 1) => "this key signs from here on; 1 open token admits nobody any more".to_owned(),
        (true, n) => format!("this key signs from here on; {n} open tokens admit nobody any more"),
    });
    Ok(())
}

async fn export(runtime: &impl Runtime, dial: &Dial) -> Result<(), Failure> {
    let finished = operator::ask(runtime, dial, "export-keys", ArgumentsBuf::new()).await?;
    let value = finished.value();
    let Some(set) = value.as_ref().and_then(|value| value.text()) else {
        return Err(Failure::new(exit::FAILURES, "the hub exported nothing and did not say why"));
    };
    output::line(set)
}
