//! What differs between two configurations, key by key.

use std::collections::BTreeMap;

/// The keys, dotted as a person would name them, that differ between two printed configurations
/// ([`HubConfig::to_toml`](super::HubConfig::to_toml), [`PeerConfig::to_toml`](super::PeerConfig::to_toml)),
/// ascending. Of a command it is the command's.
#[must_use]
pub fn changes(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (entries(before), entries(after));
    let mut changed: Vec<_> = before
        .iter()
        .filter(|(key, value)| after.get(*key) != Some(*value))
        .chain(after.iter().filter(|(key, _)| !before.contains_key(*key)))
        .map(|(key, _)| shown(key))
        .collect();
    changed.sort();
    changed.dedup();
    changed
}

/// A printed configuration has one key a line, each below its table's heading.
fn entries(text: &str) -> BTreeMap<String, &str> {
    let mut table = "";
    let mut entries = BTreeMap::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = heading;
        } else if let Some((key, value)) = line.split_once(" = ") {
            let key = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
            entries.insert(key, value);
        }
    }
    entries
}

/// `commands.NAME` for whatever stands in it.
fn shown(key: &str) -> String {
    let parts = if key.starts_with("commands.") { 2 } else { usize::MAX };
    key.split('.').take(parts).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{HubSettings, PeerSettings};

    fn hub(text: &str) -> String {
        HubSettings::parse("hub.toml".as_ref(), text).unwrap().resolve().unwrap().to_toml()
    }

    fn peer(text: &str) -> String {
        PeerSettings::parse("peer.toml".as_ref(), text).unwrap().resolve().unwrap().to_toml()
    }

    #[test]
    fn what_is_said_in_other_words_does_not_differ() {
        assert_eq!(
            changes(&hub(""), &hub("name = \"bowline\"\n[limits]\ndrain = \"3000ms\"")),
            [""; 0]
        );
    }

    #[test]
    fn each_key_that_differs_is_named_by_its_table_and_once() {
        let before = hub("name = \"one\"\n[auth]\nsecret-file = \"a\"");
        let after = hub("name = \"two\"\n[tls]\nmode = \"plain\"\n[limits]\npeers = 7");
        let changed = changes(&before, &after);
        let own = ["auth.secret-file", "limits.peers", "name", "tls.mode"];
        // By secret alone, a plain hub takes peers at their word.
        assert_eq!(changed, [&own[..1], &["auth.self-labels"], &own[1..]].concat());
        assert_eq!(changes(&after, &before), changed);
    }

    #[test]
    fn a_command_is_named_as_a_whole_and_also_where_it_came_or_went() {
        let one = "[commands.up]\nrun = [\"uptime\"]\n";
        let args = "[commands.up.args.x]\ntype = \"string\"\n";
        let other = "[commands.down]\nrun = [\"true\"]\n";
        let longer = format!("{one}{args}").replace("\"uptime\"", "\"uptime\", \"{x}\"");
        assert_eq!(changes(&peer(one), &peer(&longer)), ["commands.up"]);
        assert_eq!(changes(&peer(one), &peer(other)), ["commands.down", "commands.up"]);
        assert_eq!(changes(&peer(""), &peer("[labels]\nrole = \"web\"")), ["labels.role"]);
    }
}
