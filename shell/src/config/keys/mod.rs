//! The keys of a configuration file: what one is, and all that follows from a table of them.
//!
//! `hub/table.rs` and `peer/table.rs` hold a row for each key, in the order in which they are
//! printed. `keys!` makes the settings, the configuration and the [`Key`]s from the rows. The
//! reading of a file, the flags of the program, what lies over what, what is printed and what
//! differs between two configurations follow from the keys.

mod kind;
mod row;

use core::fmt;
use std::ffi::OsStr;
use std::path::Path;

pub use kind::Form;
pub(crate) use kind::{
    Count, FilePath, KeyKind, KeyRead, List, SourceName, Switch, Text, decide, seconds, size, span,
};
pub(crate) use row::keys;

use crate::config::ConfigError;
use crate::config::document::{Document, Section};
use crate::config::print::Printer;

/// When a running hub or peer takes another value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reload {
    /// As the file is read again.
    Live,
    /// At a peer's next connection.
    NextDial,
    /// At the next start; until then what was in force stays.
    Restart,
}

/// A key of which two configurations hold different values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The key's name, dotted: `limits.peers`. Of a label it ends with the label, of a command with
    /// the command.
    pub key: String,
    /// When it is taken.
    pub reload: Reload,
}

impl Change {
    /// The names of all.
    #[must_use]
    pub fn keys(changes: Vec<Self>) -> Vec<String> {
        changes.into_iter().map(|change| change.key).collect()
    }
}

/// One key of a file that is read as settings `S` and decided as a configuration `C`.
pub struct Key<S, C> {
    /// The name, dotted: `limits.peers`.
    pub name: &'static str,
    /// The flag that sets it, without its dashes.
    pub flag: Option<&'static str>,
    /// What `--help` puts in the place of the flag's value. `None` where the flag is not read by
    /// this table, or there is none.
    pub placeholder: Option<&'static str>,
    /// What it is, in a sentence without its full stop; the flag's help.
    pub about: &'static str,
    /// When it is taken where it changes.
    pub reload: Reload,
    pub(crate) form: fn() -> Form,
    pub(crate) range: fn() -> Option<String>,
    pub(crate) read: fn(&mut S, &mut Section<'_>, &'static str) -> Result<(), ConfigError>,
    pub(crate) set: fn(&mut S, &OsStr) -> Result<(), String>,
    pub(crate) fill: fn(&mut S, &mut S),
    pub(crate) keep: fn(&mut S, &C),
    pub(crate) print: fn(&C, &mut Printer, &str),
    pub(crate) differ: fn(&C, &C, &str, &mut Vec<String>),
}

impl<S, C> Key<S, C> {
    /// How its value is written.
    #[must_use]
    pub fn form(&self) -> Form {
        (self.form)()
    }

    /// The values that it takes, where they have a least and a most: `0s to 1h`.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        (self.range)()
    }

    /// Puts a flag's value into `settings`; of a list it is one more element.
    ///
    /// # Errors
    /// What was expected. Ranges are looked at when the settings are resolved.
    pub fn set(&self, settings: &mut S, text: &OsStr) -> Result<(), String> {
        (self.set)(settings, text)
    }

    /// The table that it stands in, empty for the top, and its name there.
    fn place(&self) -> (&'static str, &'static str) {
        match self.form() {
            Form::Table => (self.name, ""),
            _ => self.name.split_once('.').unwrap_or(("", self.name)),
        }
    }
}

impl<S, C> fmt::Debug for Key<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

/// A table's name, and its keys by their names in it.
type KeyTable<'k, S, C> = (&'static str, Vec<(&'static str, &'k Key<S, C>)>);

/// The tables in the order of their first keys.
fn tables<S, C>(keys: &[Key<S, C>]) -> Vec<KeyTable<'_, S, C>> {
    let mut tables: Vec<(_, Vec<_>)> = Vec::new();
    for key in keys {
        let (table, name) = key.place();
        match tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, inner)) => inner.push((name, key)),
            None => tables.push((table, vec![(name, key)])),
        }
    }
    tables
}

/// The settings that the text of the file `path` has. Names of `planned` are refused as not built.
pub(crate) fn read<S: Default, C>(
    keys: &[Key<S, C>],
    planned: &[&'static str],
    path: &Path,
    text: &str,
) -> Result<S, ConfigError> {
    let document = Document::new(path, text);
    let mut root = document.root()?;
    let mut settings = S::default();
    let planned_in = |table: &str| {
        let places = planned.iter().map(|name| name.split_once('.').unwrap_or(("", name)));
        places.filter(|(place, _)| *place == table).map(|(_, name)| name).collect::<Vec<_>>()
    };
    for (table, keys) in tables(keys) {
        let mut inner = match table {
            "" => None,
            table => match root.table(table)? {
                Some(inner) => Some(inner),
                None => continue,
            },
        };
        let section = inner.as_mut().unwrap_or(&mut root);
        section.planned(&planned_in(table));
        for (name, key) in keys {
            (key.read)(&mut settings, section, name)?;
        }
        if let Some(inner) = inner {
            inner.end()?;
        }
    }
    root.end()?;
    Ok(settings)
}

/// What is in force, as a file that reads back as the same.
pub(crate) fn print<S, C>(keys: &[Key<S, C>], config: &C) -> String {
    let mut printer = Printer::default();
    for (table, keys) in tables(keys) {
        printer.open(table);
        for (name, key) in keys {
            (key.print)(config, &mut printer, name);
        }
    }
    printer.finish()
}

/// Settings where they say something, `under` where they do not.
pub(crate) fn over<S, C>(keys: &[Key<S, C>], mut settings: S, mut under: S) -> S {
    keys.iter().for_each(|key| (key.fill)(&mut settings, &mut under));
    settings
}

/// The settings with what waits for the next start as it is in `config`.
pub(crate) fn keeping<S, C>(keys: &[Key<S, C>], mut settings: S, config: &C) -> S {
    let waits = keys.iter().filter(|key| key.reload == Reload::Restart);
    waits.for_each(|key| (key.keep)(&mut settings, config));
    settings
}

/// The keys whose values differ, ascending.
pub(crate) fn changes<S, C>(keys: &[Key<S, C>], before: &C, after: &C) -> Vec<Change> {
    let mut changes = Vec::new();
    for key in keys {
        let mut names = Vec::new();
        (key.differ)(before, after, key.name, &mut names);
        changes.extend(names.into_iter().map(|name| Change { key: name, reload: key.reload }));
    }
    changes.sort();
    changes
}

#[cfg(test)]
mod tests;
