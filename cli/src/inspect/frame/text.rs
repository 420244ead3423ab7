//! A frame as lines of text, and as objects.

use serde_json::{Value, json};

use super::Inspected;
use super::tree::{Field, Shown};
use crate::show;

/// The frame, its keys, its proofs, and what is to be said of them.
pub(super) fn of(inspected: &Inspected) -> String {
    let Inspected { name, number, length, proved, fields, proofs, notes } = inspected;
    let body = proved.map_or_else(String::new, |length| format!(", {length} of them proved"));
    let mut lines = vec![format!("{name}, type {number:#04x}, {length} bytes{body}")];
    push(&mut lines, 2, fields);
    push(&mut lines, 2, proofs);
    lines.extend(notes.iter().map(|note| format!("  {note}")));
    lines.join("\n")
}

/// The fields of a map: what fits a line beside its name, what does not below it.
fn push(lines: &mut Vec<String>, indent: usize, fields: &[Field]) {
    let name = |field: &Field| match field.key {
        Some(key) if key >= 0x80 => format!("{key:#04x} {}", field.name),
        Some(key) => format!("{key} {}", field.name),
        None => field.name.clone(),
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut below: Vec<(usize, Vec<String>)> = Vec::new();
    for field in fields {
        match &field.shown {
            Shown::One(text, _) => pairs.push((name(field), text.clone())),
            Shown::List(items) => {
                let mut texts: Vec<_> = items.iter().take(MOST).map(single).collect();
                if items.len() > MOST {
                    texts.push(format!("and {} more", items.len() - MOST));
                }
                pairs.push((name(field), show::list(&texts)));
            }
            Shown::Map(fields) => {
                pairs.push((name(field), String::new()));
                let mut inner = Vec::new();
                push(&mut inner, indent + 2, fields);
                below.push((pairs.len(), inner));
            }
            Shown::Maps(maps) => {
                pairs.push((name(field), maps.len().to_string()));
                let mut inner = Vec::new();
                for fields in maps {
                    push(&mut inner, indent + 2, fields);
                }
                below.push((pairs.len(), inner));
            }
        }
    }
    let shown = show::pairs(indent, &pairs);
    for (at, line) in shown.lines().enumerate() {
        lines.push(line.to_owned());
        if let Some((_, inner)) = below.iter().find(|(after, _)| *after == at + 1) {
            lines.extend(inner.iter().cloned());
        }
    }
}

fn single(shown: &Shown) -> String {
    match shown {
        Shown::One(text, _) => text.clone(),
        // Lists of lists are not in the protocol.
        Shown::List(_) | Shown::Map(_) | Shown::Maps(_) => "…".to_owned(),
    }
}

pub(super) fn objects(fields: &[Field]) -> Value {
    fields
        .iter()
        .map(|field| json!({"key": field.key, "name": field.name, "value": object(&field.shown)}))
        .collect()
}

pub(super) fn object(shown: &Shown) -> Value {
    match shown {
        Shown::One(_, value) => value.clone(),
        Shown::List(items) => items.iter().map(object).collect(),
        Shown::Map(fields) => objects(fields),
        Shown::Maps(maps) => maps.iter().map(|fields| objects(fields)).collect(),
    }
}

/// How many elements of a list are shown as text.
const MOST: usize = 20;
