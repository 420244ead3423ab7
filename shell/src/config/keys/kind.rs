//! How the values of keys are written, in a file and behind a flag.

use core::fmt::Display;
use core::ops::RangeInclusive;
use core::str::FromStr;
use core::time::Duration;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::config::document::Section;
use crate::config::print::{Printer, array};
use crate::config::units::{UnitError, parse_duration, parse_size, print_duration, print_size};
use crate::config::values::not_a_source;
use crate::config::{ConfigError, TlsSourceName};

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Text in quotes.
    Text,
    /// A path in quotes.
    Path,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// An array of text; its flag may be repeated.
    List,
    /// A table whose keys the user chooses; its flag, where it has one, may be repeated.
    Table,
}

/// What a file says of a key, if anything.
pub(crate) type KeyRead<T> = Result<Option<T>, ConfigError>;

/// A way to write a `T`.
pub(crate) trait KeyKind<T: PartialEq> {
    fn form(&self) -> Form;

    /// The value under `name` in a file; of a [`Form::Table`], what the section holds.
    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<T>;

    /// Takes a flag's value; the error is what was expected.
    fn set(&self, held: &mut Option<T>, text: &OsStr) -> Result<(), String>;

    fn print(&self, value: &T, printer: &mut Printer, name: &str);

    /// The least and the most, as a person is told.
    fn range(&self) -> Option<String> {
        None
    }

    /// The error is what was expected of a value beside its range.
    fn check(&self, _value: &T) -> Result<(), String> {
        Ok(())
    }

    /// Names what differs, which is the key unless its value is a table.
    fn differ(&self, before: Option<T>, after: Option<T>, key: &str, names: &mut Vec<String>) {
        if before != after {
            names.push(key.to_owned());
        }
    }
}

/// A value that its key takes, or the complaint about it.
pub(crate) fn decide<T: PartialEq>(
    kind: &impl KeyKind<T>,
    value: T,
    key: &'static str,
    flag: Option<&'static str>,
) -> Result<T, ConfigError> {
    match kind.check(&value) {
        Ok(()) => Ok(value),
        Err(reason) => Err(ConfigError::Setting { key, flag: flag.unwrap_or(key), reason }),
    }
}

/// Text that its type parses and prints.
pub(crate) struct Text;

impl<T: PartialEq + Display + FromStr<Err: Display>> KeyKind<T> for Text {
    fn form(&self) -> Form {
        Form::Text
    }

    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<T> {
        section.text(name)
    }

    fn set(&self, held: &mut Option<T>, text: &OsStr) -> Result<(), String> {
        *held = Some(parsed(text)?);
        Ok(())
    }

    fn print(&self, value: &T, printer: &mut Printer, name: &str) {
        printer.text(name, value);
    }
}

/// An array of such text.
pub(crate) struct List;

impl<T: PartialEq + Display + FromStr<Err: Display>> KeyKind<Vec<T>> for List {
    fn form(&self) -> Form {
        Form::List
    }

    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<Vec<T>> {
        section.list(name)
    }

    fn set(&self, held: &mut Option<Vec<T>>, text: &OsStr) -> Result<(), String> {
        held.get_or_insert_default().push(parsed(text)?);
        Ok(())
    }

    fn print(&self, value: &Vec<T>, printer: &mut Printer, name: &str) {
        printer.bare(name, array(value));
    }
}

/// True or false.
pub(crate) struct Switch;

impl KeyKind<bool> for Switch {
    fn form(&self) -> Form {
        Form::Switch
    }

    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<bool> {
        section.boolean(name)
    }

    fn set(&self, held: &mut Option<bool>, text: &OsStr) -> Result<(), String> {
        *held = Some(parsed(text)?);
        Ok(())
    }

    fn print(&self, value: &bool, printer: &mut Printer, name: &str) {
        printer.bare(name, value);
    }
}

/// A path: in a file relative to its directory, behind a flag to the working directory.
pub(crate) struct FilePath;

impl KeyKind<PathBuf> for FilePath {
    fn form(&self) -> Form {
        Form::Path
    }

    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<PathBuf> {
        section.path(name)
    }

    fn set(&self, held: &mut Option<PathBuf>, text: &OsStr) -> Result<(), String> {
        *held = Some(text.into());
        Ok(())
    }

    fn print(&self, value: &PathBuf, printer: &mut Printer, name: &str) {
        printer.text(name, Path::display(value));
    }
}

/// The spelling of where a certificate comes from. Sources that a later version has are refused by
/// name.
pub(crate) struct SourceName;

