//! Lists of the hub: their pages, what stands in an entry, a table of them.

use std::time::{SystemTime, UNIX_EPOCH};

use bowline_core::text::Escaped;
use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{ArgumentsBuf, Scalar, Value};
use bowline_shell::call::Finished;
use bowline_shell::notice::Observer;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;
use comfy_table::presets;
use serde_json::{Map, json};

use crate::args::Dial;
use crate::exit::{self, Failure};
use crate::operator;

/// Pages of one list, at most. A hub of a million peers needs fewer.
const PAGES: usize = 100_000;
/// Bytes of all pages of one list together, at most (256 MiB).
const BYTES: usize = 256 << 20;

/// Calls one of the hub's own commands with these named arguments.
pub(crate) async fn ask(
    session: &Session,
    command: &str,
    named: &[(&str, &str)],
) -> Result<Finished, Failure> {
    let mut arguments = ArgumentsBuf::new();
    for (name, value) in named {
        arguments.named(name, Scalar::Text(value)).map_err(Failure::usage)?;
    }
    let name = command.parse().map_err(Failure::usage)?;
    let finished = session.call_hub(name).arguments(arguments).start().finished().await;
    match finished.status {
        Status::Failed(code) => Err(Failure::call(code, &finished)),
        _ => Ok(finished),
    }
}

/// All of a list that is told apart by its ids, an object for each entry, by a session of its own.
pub(crate) async fn rows(
    runtime: &impl Runtime,
    dial: &Dial,
    command: &str,
    object: fn(&Value<'_>) -> serde_json::Value,
) -> Result<Vec<serde_json::Value>, Failure> {
    rows_by(runtime, dial, command, "id", object).await
}

/// The same of a list that is told apart by another key.
pub(crate) async fn rows_by(
    runtime: &impl Runtime,
    dial: &Dial,
    command: &str,
    key: &str,
    object: fn(&Value<'_>) -> serde_json::Value,
) -> Result<Vec<serde_json::Value>, Failure> {
    let session = operator::connect(runtime, dial, Observer::default()).await?;
    let mut rows = Vec::new();
    let page = |page: Value<'_>| entries(Some(page), key, |entry| rows.push(object(entry)));
    pages(&session, command, &[], page).await?;
    session.close();
    session.ended().await;
    Ok(rows)
}

/// Asks the hub for page after page of a list and gives each to `take`, which says what the next
/// page goes on behind; nothing ends it. A hub whose list does not end is left.
pub(crate) async fn pages(
    session: &Session,
    command: &str,
    named: &[(&str, &str)],
    mut take: impl FnMut(Value<'_>) -> Option<String>,
) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    let mut budget = Budget::default();
    loop {
        let behind = after.as_deref().map(|after| ("after", after));
        let named: Vec<_> = named.iter().copied().chain(behind).collect();
        let finished = ask(session, command, &named).await?;
        let bytes = finished.value.as_ref().map_or(0, Vec::len);
        let within = budget.page(bytes);
        let Some(last) = finished.value().filter(|_| within).and_then(&mut take) else {
            return if within { Ok(()) } else { Err(endless(command)) };
        };
        if after.as_ref() == Some(&last) {
            return Err(endless(command));
        }
        after = Some(last);
    }
}

/// What is left of the pages and bytes of one list.
struct Budget {
    pages: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { pages: PAGES, bytes: BYTES }
    }
}

impl Budget {
    /// A page of so many bytes came; whether the list may have it.
    fn page(&mut self, bytes: usize) -> bool {
        let left = self.pages.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        if let Some((pages, bytes)) = left {
            (self.pages, self.bytes) = (pages, bytes);
        }
        left.is_some()
    }
}

fn endless(command: &str) -> Failure {
    let message = format!(
        "the hub's list '{command}' does not come to its end: expected at most {PAGES} pages and \
         {} MiB, each page behind the one before; is it the hub that is meant?",
        BYTES >> 20
    );
    Failure::new(exit::FAILURES, message)
}

/// Gives each entry of a page to `take`; the last one's `key`, which the next page goes on behind.
pub(crate) fn entries(
    page: Option<Value<'_>>,
    key: &str,
    mut take: impl FnMut(&Value<'_>),
) -> Option<String> {
    let mut last = None;
    for entry in page.and_then(|page| page.items()).into_iter().flatten() {
        take(&entry);
        last = text(&entry, key);
    }
    last
}

/// The text at a key.
pub(crate) fn text(entry: &Value<'_>, key: &str) -> Option<String> {
    entry.entry(key)?.text().map(str::to_owned)
}

/// The texts of the list at a key.
pub(crate) fn texts(entry: &Value<'_>, key: &str) -> Vec<String> {
    let items = entry.entry(key).and_then(|list| list.items());
    items.into_iter().flatten().filter_map(|item| item.text().map(str::to_owned)).collect()
}

/// How many sessions ended, behind what was done.
pub(crate) fn sessions(ended: i64) -> String {
    match ended {
        0 => String::new(),
        1 => "; 1 session was ended".to_owned(),
        n => format!("; {n} sessions were ended"),
    }
}

/// The texts of the map at a key.
pub(crate) fn map(entry: &Value<'_>, key: &str) -> Map<String, serde_json::Value> {
    let entries = entry.entry(key).and_then(|map| map.entries());
    entries.into_iter().flatten().map(|(k, v)| (k.to_owned(), json!(v.text()))).collect()
}

/// The whole number at a key.
pub(crate) fn number(entry: &Value<'_>, key: &str) -> Option<i64> {
    match entry.entry(key)?.scalar()? {
        Scalar::Integer(number) => i64::try_from(number).ok(),
        _ => None,
    }
}

/// Rows below a header. Whoever wrote a cell, it stays within its row.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    pub(crate) fn add_row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells.map(|cell| Escaped(&cell).to_string()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn trim_fmt(&self) -> String {
        self.0.trim_fmt()
    }
}

/// A table with this header and no lines.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    // Nothing stands left of the first column.
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    Table(table)
}

/// How long ago a date was.
pub(crate) fn ago(unix: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seconds = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(unix).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_stranger_wrote_begins_no_row() {
        let mut rows = table(["id", "labels"]);
        rows.add_row(["a".to_owned(), "x=1\nb  role=db\u{1b}[A\u{2028}".to_owned()]);
        assert_eq!(rows.trim_fmt(), "id  labels\na   x=1\\nb  role=db\\u{1b}[A\\u{2028}");
    }

    #[test]
    fn a_list_may_have_as_many_pages_and_bytes_as_its_bounds_and_no_more() {
        let mut pages = Budget::default();
        assert!((0..PAGES).all(|_| pages.page(1)));
        assert!(!pages.page(0));
        let mut bytes = Budget::default();
        assert!(bytes.page(BYTES - 1) && bytes.page(1));
        assert!(!bytes.page(1));
    }
}
