//! A page of worked examples, as values by their names.

#![allow(dead_code, reason = "each page has its own test, which needs a part of this")]

pub(crate) mod given;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

/// The page's values and HTTP heads.
pub(crate) struct Page {
    values: BTreeMap<String, (String, Vec<u8>)>,
    heads: Vec<Vec<u8>>,
}

impl Page {
    /// The text of a page.
    pub(crate) fn of(text: &str) -> Self {
        let mut page = Self { values: BTreeMap::new(), heads: Vec::new() };
        for block in text.split("```").skip(1).step_by(2) {
            match block.split_once('\n').unwrap() {
                ("text", lines) => page.values_of(lines),
                ("http", lines) => page.heads.push(lines.replace('\n', "\r\n").into_bytes()),
                (other, _) => panic!("a block of '{other}'"),
            }
        }
        for head in &mut page.heads {
            head.extend(b"\r\n");
        }
        page
    }

    /// A value that is hexadecimal.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        &self.value(name).1
    }

    /// A value as it stands there.
    pub(crate) fn text(&self, name: &str) -> &str {
        &self.value(name).0
    }

    /// A head of HTTP, with its blank line.
    pub(crate) fn head(&self, number: usize) -> &[u8] {
        &self.heads[number]
    }

    fn value(&self, name: &str) -> &(String, Vec<u8>) {
        self.values.get(name).unwrap_or_else(|| panic!("the page has no '{name}'"))
    }

    /// A name at the margin; its value indented below it.
    fn values_of(&mut self, lines: &str) {
        let mut name = "";
        for line in lines.lines() {
            if !line.starts_with(' ') {
                name = line;
                let before = self.values.insert(name.to_owned(), Default::default());
                assert!(before.is_none(), "'{name}' twice");
                continue;
            }
            let said = line.split(';').next().unwrap_or_default();
            let (text, bytes) = self.values.get_mut(name).unwrap();
            text.extend(said.split_whitespace());
            *bytes = HEXLOWER.decode(text.as_bytes()).unwrap_or_default();
        }
    }
}

/// The bytes of hexadecimal digits.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    HEXLOWER.decode(digits.as_bytes()).unwrap()
}

/// Hexadecimal digits of bytes, for a difference that can be read.
pub(crate) fn spell(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
