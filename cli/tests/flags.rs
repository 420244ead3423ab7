//! Every key of a configuration file has a flag, and every flag a key: what neither has is written
//! down here with the reason. Both lists come from the program itself: it names the keys that it
//! knows beside one that it does not, and `--help` names the flags.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{bowline, code, stderr, stdout};

/// Keys whose flag has another name, and keys without one.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("tls.mode", "--tls"),
    // What a machine runs for others is written down.
    ("commands", ""),
];

/// Flags that no file may set, or that are about the program and not about the hub or the peer.
const NO_KEY: &[(&str, &str)] = &[
    ("--config", "it names the file"),
    ("--data", "the file may be in it"),
    ("--print-config", "it is an action"),
    ("--accept-restored", "it is about one start"),
    ("--keep-tokens", "it is about one start"),
    ("--json", "it is about the output"),
    ("--verbose", "it is about the log"),
    ("--runtime", "it is about the program"),
    ("--help", "it is an action"),
    ("--allow-debug", "no file may lower a guard by itself"),
    ("--insecure-allow-plain", "no file may lower a guard by itself"),
    ("--insecure-no-auth", "no file may lower a guard by itself"),
    ("--insecure-weak-secret", "no file may lower a guard by itself"),
    ("--insecure-shell-templates", "no file may lower a guard by itself"),
];

const NOBODYS: &str = "zzzzzzzz";

/// The keys that are known beside one that is not, at the top or in a table; none where the place
/// is no table of known keys.
fn beside(home: &Path, command: &str, table: Option<&str>) -> Option<Vec<String>> {
    let file = home.join("settings.toml");
    let heading = table.map_or_else(String::new, |table| format!("[{table}]\n"));
    fs::write(&file, format!("{heading}{NOBODYS} = 1\n")).unwrap();
    let file = file.to_str().unwrap();
    let output = bowline(home, &[command, "--print-config", "--config", file]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let (_, known) = stderr(&output).trim_end().split_once("; known here: ")?;
    Some(known.split(", ").map(str::to_owned).collect())
}

/// Every key, with its table.
fn keys(home: &Path, command: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for key in beside(home, command, None).unwrap() {
        match beside(home, command, Some(&key)) {
            Some(inner) => keys.extend(inner.iter().map(|inner| format!("{key}.{inner}"))),
            None => keys.push(key),
        }
    }
    keys
}

fn flags(home: &Path, command: &str) -> BTreeSet<String> {
    let help = bowline(home, &[command, "--help"]);
    let words = stdout(&help).lines().filter_map(|line| {
        let flag = line.trim_start().trim_start_matches("-v, ").trim_start_matches("-h, ");
        flag.starts_with("--").then(|| flag.split([' ', '.']).next().unwrap().to_owned())
    });
    words.collect()
}

/// What the flag of a key is called: by its own name, in the singular, with its table's before, or
/// as the most that is allowed.
fn flag_of(key: &str, flags: &BTreeSet<String>) -> Option<String> {
    if let Some((_, other)) = OTHER_NAMES.iter().find(|(known, _)| *known == key) {
        return Some((*other).to_owned());
    }
    let name = key.rsplit('.').next().unwrap();
    let singular = match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.trim_end_matches('s').to_owned(),
    };
    let names = [name.to_owned(), singular, key.replace('.', "-"), format!("max-{name}")];
    names.iter().map(|name| format!("--{name}")).find(|flag| flags.contains(flag))
}

fn hold_together(command: &str) {
    let home = tempfile::tempdir().unwrap();
    let (keys, flags) = (keys(home.path(), command), flags(home.path(), command));
    assert!(keys.len() > 8 && flags.len() > 8, "{keys:?} {flags:?}");
    let mut used = BTreeSet::new();
    for key in &keys {
        let flag = flag_of(key, &flags).unwrap_or_else(|| panic!("{command}: '{key}' has no flag"));
        assert!(flag.is_empty() || flags.contains(&flag), "{command}: '{key}' wants {flag}");
        used.insert(flag);
    }
    for flag in flags {
        let excused = NO_KEY.iter().any(|(excused, _)| *excused == flag);
        assert!(used.contains(&flag) || excused, "{command}: {flag} has no key");
    }
}

#[test]
fn every_key_of_hub_toml_has_a_flag_and_every_flag_a_key() {
    hold_together("hub");
}

#[test]
fn every_key_of_peer_toml_has_a_flag_and_every_flag_a_key() {
    hold_together("peer");
}
