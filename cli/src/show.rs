//! Names and values below each other, as people read them, and texts that are safe to show.

use std::borrow::Cow;

/// Lines of a name and a value, the values below each other. A name that is empty goes on with the
/// one before it.
pub(crate) fn pairs<N: AsRef<str>, V: AsRef<str>>(indent: usize, pairs: &[(N, V)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or(0);
    let lines: Vec<_> = pairs
        .iter()
        .map(|(name, value)| {
            let line = format!("{:indent$}{:width$}  {}", "", name.as_ref(), value.as_ref());
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// A list on one line, or a dash where it is empty.
pub(crate) fn list(items: &[String]) -> String {
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}

/// A text that a peer made up and that stands within a line, with every control character escaped.
pub(crate) fn plain(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// The text with whatever could drive a terminal escaped as JSON does it, so that JSON stays what
/// it is: control characters but for line feeds and tabs, and those that turn the direction of
/// writing around.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(drives) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| match drives(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

fn drives(c: char) -> bool {
    let turns = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other() {
        let text = pairs(2, &[("id", "web-1"), ("", "and more"), ("identity", "hub_a"), ("x", "")]);
        assert_eq!(text, "  id        web-1\n            and more\n  identity  hub_a\n  x");
        assert_eq!(pairs::<&str, &str>(0, &[]), "");
        assert_eq!(list(&[]), "-");
        assert_eq!(plain("a\u{1b}[2J\nö"), "a\\u{1b}[2J\\nö");
        assert_eq!(list(&["a".to_owned(), "b".to_owned()]), "a, b");
    }

    #[test]
    fn nothing_that_is_shown_drives_the_terminal() {
        assert_eq!(printable("a\tb\nc ä …"), "a\tb\nc ä …");
        assert_eq!(
            printable("\u{1b}[2J\r\u{0}\u{7f}\u{9b}\u{202e}"),
            "\\u001b[2J\\u000d\\u0000\\u007f\\u009b\\u202e"
        );
        // JSON leaves these two as they are; what is escaped says the same.
        let json = serde_json::json!("\u{7f}\u{2066}");
        let shown = printable(&json.to_string()).into_owned();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }
}
