//! `[commands.NAME]`: from keys to [`CommandSpec`], and back when printed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::arguments::{Access, ArgumentSpec, CommandSpec, Handed, Pattern, ValueKind};
use crate::config::ConfigError;
use crate::config::document::{Entry, Section};
use crate::config::keys::{self, Form, KeyRead};
use crate::config::print::{Printer, array, key as spelt, quote};
use crate::config::units::{parse_duration, parse_size, print_duration};
use crate::process::{Environment, Grace};

/// The table `commands`.
pub(crate) struct CommandTable;

impl keys::KeyKind<Vec<CommandSpec>> for CommandTable {
    fn form(&self) -> Form {
        Form::Table
    }

    /// In the file's order.
    fn read(&self, section: &mut Section<'_>, _name: &'static str) -> KeyRead<Vec<CommandSpec>> {
        let mut read = Vec::new();
        for name in section.names() {
            let command = section.named_table(&name)?;
            read.push(read_command(section, &name, command)?);
        }
        Ok(Some(read))
    }

    fn set(&self, _held: &mut Option<Vec<CommandSpec>>, _text: &OsStr) -> Result<(), String> {
        Err("commands are written down in peer.toml".to_owned())
    }

    fn print(&self, value: &Vec<CommandSpec>, printer: &mut Printer, _name: &str) {
        value.iter().for_each(|command| print_command(printer, command));
    }

    /// A command is named as a whole. Values of `env` count, although they are not printed.
    fn differ(
        &self,
        before: Option<Vec<CommandSpec>>,
        after: Option<Vec<CommandSpec>>,
        key: &str,
        names: &mut Vec<String>,
    ) {
        let by_name = |commands: Option<Vec<CommandSpec>>| -> BTreeMap<_, _> {
            let named = commands.unwrap_or_default().into_iter();
            named.map(|command| (command.name(), command)).collect()
        };
        let (before, after) = (by_name(before), by_name(after));
        let new = after.keys().filter(|name| !before.contains_key(*name));
        let other = before.iter().filter(|(name, command)| after.get(*name) != Some(*command));
        let differ = new.chain(other.map(|(name, _)| name));
        names.extend(differ.map(|name| format!("{key}.{}", spelt(name.as_str()))));
    }
}

fn read_command(
    commands: &Section<'_>,
    place: &Entry<String>,
    mut section: Section<'_>,
) -> Result<CommandSpec, ConfigError> {
    let name = place.value.parse().map_err(|error| commands.complain(place, error))?;
    let run = section.list::<String>("run")?;
    let description = section.text("description")?;
    let timeout = match section.entry("timeout")? {
        Some(entry) => {
            Some(parse_duration(&entry.value).map_err(|error| section.complain(&entry, error))?)
        }
        None => None,
    };
    let linger = match section.entry("linger")? {
        Some(entry) => {
            parse_duration(&entry.value).map_err(|error| section.complain(&entry, error))?
        }
        None => Grace::LINGER,
    };
    let environment = read_environment(&mut section, place)?;
    let mut arguments = Vec::new();
    if let Some(mut args) = section.table("args")? {
        for name in args.names() {
            let argument = args.named_table(&name)?;
            arguments.push(read_argument(&name, argument)?);
        }
    }
    section.end()?;
    let spec = CommandSpec::new(name, &run.unwrap_or_default(), arguments)
        .and_then(|spec| spec.described(description.unwrap_or_default()))
        .and_then(|spec| spec.ended_after(timeout))
        .and_then(|spec| spec.lingering(linger));
    spec.map(|spec| spec.within(environment)).map_err(|error| commands.complain(place, error))
}

/// `env` and `pass-env`.
fn read_environment(
    section: &mut Section<'_>,
    place: &Entry<String>,
) -> Result<Environment, ConfigError> {
    let mut set = BTreeMap::new();
    if let Some(mut env) = section.table("env")? {
        for name in env.names() {
            let value = env.named_text(&name)?;
            set.insert(name.value, value);
        }
    }
    let passed = section.list::<String>("pass-env")?.unwrap_or_default();
    Environment::new(set, passed.into_iter().collect())
        .map_err(|error| section.complain(place, error))
}

fn read_argument(
    place: &Entry<String>,
    mut section: Section<'_>,
) -> Result<ArgumentSpec, ConfigError> {
    let kind = section.entry("type")?;
    let kind = match kind.as_ref().map_or("string", |entry| entry.value.as_str()) {
        "string" => ValueKind::String {
            max_length: read_length(&mut section)?.unwrap_or(ValueKind::DEFAULT_MAX_LENGTH),
            pattern: section.text::<Pattern>("pattern")?,
        },
        "integer" => ValueKind::Integer {
            min: section.integer("min")?.map(|entry| entry.value),
            max: section.integer("max")?.map(|entry| entry.value),
        },
        "number" => ValueKind::Number { min: section.number("min")?, max: section.number("max")? },
        "boolean" => ValueKind::Boolean,
        "choice" => ValueKind::Choice(section.list("choices")?.unwrap_or_default()),
        "path" => ValueKind::Path {
            root: section.path("root")?.unwrap_or_else(PathBuf::new),
            handed: read_handed(&mut section)?,
        },
        other => {
            let reason = format!(
                "'{}' is none of string, integer, number, boolean, choice, path",
                other.chars().take(40).collect::<String>()
            );
            return Err(match &kind {
                Some(entry) => section.complain(entry, reason),
                None => section.complain(place, reason),
            });
        }
    };
    for key in ["max-length", "pattern", "min", "max", "choices", "root", "as", "open"] {
        if section.has(key) && !keys_of(&kind).contains(&key) {
            let reason = format!("'{key}' does not go with type '{}'", kind.name());
            return Err(section.complain(place, reason));
        }
    }
    let allow_dash = section.boolean("allow-dash")?.unwrap_or(false);
    let optional = section.boolean("optional")?.unwrap_or(false);
    let spec = ArgumentSpec { name: place.value.clone(), kind, allow_dash, optional };
    spec.check().map_err(|error| section.complain(place, error))?;
    section.end()?;
    Ok(spec)
}

