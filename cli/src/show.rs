//! Names and values below each other, as people read them.

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

/// A text that a peer made up, with every control character escaped: it could drive a terminal.
pub(crate) fn plain(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// JSON as JSON, with every control character escaped: some are not, and could drive a terminal.
pub(crate) fn printable(json: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(escaped).collect()
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
}
