//! Names and values below each other, as people read them, and texts that are safe to show.

use std::borrow::Cow;
use std::path::Path;

use bowline_core::capability::Capabilities;
use bowline_core::control::LabelMap;
use bowline_core::text::{Escaped, is_unsafe};

/// Lines of a name and a value, the values below each other. A name that is empty goes on with the
/// one before it. Whoever wrote them, a pair is one line.
pub(crate) fn pairs<N: AsRef<str>, V: AsRef<str>>(indent: usize, pairs: &[(N, V)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or(0);
    let lines: Vec<_> = pairs
        .iter()
        .map(|(name, value)| {
            let (name, value) = (Escaped(name.as_ref()).to_string(), Escaped(value.as_ref()));
            let line = format!("{:indent$}{name:width$}  {value}", "");
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// So many of something: the word is that of one, whose plural ends with an s.
pub(crate) fn count(number: impl TryInto<u64>, word: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {word}"),
        Ok(number) => format!("{number} {word}s"),
        // Less than none, which nobody counts.
        Err(_) => format!("? {word}s"),
    }
}

/// A path within a line, whatever is in its name.
pub(crate) fn path(path: impl AsRef<Path>) -> String {
    Escaped(&path.as_ref().display().to_string()).to_string()
}

/// A list on one line, or a dash where it is empty.
pub(crate) fn list(items: &[String]) -> String {
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}

/// What each of them is shown as.
pub(crate) fn texts(items: &[impl ToString]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// Labels as they are typed, in the order of their names.
pub(crate) fn labels(labels: Option<&LabelMap>) -> Vec<String> {
    labels.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect()
}

/// What may be done: what awaits a part that this version does not have is not said to be there.
pub(crate) fn capabilities(held: &Capabilities) -> String {
    list(&texts(&held.in_force().iter().collect::<Vec<_>>()))
}

/// The text with whatever could drive a terminal escaped as JSON does it, so that JSON stays what
/// it is. Line feeds and tabs stay: they are the lines of a message of ours.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_unsafe(c) && !matches!(c, '\n' | '\t'))
}

/// The same, and line feeds and tabs too: what was typed stands within a line.
pub(crate) fn typed(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            shown.extend(units.map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
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
        assert_eq!(pairs(0, &[("a\n", "a\u{1b}[2J\nö")]), "a\\n  a\\u{1b}[2J\\nö");
        assert_eq!(list(&["a".to_owned(), "b".to_owned()]), "a, b");
    }

    #[test]
    fn nothing_that_is_shown_drives_the_terminal() {
        assert_eq!(printable("a\tb\nc ä …"), "a\tb\nc ä …");
        assert_eq!(typed("a\tb\nc ä …"), "a\\u0009b\\u000ac ä …");
        assert_eq!(
            printable("\u{1b}[2J\r\u{0}\u{7f}\u{9b}\u{202e}"),
            "\\u001b[2J\\u000d\\u0000\\u007f\\u009b\\u202e"
        );
        // JSON leaves these as they are; what is escaped says the same.
        let json = serde_json::json!("\u{7f}\u{2066}\u{e0041}");
        let shown = printable(&json.to_string()).into_owned();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }
}
