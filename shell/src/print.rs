//! TOML as we write it: one key a line, text always in basic quotes.

use core::fmt::{Display, Write};

/// `text` as a TOML basic string (TOML 1.0, "String"); good as a key and as a value.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// An array of text.
pub(crate) fn array<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| quote(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// A document in the making.
#[derive(Default)]
pub(crate) struct Printer {
    text: String,
    /// A table's heading that is written as soon as something stands below it.
    heading: Option<String>,
}

impl Printer {
    /// Begins the table `name`, or the top where it is empty. An empty table is left out.
    pub(crate) fn open(&mut self, name: &str) {
        self.heading = (!name.is_empty()).then(|| format!("[{}]", key(name)));
    }

    /// A table's heading, an empty line above it.
    pub(crate) fn table(&mut self, path: &[&str]) {
        let path: Vec<_> = path.iter().map(|name| key(name)).collect();
        self.heading = None;
        self.head(&format!("[{}]", path.join(".")));
    }

    fn head(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(heading);
        self.text.push('\n');
    }

    /// A key with a value that needs no quotes.
    pub(crate) fn bare(&mut self, name: &str, value: impl Display) {
        if let Some(heading) = self.heading.take() {
            self.head(&heading);
        }
        self.text.push_str(&format!("{} = {value}\n", key(name)));
    }

    /// A key with text.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) {
        self.bare(name, quote(&value.to_string()));
    }

    /// A comment of one line.
    #[cfg(feature = "config")]
    pub(crate) fn comment(&mut self, text: impl Display) {
        self.text.push_str(&format!("# {text}\n"));
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// `name` as a key, quoted where it has to be.
pub(crate) fn key(name: &str) -> String {
    let bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare && !name.is_empty() { name.to_owned() } else { quote(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_reads_back_as_itself() {
        for text in ["", "plain", "a\"b\\c", "line\nbreak\ttab\u{7f}\u{0}", "ä 語 \u{85}"] {
            let mut printer = Printer::default();
            printer.table(&["a.b", text]);
            printer.text(text, text);
            let table: toml::Table = printer.finish().parse().unwrap();
            assert_eq!(table["a.b"][text][text].as_str(), Some(text), "{text:?}");
        }
    }
}
