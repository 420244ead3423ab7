//! Labels of a peer: at most so many, each sayable as `NAME=VALUE` on a command line.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use bowline_core::wire::bounds;

use crate::config::document::Section;
use crate::config::keys::{Form, KeyKind, KeyRead};
use crate::config::print::{Printer, key as spelt};

type Labels = BTreeMap<String, String>;

/// The table `labels`.
pub(super) struct LabelTable;

impl KeyKind<Labels> for LabelTable {
    fn form(&self) -> Form {
        Form::Table
    }

    fn read(&self, section: &mut Section<'_>, _name: &'static str) -> KeyRead<Labels> {
        let mut read = Labels::new();
        for name in section.names() {
            let value = section.named_text(&name)?;
            check_label(&name.value, &value).map_err(|reason| section.complain(&name, reason))?;
            read.insert(name.value, value);
        }
        Ok(Some(read))
    }

    fn set(&self, held: &mut Option<Labels>, text: &OsStr) -> Result<(), String> {
        let label = text.to_str().and_then(|text| text.split_once('='));
        let (name, value) = label.ok_or("expected NAME=VALUE")?;
        held.get_or_insert_default().insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    fn print(&self, value: &Labels, printer: &mut Printer, _name: &str) {
        value.iter().for_each(|(name, value)| printer.text(name, value));
    }

    fn check(&self, value: &Labels) -> Result<(), String> {
        let most = bounds::LABELS;
        if value.len() > most {
            return Err(format!("{} labels; a peer has at most {most}", value.len()));
        }
        value.iter().try_for_each(|(name, value)| check_label(name, value))
    }

    fn differ(
        &self,
        before: Option<Labels>,
        after: Option<Labels>,
        key: &str,
        names: &mut Vec<String>,
    ) {
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let new = after.keys().filter(|name| !before.contains_key(*name));
        let other = before.iter().filter(|(name, value)| after.get(*name) != Some(*value));
        let differ = new.chain(other.map(|(name, _)| name));
        names.extend(differ.map(|name| format!("{key}.{}", spelt(name))));
    }
}

fn check_label(name: &str, value: &str) -> Result<(), String> {
    let name_ok = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'));
    if !name_ok {
        let shown: String = name.chars().take(64).collect();
        return Err(format!("'{shown}' is not a label's name: 1 to 64 of a-z A-Z 0-9 . _ - /"));
    }
    if value.len() > 256 || value.chars().any(char::is_control) {
        return Err(format!(
            "the value of label '{name}' is above 256 bytes or holds a control character"
        ));
    }
    Ok(())
}
