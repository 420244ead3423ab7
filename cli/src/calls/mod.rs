//! `bowline calls`: what runs, how it ended, what was kept of it.

mod leg;
mod show;

use bowline_core::wire::value::{Scalar, Value};
use bowline_shell::notice::Observer;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::{self, CallsAction};
use crate::exit::{self, Failure};
use crate::{list, operator, output};

pub(crate) async fn calls(runtime: &impl Runtime, options: args::Calls) -> Result<u8, Failure> {
    match options.action {
        CallsAction::List(options) => list(runtime, options).await,
        CallsAction::Show(options) => show::show(runtime, options).await,
        CallsAction::Cancel(options) => cancel(runtime, options).await,
    }
}

async fn list(runtime: &impl Runtime, options: args::CallsList) -> Result<u8, Failure> {
    let rows = list::rows(runtime, &options.dial, "calls", object).await?;
    if options.json {
        rows.iter().try_for_each(output::line)?;
    } else {
        output::line(table(&rows))?;
    }
    Ok(exit::DONE)
}

async fn cancel(runtime: &impl Runtime, options: args::CallsCancel) -> Result<u8, Failure> {
    let call = options.call;
    let session = operator::connect(runtime, &options.dial, Observer::default()).await?;
    let finished = list::ask(&session, "cancel-call", &[("id", &call)]).await?;
    session.close();
    session.ended().await;
    let was_running =
        finished.value().and_then(|value| value.scalar()) == Some(Scalar::Boolean(true));
    if options.json {
        output::line(json!({"call": call, "was_running": was_running}))?;
    } else if was_running {
        output::say(format_args!(
            "{call} is told to stop; 'bowline calls show {call}' says how it ends"
        ));
    } else {
        output::say(format_args!("{call} had ended already"));
    }
    Ok(exit::DONE)
}

/// One call, with every field of the contract; what is not known is null.
fn object(entry: &Value<'_>) -> serde_json::Value {
    let text = |key: &str| list::text(entry, key);
    let number = |key: &str| list::number(entry, key);
    json!({
        "id": text("id"),
        "state": text("state"),
        "command": text("command"),
        "target": entry.entry("target").and_then(|target| typed(&target)),
        "caller": text("caller"),
        "delivery": text("delivery"),
        "started": number("started"),
        "ended": number("ended"),
        "targets": number("targets"),
        "answered": number("answered"),
        "failed": number("failed"),
        "missing": number("missing"),
    })
}

/// A target as it is typed: a peer's id, label tests, or all.
fn typed(target: &Value<'_>) -> Option<String> {
    let Some(tests) = target.entries() else { return target.text().map(str::to_owned) };
    let mut tests: Vec<_> = tests
        .filter_map(|(name, value)| value.text().map(|value| format!("{name}={value}")))
        .collect();
    tests.sort_unstable();
    Some(tests.join(","))
}

fn table(rows: &[serde_json::Value]) -> String {
    let mut table = list::table([
        "id", "state", "command", "target", "caller", "peers", "answered", "failed", "missing",
        "started",
    ]);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let number = |key: &str| row[key].as_i64().map_or("-".to_owned(), |n| n.to_string());
        table.add_row([
            text("id"),
            text("state"),
            text("command"),
            text("target"),
            text("caller"),
            number("targets"),
            number("answered"),
            number("failed"),
            number("missing"),
            row["started"].as_i64().map_or("-".to_owned(), list::ago),
        ]);
    }
    table.trim_fmt()
}
