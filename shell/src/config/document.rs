//! A TOML file, read key by key, so that every complaint names file, line and key.
//!
//! A [`Section`] is one table. Each read takes its key out and remembers the name; [`Section::end`]
//! refuses whatever is left, with the nearest of the names that were asked for. So the list of
//! known keys cannot drift from what is read.

use core::fmt::Display;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::config::ConfigError;
use crate::config::nearest::nearest;
use crate::files::shown;

/// A file's name and text, for telling where something stands.
pub(crate) struct Document<'i> {
    path: &'i Path,
    text: &'i str,
}

impl<'i> Document<'i> {
    pub(crate) fn new(path: &'i Path, text: &'i str) -> Self {
        Self { path, text }
    }

    /// The whole file as one table.
    pub(crate) fn root(&self) -> Result<Section<'_>, ConfigError> {
        let table = DeTable::parse(self.text).map_err(|error| ConfigError::Syntax {
            file: self.file(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
        Ok(Section {
            document: self,
            prefix: String::new(),
            table: table.into_inner(),
            known: Vec::new(),
            planned: Vec::new(),
        })
    }

    /// A path written in this file: relative to the file's own directory.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        let joined = self.path.parent().map_or_else(|| path.to_owned(), |dir| dir.join(path));
        // Fails only without a working directory; then the path stands as it was written.
        std::path::absolute(&joined).unwrap_or(joined)
    }

    fn file(&self) -> String {
        shown(self.path)
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|&byte| byte == b'\n').count()
    }
}

/// One table of a [`Document`], emptied as it is read.
pub(crate) struct Section<'d> {
    document: &'d Document<'d>,
    /// Empty, or the tables' names with a dot behind each.
    prefix: String,
    table: DeTable<'d>,
    known: Vec<&'static str>,
    planned: Vec<&'static str>,
}

/// A value and where it stands.
pub(crate) struct Entry<T> {
    pub(crate) value: T,
    at: usize,
    key: String,
}

impl<'d> Section<'d> {
    /// Keys that a later version reads: they are refused by name.
    pub(crate) fn planned(&mut self, keys: &[&'static str]) {
        self.planned.extend_from_slice(keys);
    }

    /// Text, parsed as a `T`.
    pub(crate) fn text<T>(&mut self, key: &'static str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        let Some(entry) = self.take(key) else { return Ok(None) };
        self.parse(entry).map(|entry| Some(entry.value))
    }

    /// Text, with its place, for a reading that can fail later.
    pub(crate) fn entry(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Entry<String>>, ConfigError> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        self.parse(entry).map(Some)
    }

    /// A path, relative to the file's directory.
    pub(crate) fn path(&mut self, key: &'static str) -> Result<Option<PathBuf>, ConfigError> {
        let Some(entry) = self.entry(key)? else { return Ok(None) };
        if entry.value.is_empty() {
            return Err(self.complain(&entry, "an empty path"));
        }
        if entry.value.contains('\0') {
            return Err(self.complain(&entry, "a path that holds a NUL character"));
        }
        Ok(Some(self.document.beside(Path::new(&entry.value))))
    }

    /// An array of text, each parsed as a `T`.
    pub(crate) fn list<T>(&mut self, key: &'static str) -> Result<Option<Vec<T>>, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        let Some(entry) = self.take(key) else { return Ok(None) };
        let DeValue::Array(array) = entry.value else {
            return Err(self.expected(&entry, "an array of text"));
        };
        let mut list = Vec::with_capacity(array.len());
        for item in array {
            let at = item.span().start;
            let item = Entry { value: item.into_inner(), at, key: entry.key.clone() };
            list.push(self.parse(item)?.value);
        }
        Ok(Some(list))
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        match entry.value {
            DeValue::Boolean(value) => Ok(Some(value)),
            _ => Err(self.expected(&entry, "true or false")),
        }
    }

    /// A whole number.
    pub(crate) fn integer(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Entry<i128>>, ConfigError> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        let value = match &entry.value {
            DeValue::Integer(value) => i128::from_str_radix(value.as_str(), value.radix()).ok(),
            _ => None,
        };
        let Some(value) = value else { return Err(self.expected(&entry, "a whole number")) };
        Ok(Some(Entry { value, at: entry.at, key: entry.key }))
    }

    /// A number, whole or not; neither infinite nor NaN.
    pub(crate) fn number(&mut self, key: &'static str) -> Result<Option<f64>, ConfigError> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        let value: Option<f64> = match &entry.value {
            DeValue::Integer(value) if value.radix() == 10 => value.as_str().parse().ok(),
            DeValue::Float(value) => value.as_str().parse().ok(),
            _ => None,
        };
        match value.filter(|value| value.is_finite()) {
            Some(value) => Ok(Some(value)),
            None => Err(self.expected(&entry, "a number")),
        }
    }

