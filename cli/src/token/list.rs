//! `bowline token list`.

use bowline_core::wire::value::Value;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::Dial;
use crate::exit::{self, Failure};
use crate::list::{self, number, text, texts};
use crate::{date, output, show};

pub(super) async fn list(
    runtime: &impl Runtime,
    dial: &Dial,
    as_json: bool,
) -> Result<u8, Failure> {
    let rows = list::rows_by(runtime, dial, "tokens", "jti", object).await?;
    if as_json {
        rows.iter().try_for_each(output::line)?;
        return Ok(exit::DONE);
    }
    output::line(table(&rows))?;
    if rows.is_empty() {
        output::say("the hub keeps no join token; 'bowline token issue --for NAME' makes one");
    }
    Ok(exit::DONE)
}

/// One token, with every field; what is not known is null.
fn object(entry: &Value<'_>) -> serde_json::Value {
    let caps = entry.entry("caps").map(|_| texts(entry, "caps"));
    json!({
        "jti": text(entry, "jti"),
        "state": text(entry, "state"),
        "for": text(entry, "for"),
        "role": text(entry, "role"),
        "capabilities": caps,
        "id": text(entry, "id"),
        "uses": number(entry, "uses"),
        "used": number(entry, "used"),
        "used_by": texts(entry, "used_by"),
        "issuer": text(entry, "issuer"),
        "kid": text(entry, "kid"),
        "issued": number(entry, "issued"),
        "ends": number(entry, "ends"),
        "revoked": number(entry, "revoked"),
    })
}

fn table(rows: &[serde_json::Value]) -> String {
    let mut table = list::table(["id", "state", "for", "role", "used", "by", "ends"]);
    let now = date::now();
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let by = row["used_by"].as_array().into_iter().flatten();
        let by: Vec<_> = by.filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let count = |key: &str| row[key].as_u64().unwrap_or(0);
        table.add_row([
            text("jti"),
            text("state"),
            text("for"),
            text("role"),
            format!("{}/{}", count("used"), count("uses")),
            show::list(&by),
            row["ends"].as_u64().map_or_else(|| "-".to_owned(), |ends| date::distance(now, ends)),
        ]);
    }
    table.trim_fmt()
}
