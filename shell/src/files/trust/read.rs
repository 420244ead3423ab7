//! The text of `trust.toml`: the part of TOML 1.0 that stands in such a file.
//!
//! ```text
//! [hub."hub.example:7777/link"]      a table for each hub
//! pin = "sha256/…"                   text in quotes of either kind
//! generation = 3                     a whole number
//! pinned = ["sha256/…"]              an array of text, over several lines if need be
//! ```
//!
//! Anything else is refused with its line: a file that is not understood must not be written over.
//! What is read here means the same to any reader of TOML; the tests hold it to one.

use core::fmt::Display;
use core::str::FromStr;
use std::collections::BTreeMap;

/// What is wrong with a file, and where.
pub(super) struct Fault {
    line: usize,
    reason: String,
}

impl Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// The table of one hub, emptied as it is read.
pub(super) struct TrustTable {
    pub(super) name: String,
    line: usize,
    values: BTreeMap<String, (usize, Value)>,
    known: Vec<&'static str>,
}

enum Value {
    Text(String),
    Number(i64),
    List(Vec<String>),
}

impl TrustTable {
    /// Text, parsed as a `T`.
    pub(super) fn text<T>(&mut self, key: &'static str) -> Result<Option<T>, Fault>
    where
        T: FromStr<Err: Display>,
    {
        let Some((line, value)) = self.take(key) else { return Ok(None) };
        let Value::Text(text) = value else {
            return Err(self.wrong(line, key, "expected text in quotes"));
        };
        text.parse().map(Some).map_err(|error| self.wrong(line, key, error))
    }

    /// A number that is not negative; 0 where there is none.
    pub(super) fn number(&mut self, key: &'static str) -> Result<u64, Fault> {
        match self.take(key) {
            None => Ok(0),
            Some((line, Value::Number(number))) => number
                .try_into()
                .map_err(|_| self.wrong(line, key, "expected a number that is not negative")),
            Some((line, Value::Text(_) | Value::List(_))) => {
                Err(self.wrong(line, key, "expected a whole number"))
            }
        }
    }

    /// An array of text, each parsed as a `T`; empty where there is none.
    pub(super) fn list<T>(&mut self, key: &'static str) -> Result<Vec<T>, Fault>
    where
        T: FromStr<Err: Display>,
    {
        let Some((line, value)) = self.take(key) else { return Ok(Vec::new()) };
        let Value::List(list) = value else {
            return Err(self.wrong(line, key, "expected an array of text"));
        };
        let parse = |text: String| text.parse().map_err(|error| self.wrong(line, key, error));
        list.into_iter().map(parse).collect()
    }

    /// Refuses a key that nothing asked for.
    pub(super) fn end(self) -> Result<(), Fault> {
        let Some((key, (line, _))) = self.values.iter().min_by_key(|(_, (line, _))| line) else {
            return Ok(());
        };
        let known = self.known.join(", ");
        let reason = format!("unknown key 'hub.{}.{key}'; known here: {known}", self.name);
        Err(Fault { line: *line, reason })
    }

    fn take(&mut self, key: &'static str) -> Option<(usize, Value)> {
        self.known.push(key);
        self.values.remove(key)
    }

    /// A complaint about the table as a whole.
    pub(super) fn complain(&self, reason: impl Display) -> Fault {
        Fault { line: self.line, reason: format!("'hub.{}': {reason}", self.name) }
    }

    fn wrong(&self, line: usize, key: &str, reason: impl Display) -> Fault {
        Fault { line, reason: format!("'hub.{}.{key}': {reason}", self.name) }
    }
}

/// The tables of a file, in its order; none has the name of another.
pub(super) fn tables(text: &str) -> Result<Vec<TrustTable>, Fault> {
    let mut cursor = Cursor { rest: text, line: 1 };
    let mut tables: Vec<TrustTable> = Vec::new();
    loop {
        cursor.blank_lines()?;
        let line = cursor.line;
        if cursor.rest.is_empty() {
            return Ok(tables);
        }
        if cursor.eat("[") {
            let name = cursor.heading()?;
            if tables.iter().any(|table| table.name == name) {
                return Err(cursor.fault(&format!("'hub.{name}' is here twice")));
            }
            tables.push(TrustTable { name, line, values: BTreeMap::new(), known: Vec::new() });
        } else {
            let key = cursor.key()?;
            cursor.expect("=")?;
            let value = cursor.value()?;
            let Some(table) = tables.last_mut() else {
                return Err(Fault { line, reason: format!("unknown key '{key}'") });
            };
            if table.values.contains_key(&key) {
                return Err(table.wrong(line, &key, "it is here twice"));
            }
            table.values.insert(key, (line, value));
        }
        cursor.end_of_line()?;
    }
}

/// What has not been read yet.
struct Cursor<'t> {
    rest: &'t str,
    /// Counted from 1.
    line: usize,
}

impl<'t> Cursor<'t> {
    fn fault(&self, reason: &str) -> Fault {
        Fault { line: self.line, reason: reason.to_owned() }
    }