    /// Whether the table has `key`, without reading it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether `key` is there and holds text.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// A table inside this one.
    pub(crate) fn table(&mut self, key: &'static str) -> Result<Option<Self>, ConfigError> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        self.section(entry).map(Some)
    }

    /// Every entry of a table whose keys the user chose: their names, each with its place.
    pub(crate) fn names(&self) -> Vec<Entry<String>> {
        let mut names: Vec<_> = self
            .table
            .keys()
            .map(|name| Entry {
                value: name.get_ref().clone().into_owned(),
                at: name.span().start,
                key: format!("{}{}", self.prefix, name.get_ref()),
            })
            .collect();
        names.sort_by_key(|name| name.at);
        names
    }

    /// The table under a name from [`Section::names`].
    pub(crate) fn named_table(&mut self, name: &Entry<String>) -> Result<Self, ConfigError> {
        match self.remove(&name.value) {
            Some(entry) => self.section(entry),
            None => Err(self.complain(name, "expected a table")),
        }
    }

    /// The text under a name from [`Section::names`].
    pub(crate) fn named_text(&mut self, name: &Entry<String>) -> Result<String, ConfigError> {
        match self.remove(&name.value) {
            Some(entry) => Ok(self.parse(entry)?.value),
            None => Err(self.complain(name, "expected text")),
        }
    }

    /// A complaint about what was read from this table.
    pub(crate) fn complain<T>(&self, entry: &Entry<T>, reason: impl Display) -> ConfigError {
        ConfigError::Value {
            file: self.document.file(),
            line: self.document.line(entry.at),
            key: entry.key.clone(),
            reason: reason.to_string(),
        }
    }

    /// What `entry` asks for comes with a later version.
    pub(crate) fn not_built(&self, entry: &Entry<String>) -> ConfigError {
        ConfigError::NotBuilt {
            file: self.document.file(),
            line: self.document.line(entry.at),
            what: format!("{} = {:?}", entry.key, entry.value),
        }
    }

    /// Refuses the first key that nothing asked for.
    pub(crate) fn end(self) -> Result<(), ConfigError> {
        let Some(name) = self.names().into_iter().next() else { return Ok(()) };
        let file = self.document.file();
        let line = self.document.line(name.at);
        if self.planned.contains(&name.value.as_str()) {
            return Err(ConfigError::NotBuilt { file, line, what: format!("'{}'", name.key) });
        }
        let hint = match nearest(&name.value, &self.known) {
            Some(near) => format!("did you mean '{}{near}'?", self.prefix),
            None => format!("known here: {}", self.known.join(", ")),
        };
        Err(ConfigError::UnknownKey { file, line, key: name.key, hint })
    }

    fn take(&mut self, key: &'static str) -> Option<Entry<DeValue<'d>>> {
        self.known.push(key);
        self.remove(key)
    }

    fn remove(&mut self, key: &str) -> Option<Entry<DeValue<'d>>> {
        let value = self.table.remove(key)?;
        let at = value.span().start;
        Some(Entry { value: value.into_inner(), at, key: format!("{}{key}", self.prefix) })
    }

    fn section(&self, entry: Entry<DeValue<'d>>) -> Result<Self, ConfigError> {
        let DeValue::Table(table) = entry.value else {
            return Err(self.expected(&entry, "a table"));
        };
        Ok(Section {
            document: self.document,
            prefix: format!("{}.", entry.key),
            table,
            known: Vec::new(),
            planned: Vec::new(),
        })
    }

    fn parse<T>(&self, entry: Entry<DeValue<'d>>) -> Result<Entry<T>, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        let DeValue::String(text) = &entry.value else {
            return Err(self.expected(&entry, "text in quotes"));
        };
        match text.parse() {
            Ok(value) => Ok(Entry { value, at: entry.at, key: entry.key }),
            Err(error) => Err(self.complain(&entry, error)),
        }
    }

    fn expected(&self, entry: &Entry<DeValue<'d>>, what: &str) -> ConfigError {
        let found = match entry.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.complain(entry, format!("expected {what}, found {found}"))
    }
}