impl KeyKind<TlsSourceName> for SourceName {
    fn form(&self) -> Form {
        Form::Text
    }

    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<TlsSourceName> {
        let Some(entry) = section.entry(name)? else { return Ok(None) };
        match entry.value.as_str() {
            "keystore" | "acme" => Err(section.not_built(&entry)),
            text => {
                text.parse().map(Some).map_err(|_| section.complain(&entry, not_a_source(text)))
            }
        }
    }

    fn set(&self, held: &mut Option<TlsSourceName>, text: &OsStr) -> Result<(), String> {
        Text.set(held, text)
    }

    fn print(&self, value: &TlsSourceName, printer: &mut Printer, name: &str) {
        Text.print(value, printer, name);
    }
}

/// A whole number of a range.
pub(crate) struct Count(pub(crate) RangeInclusive<u64>);

impl Count {
    fn expected(&self) -> String {
        format!("expected {} to {}", self.0.start(), self.0.end())
    }
}

impl KeyKind<u64> for Count {
    fn form(&self) -> Form {
        Form::Number
    }

    /// A number that no `u64` holds is out of every range.
    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<u64> {
        let Some(entry) = section.integer(name)? else { return Ok(None) };
        let value = u64::try_from(entry.value);
        value.map(Some).map_err(|_| section.complain(&entry, self.expected()))
    }

    fn set(&self, held: &mut Option<u64>, text: &OsStr) -> Result<(), String> {
        let number = utf8(text)?.parse();
        *held = Some(number.map_err(|_| "expected a whole number that is not negative")?);
        Ok(())
    }

    fn print(&self, value: &u64, printer: &mut Printer, name: &str) {
        printer.bare(name, value);
    }

    fn range(&self) -> Option<String> {
        Some(format!("{} to {}", self.0.start(), self.0.end()))
    }

    fn check(&self, value: &u64) -> Result<(), String> {
        if self.0.contains(value) { Ok(()) } else { Err(self.expected()) }
    }
}

/// A number with its unit, in quotes, of a range.
pub(crate) struct Quantity<T> {
    range: RangeInclusive<T>,
    parse: fn(&str) -> Result<T, UnitError>,
    print: fn(&T) -> String,
    fits: fn(&T) -> bool,
    /// Words before the range where a value does not fit.
    expected: &'static str,
}

/// A span of time, such as `30s`.
pub(crate) fn span(range: RangeInclusive<Duration>) -> Quantity<Duration> {
    let print = |span: &Duration| print_duration(*span);
    Quantity { range, parse: parse_duration, print, fits: |_| true, expected: "expected" }
}

/// A span of whole seconds; the range is in seconds.
pub(crate) fn seconds(range: RangeInclusive<u64>) -> Quantity<Duration> {
    let (least, most) = range.into_inner();
    let whole = span(Duration::from_secs(least)..=Duration::from_secs(most));
    let fits = |span: &Duration| span.subsec_nanos() == 0;
    Quantity { fits, expected: "expected whole seconds from", ..whole }
}

/// A size in bytes, such as `4MiB`.
pub(crate) fn size(range: RangeInclusive<u64>) -> Quantity<u64> {
    let print = |size: &u64| print_size(*size);
    Quantity { range, parse: parse_size, print, fits: |_| true, expected: "expected" }
}

impl<T: PartialOrd> KeyKind<T> for Quantity<T> {
    fn form(&self) -> Form {
        Form::Text
    }

    fn read(&self, section: &mut Section<'_>, name: &'static str) -> KeyRead<T> {
        let Some(entry) = section.entry(name)? else { return Ok(None) };
        (self.parse)(&entry.value).map(Some).map_err(|error| section.complain(&entry, error))
    }

    fn set(&self, held: &mut Option<T>, text: &OsStr) -> Result<(), String> {
        *held = Some((self.parse)(utf8(text)?).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn print(&self, value: &T, printer: &mut Printer, name: &str) {
        printer.text(name, (self.print)(value));
    }

    fn range(&self) -> Option<String> {
        let [least, most] = [self.range.start(), self.range.end()].map(self.print);
        Some(format!("{least} to {most}"))
    }

    fn check(&self, value: &T) -> Result<(), String> {
        if self.range.contains(value) && (self.fits)(value) {
            return Ok(());
        }
        let [least, most] = [self.range.start(), self.range.end()].map(self.print);
        Err(format!("{} {least} to {most}", self.expected))
    }
}

fn parsed<T: FromStr<Err: Display>>(text: &OsStr) -> Result<T, String> {
    utf8(text)?.parse().map_err(|error: T::Err| error.to_string())
}

fn utf8(text: &OsStr) -> Result<&str, String> {
    text.to_str().ok_or_else(|| "expected UTF-8".to_owned())
}