    fn eat(&mut self, what: &str) -> bool {
        self.rest.strip_prefix(what).inspect(|rest| self.rest = rest).is_some()
    }

    fn take_while(&mut self, is_wanted: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !is_wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t'));
    }

    /// This, with blanks on both sides of it.
    fn expect(&mut self, what: &str) -> Result<(), Fault> {
        self.blanks();
        if !self.eat(what) {
            return Err(self.fault(&format!("expected '{what}'")));
        }
        self.blanks();
        Ok(())
    }

    /// Blanks and a comment, to the end of the line or of the file.
    fn end_of_line(&mut self) -> Result<(), Fault> {
        self.blanks();
        if self.eat("#") {
            self.take_while(|c| c == '\t' || !c.is_control());
        }
        if self.eat("\n") || self.eat("\r\n") {
            self.line += 1;
        } else if !self.rest.is_empty() {
            return Err(self.fault("expected the end of the line"));
        }
        Ok(())
    }

    /// Lines that say nothing.
    fn blank_lines(&mut self) -> Result<(), Fault> {
        self.blanks();
        while self.rest.starts_with(['#', '\n', '\r']) {
            self.end_of_line()?;
            self.blanks();
        }
        Ok(())
    }

    /// The name in `[hub.NAME]`, behind the first bracket.
    fn heading(&mut self) -> Result<String, Fault> {
        self.blanks();
        let outer = self.key()?;
        if outer != "hub" {
            return Err(self.fault(&format!("unknown key '{outer}'; known here: hub")));
        }
        self.expect(".")?;
        let name = self.key()?;
        self.expect("]")?;
        Ok(name)
    }

    fn key(&mut self) -> Result<String, Fault> {
        if let Some(text) = self.text()? {
            return Ok(text);
        }
        match self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            "" => Err(self.fault("expected a key")),
            key => Ok(key.to_owned()),
        }
    }

    fn value(&mut self) -> Result<Value, Fault> {
        if let Some(text) = self.text()? {
            return Ok(Value::Text(text));
        }
        if self.eat("[") {
            return self.list().map(Value::List);
        }
        let number = self.take_while(|c| c.is_ascii_digit() || c == '-');
        let has_leading_zero = number.trim_start_matches('-').starts_with('0') && number != "0";
        match number.parse() {
            Ok(number) if !has_leading_zero => Ok(Value::Number(number)),
            _ => Err(self.fault("expected text in quotes, a whole number or an array of text")),
        }
    }

    /// An array, behind its first bracket.
    fn list(&mut self) -> Result<Vec<String>, Fault> {
        let mut list = Vec::new();
        loop {
            self.blank_lines()?;
            if self.eat("]") {
                return Ok(list);
            }
            let text = self.text()?.ok_or_else(|| self.fault("expected text in quotes"))?;
            list.push(text);
            self.blank_lines()?;
            if !self.eat(",") && !self.rest.starts_with(']') {
                return Err(self.fault("expected ',' or ']'"));
            }
        }
    }

    /// Text in quotes of either kind, if it is there.
    fn text(&mut self) -> Result<Option<String>, Fault> {
        let open = |c: char| move |next: char| next != c && (next == '\t' || !next.is_control());
        if self.eat("'") {
            let text = self.take_while(open('\'')).to_owned();
            return self.closed("'").map(|()| Some(text));
        }
        if !self.eat("\"") {
            return Ok(None);
        }
        let is_plain = open('"');
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != '\\' && is_plain(c)));
            if !self.eat("\\") {
                return self.closed("\"").map(|()| Some(text));
            }
            text.push(self.escape().ok_or_else(|| self.fault("an unknown escape in text"))?);
        }
    }

    fn closed(&mut self, quote: &str) -> Result<(), Fault> {
        if self.eat(quote) { Ok(()) } else { Err(self.fault("text that is not closed")) }
    }

    /// The character that is meant by what follows a backslash.
    fn escape(&mut self) -> Option<char> {
        let kind = self.rest.chars().next()?;
        self.rest = &self.rest[kind.len_utf8()..];
        let digits = match kind {
            '"' | '\\' => return Some(kind),
            'b' => return Some('\u{8}'),
            't' => return Some('\t'),
            'n' => return Some('\n'),
            'f' => return Some('\u{c}'),
            'r' => return Some('\r'),
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let (code, rest) = self.rest.split_at_checked(digits)?;
        if !code.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.rest = rest;
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }
}

#[cfg(test)]
mod tests;
