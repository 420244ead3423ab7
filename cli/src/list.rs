//! Tables, and what stands in their cells.

use std::time::{SystemTime, UNIX_EPOCH};

use bowline_core::control::PeerSession;
use bowline_core::text::Escaped;
use comfy_table::presets;

/// How many sessions ended, behind what was done.
pub(crate) fn sessions(ended: u64) -> String {
    match ended {
        0 => String::new(),
        1 => "; 1 session was ended".to_owned(),
        n => format!("; {n} sessions were ended"),
    }
}

/// Milliseconds of a session's last round trip.
pub(crate) fn round_trip(session: &PeerSession) -> Option<f64> {
    session.rtt_us.map(|micros| micros as f64 / 1000.0)
}

/// Milliseconds, for a person.
pub(crate) fn millis(millis: f64) -> String {
    format!("{millis:.2} ms")
}

/// A value, or a dash where there is none.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
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
pub(crate) fn ago(unix: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seconds = now.saturating_sub(unix);
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
}
