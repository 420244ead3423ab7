//! `spec/bowline.cddl` says of every frame what the table says.

use std::collections::BTreeMap;

use crate::wire::bounds;
use crate::wire::frame::Frame;
use crate::wire::frame::schema::{FieldKind, FieldSchema, Grammar};

/// The rules of a grammar by their names, without comments and in one line each.
struct Rules(BTreeMap<String, String>);

/// A key of a map: whether it may be absent, and its type.
type Keys = BTreeMap<u64, (bool, String)>;

impl Rules {
    fn read() -> Self {
        let mut rules = BTreeMap::<String, String>::new();
        let mut name = String::new();
        for line in include_str!("../../../../../spec/bowline.cddl").lines() {
            let line = line.split(';').next().unwrap();
            let start = line.split_once('=').filter(|_| line.starts_with(char::is_alphabetic));
            let text = start.map_or(line, |(rule, text)| {
                name = rule.trim().to_owned();
                text
            });
            let rule = rules.entry(name.clone()).or_default();
            text.split_whitespace().for_each(|word| *rule += &format!(" {word}"));
        }
        Self(rules)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no rule {name}")).trim()
    }

    /// The keys of a map, or of all that stand for it: a key that one of them lacks is optional.
    fn keys(&self, map: &str) -> Keys {
        let maps: Vec<Keys> = self.maps(map);
        let mut keys = Keys::new();
        for (key, (optional, kind)) in maps.iter().flatten() {
            let is_optional = *optional || maps.iter().any(|map| !map.contains_key(key));
            let (all_optional, kinds) = keys.entry(*key).or_default();
            *all_optional |= is_optional;
            if !split(kinds, " / ").contains(&kind.as_str()) {
                *kinds += if kinds.is_empty() { "" } else { " / " };
                *kinds += kind;
            }
        }
        keys
    }

    fn maps(&self, text: &str) -> Vec<Keys> {
        let map = |part: &str| match part.strip_prefix('{') {
            Some(map) => vec![keys(map.strip_suffix('}').unwrap())],
            None => self.maps(self.get(part)),
        };
        split(text, "/").into_iter().flat_map(map).collect()
    }

    /// Holds a map to its keys in the table, and the maps inside to theirs.
    fn hold(&self, name: &str, map: &str, fields: &[FieldSchema]) {
        let table = fields.iter().map(|field| {
            let kind = field.grammar.to_string();
            (field.key, (field.optional, kind))
        });
        assert_eq!(self.keys(map), table.collect(), "{name}");
        assert!(fields.is_sorted_by(|a, b| a.key < b.key), "{name}");
        for field in fields {
            let (FieldKind::Map(fields) | FieldKind::List(&FieldKind::Map(fields))) = field.kind
            else {
                continue;
            };
            match field.grammar {
                Grammar::Rule(rule) | Grammar::List(_, _, &Grammar::Rule(rule)) => {
                    self.hold(rule, rule, fields);
                }
                other => panic!("{name}: {other} is no rule"),
            }
        }
    }
}

/// The keys of one map, behind which a later version may add some.
fn keys(map: &str) -> Keys {
    let mut entries = split(map, ",");
    assert_eq!(entries.pop(), Some("later"), "{map}");
    let key = |entry: &str| {
        let needed = entry.strip_prefix("? ");
        let (key, kind) = needed.unwrap_or(entry).split_once(": ").unwrap();
        let key = match key.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => key.parse(),
        };
        (key.unwrap(), (needed.is_some(), kind.to_owned()))
    };
    entries.into_iter().map(key).collect()
}

/// The parts of a text between separators that stand in no bracket.
fn split<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        depth += i32::from("([{".contains(character)) - i32::from(")]}".contains(character));
        if depth == 0 && text[at..].starts_with(separator) {
            parts.push(&text[from..at]);
            from = at + separator.len();
        }
    }
    parts.push(&text[from..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[test]
fn the_grammar_has_every_frame_and_key_of_the_table_and_no_other() {
    let rules = Rules::read();
    for frame in Frame::TABLE {
        let rule = rules.get(frame.name).strip_prefix('[').unwrap().strip_suffix(']').unwrap();
        let parts = split(rule, ",");
        assert_eq!(parts[0], format!("{:#04x}", frame.number), "{}", frame.name);
        let map = match frame.body.proof {
            Some(proof) => {
                assert_eq!(parts[1..], ["bstr", &proof.grammar.to_string()], "{}", frame.name);
                frame.body.rule.unwrap()
            }
            None => {
                let [_, map] = parts[..] else { panic!("{}: {parts:?}", frame.name) };
                assert!(frame.body.rule.is_none_or(|rule| rule == map), "{}", frame.name);
                map
            }
        };
        rules.hold(frame.name, map, frame.body.fields);
    }
    let names = Frame::TABLE.iter().map(|frame| frame.name).chain(["unknown"]);
    assert_eq!(split(rules.get("frame"), "/"), names.collect::<Vec<_>>());
}

#[test]
fn the_grammar_has_the_bounds_of_text_names_and_labels() {
    let rules = Rules::read();
    let (name, sentence) = (Grammar::Rule("name"), Grammar::Rule("sentence"));
    let labels = format!("{{1*{} {name} => {sentence}}}", bounds::LABELS);
    for (rule, bound) in [
        ("sentence", Grammar::Text(0, bounds::TEXT).to_string()),
        ("name", Grammar::Text(1, bounds::NAME).to_string()),
        ("labels", labels),
    ] {
        assert_eq!(rules.get(rule), bound);
    }
}