/// `as` and `open`: how the program gets a path.
fn read_handed(section: &mut Section<'_>) -> Result<Handed, ConfigError> {
    let is_descriptor = match section.entry("as")? {
        None => false,
        Some(entry) => match entry.value.as_str() {
            "path" => false,
            "descriptor" => true,
            _ => return Err(section.complain(&entry, "expected path or descriptor")),
        },
    };
    let access = match section.entry("open")? {
        None => Access::default(),
        Some(entry) if !is_descriptor => {
            let reason =
                "'open' goes with as = \"descriptor\" alone: a program opens a path itself";
            return Err(section.complain(&entry, reason));
        }
        Some(entry) => match entry.value.as_str() {
            "read" => Access::Read,
            "write" => Access::Write,
            "append" => Access::Append,
            _ => return Err(section.complain(&entry, "expected read, write or append")),
        },
    };
    Ok(if is_descriptor { Handed::Descriptor(access) } else { Handed::Path })
}

/// `max-length`: bytes, or a size such as `"4KiB"`.
fn read_length(section: &mut Section<'_>) -> Result<Option<usize>, ConfigError> {
    let reason = format!("expected 1 to {} bytes", ValueKind::MOST_LENGTH);
    let (bytes, refusal) = if section.is_text("max-length") {
        let Some(entry) = section.entry("max-length")? else { return Ok(None) };
        let bytes = parse_size(&entry.value).map_err(|error| section.complain(&entry, error))?;
        (usize::try_from(bytes).ok(), section.complain(&entry, reason))
    } else {
        let Some(entry) = section.integer("max-length")? else { return Ok(None) };
        (usize::try_from(entry.value).ok(), section.complain(&entry, reason))
    };
    match bytes.filter(|bytes| (1..=ValueKind::MOST_LENGTH).contains(bytes)) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(refusal),
    }
}

/// The keys that only this type takes.
fn keys_of(kind: &ValueKind) -> &'static [&'static str] {
    match kind {
        ValueKind::String { .. } => &["max-length", "pattern"],
        ValueKind::Integer { .. } | ValueKind::Number { .. } => &["min", "max"],
        ValueKind::Boolean => &[],
        ValueKind::Choice(_) => &["choices"],
        ValueKind::Path { .. } => &["root", "as", "open"],
    }
}

/// The tables that [`read_commands`] reads as the same, but for the values of `env`: they may be
/// secrets, and their names stand in a comment.
fn print_command(printer: &mut Printer, command: &CommandSpec) {
    let name = command.name();
    printer.table(&["commands", name.as_str()]);
    printer.bare("run", array(command.run()));
    if !command.description().is_empty() {
        printer.text("description", command.description());
    }
    if let Some(timeout) = command.timeout() {
        printer.text("timeout", print_duration(timeout));
    }
    printer.text("linger", print_duration(command.linger()));
    let environment = command.environment();
    if environment.passed().next().is_some() {
        printer.bare("pass-env", array(environment.passed()));
    }
    let names: Vec<_> = environment.set().collect();
    if !names.is_empty() {
        printer.comment(format_args!("env: {}; values are not printed", names.join(", ")));
    }
    for argument in command.arguments() {
        printer.table(&["commands", name.as_str(), "args", &argument.name]);
        print_argument(printer, argument);
    }
}

fn print_argument(printer: &mut Printer, argument: &ArgumentSpec) {
    printer.text("type", argument.kind.name());
    match &argument.kind {
        ValueKind::String { max_length, pattern } => {
            printer.bare("max-length", max_length);
            if let Some(pattern) = pattern {
                printer.bare("pattern", quote(pattern.as_str()));
            }
        }
        ValueKind::Integer { min, max } => {
            print_bound(printer, "min", *min);
            print_bound(printer, "max", *max);
        }
        // The debug form of a finite number always reads back as the same number.
        ValueKind::Number { min, max } => {
            print_bound(printer, "min", min.map(|min| format!("{min:?}")));
            print_bound(printer, "max", max.map(|max| format!("{max:?}")));
        }
        ValueKind::Boolean => {}
        ValueKind::Choice(choices) => printer.bare("choices", array(choices)),
        ValueKind::Path { root, handed } => {
            printer.text("root", root.display());
            match handed {
                Handed::Path => printer.text("as", "path"),
                Handed::Descriptor(access) => {
                    printer.text("as", "descriptor");
                    printer.text("open", access.name());
                }
            }
        }
    }
    if argument.allow_dash {
        printer.bare("allow-dash", true);
    }
    if argument.optional {
        printer.bare("optional", true);
    }
}

fn print_bound(printer: &mut Printer, key: &str, bound: Option<impl core::fmt::Display>) {
    if let Some(bound) = bound {
        printer.bare(key, bound);
    }
}
