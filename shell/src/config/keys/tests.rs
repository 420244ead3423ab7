use super::*;
use crate::config::{HubSettings, PeerSettings};

fn hub(text: &str) -> crate::config::HubConfig {
    HubSettings::parse("hub.toml".as_ref(), text).unwrap().resolve().unwrap()
}

fn peer(text: &str) -> crate::config::PeerConfig {
    PeerSettings::parse("peer.toml".as_ref(), text).unwrap().resolve().unwrap()
}

#[test]
fn what_is_said_in_other_words_does_not_differ() {
    let same = hub("name = \"bowline\"\n[limits]\ndrain = \"3000ms\"");
    assert_eq!(hub("").changes(&same), []);
}

#[test]
fn each_key_that_differs_is_named_by_its_table_and_once() {
    let before = hub("name = \"one\"\n[auth]\nsecret-file = \"a\"");
    let after = hub("name = \"two\"\n[tls]\nmode = \"plain\"\n[limits]\npeers = 7");
    let changed = Change::keys(before.changes(&after));
    let own = ["auth.secret-file", "limits.peers", "name", "tls.mode"];
    // By secret alone, a plain hub takes peers at their word.
    assert_eq!(changed, [&own[..1], &["auth.self-labels"], &own[1..]].concat());
    assert_eq!(Change::keys(after.changes(&before)), changed);
}

#[test]
fn a_command_is_named_as_a_whole_and_also_where_it_came_or_went() {
    let changes = |before: &str, after: &str| Change::keys(peer(before).changes(&peer(after)));
    let one = "[commands.up]\nrun = [\"uptime\"]\n";
    let args = "[commands.up.args.x]\ntype = \"string\"\n";
    let other = "[commands.down]\nrun = [\"true\"]\n";
    let longer = format!("{one}{args}").replace("\"uptime\"", "\"uptime\", \"{x}\"");
    assert_eq!(changes(one, &longer), ["commands.up"]);
    assert_eq!(changes(one, other), ["commands.down", "commands.up"]);
    assert_eq!(changes("", "[labels]\nrole = \"web\""), ["labels.role"]);
}

/// The default that a key's help tells is what is in force where nothing is said, and a key that is
/// printed nowhere is one that may be absent.
fn hold_to_the_help<S: Default, C>(keys: &[Key<S, C>], config: &C) {
    for key in keys {
        let mut printer = Printer::default();
        (key.print)(config, &mut printer, "x");
        let printed = printer.finish();
        let Some((_, told)) = key.about.split_once("[default: ") else { continue };
        let told = told.strip_suffix(']').unwrap();
        // Words for what another key or the machine decides.
        if ["all", "a second's worth", "the host name", "7777"].contains(&told)
            || told.ends_with("sole method")
        {
            continue;
        }
        let said = printed.strip_prefix("x = ").unwrap().trim().trim_matches('"');
        assert_eq!(said, told.trim_start_matches("default port: "), "{}", key.name);
    }
}

#[test]
fn the_default_that_a_flag_tells_is_in_force_where_nothing_is_said() {
    hold_to_the_help(HubSettings::KEYS, &hub(""));
    hold_to_the_help(PeerSettings::KEYS, &peer(""));
}

#[test]
fn no_name_and_no_flag_stands_twice() {
    fn hold<S, C>(keys: &[Key<S, C>]) {
        for (at, key) in keys.iter().enumerate() {
            for other in &keys[..at] {
                assert_ne!(key.name, other.name);
                assert!(key.flag.is_none() || key.flag != other.flag, "{key:?} {other:?}");
            }
        }
    }
    hold(HubSettings::KEYS);
    hold(PeerSettings::KEYS);
}

/// Holds a column of the table of `docs/stopping.md` to the keys: each stands in its row and in no
/// other, by its name or its table's, and nothing else stands there.
fn hold_to_the_page<S, C>(keys: &[Key<S, C>], column: usize) {
    let page = include_str!("../../../../docs/stopping.md");
    let row = |start: &str| -> Vec<&str> {
        let line = page.lines().find(|line| line.starts_with(start)).expect(start);
        line.split('|').nth(column).unwrap().split('`').skip(1).step_by(2).collect()
    };
    let rows = [
        (Reload::Live, row("| at once |")),
        (Reload::NextDial, row("| from the next connection on |")),
        (Reload::Restart, row("| at the next start, and SIGHUP says so |")),
    ];
    let told = |key: &Key<S, C>, name: &str| {
        key.name == name || name == format!("[{}]", key.name.split('.').next().unwrap())
    };
    for (when, names) in &rows {
        for key in keys {
            let is_told = names.iter().any(|name| told(key, name));
            assert_eq!(is_told, key.reload == *when, "{key:?} in the row of {when:?}");
        }
        for name in names {
            assert!(keys.iter().any(|key| told(key, name)), "'{name}' is no key");
        }
    }
}

#[test]
fn the_page_of_sighup_tells_when_each_key_is_taken() {
    hold_to_the_page(HubSettings::KEYS, 2);
    hold_to_the_page(PeerSettings::KEYS, 3);
}
