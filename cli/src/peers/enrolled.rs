//! `bowline peers list`.

use bowline_core::wire::value::Value;
use bowline_shell::peer::Session;
use serde_json::json;

use crate::exit::Failure;
use crate::list::{self, number, text};
use crate::peers::{flag, revoked};
use crate::{date, output};

pub(super) async fn list(session: &Session, as_json: bool) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let page = |page: Value<'_>| list::entries(Some(page), "id", |entry| rows.push(object(entry)));
    list::pages(session, "peers", &[("which", "bound")], page).await?;
    if as_json {
        return rows.iter().try_for_each(output::line);
    }
    output::line(table(&rows))?;
    if rows.is_empty() {
        output::say("no id is bound to a key yet: the first peer that is admitted binds its own");
    }
    Ok(())
}

/// One peer, with every field; what is not known is null.
fn object(entry: &Value<'_>) -> serde_json::Value {
    json!({
        "id": text(entry, "id"),
        "state": text(entry, "state"),
        "serves": flag(entry, "serves"),
        "method": text(entry, "method"),
        "key": text(entry, "key"),
        "public_key": text(entry, "public_key"),
        "first_seen": number(entry, "first_seen"),
        "since": number(entry, "since"),
        "remote": text(entry, "remote"),
        "role": text(entry, "role"),
        "token": text(entry, "jti"),
        "revoked": revoked(entry),
    })
}

fn table(rows: &[serde_json::Value]) -> String {
    let mut table = list::table(["id", "state", "serves", "method", "role", "first seen", "key"]);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let serves = if row["serves"].as_bool() == Some(true) { "yes" } else { "no" };
        let first = row["first_seen"].as_u64().map_or_else(|| "-".to_owned(), date::utc);
        table.add_row([
            text("id"),
            if row["revoked"].is_null() { text("state") } else { "revoked".to_owned() },
            serves.to_owned(),
            text("method"),
            text("role"),
            first,
            text("key"),
        ]);
    }
    table.trim_fmt()
}
