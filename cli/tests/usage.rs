//! What the program says and ends with where nothing runs: usage, configuration, files.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{bowline, code, json, stderr, stdout};
use tempfile::TempDir;

const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const HUB: &str = "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa";

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = bowline(home().path(), &["--version"]);
    assert_eq!(stdout(&version), concat!("bowline ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_target_that_means_nothing_is_told_before_anything_is_dialled() {
    let home = home();
    for (arguments, said) in [
        (&["run", "Web 1", "uptime"][..], "role=web,zone=eu"),
        (&["run", "role=web,zone", "uptime"], "'zone' is no label test"),
        (&["run", "role=web,role=db", "uptime"], "'role' is tested twice"),
        (&["run", "web-1", "uptime", "--batch", "2"], "--batch is for several peers"),
    ] {
        let output = bowline(home.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn without_a_hub_a_run_on_several_or_a_detached_one_has_the_code_of_its_kind() {
    let home = home();
    for arguments in [&["run", "all", "uptime"][..], &["run", "web-1", "uptime", "--detach"]] {
        let output = bowline(home.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains("--hub"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn flags_of_run_may_stand_behind_the_arguments_of_the_command() {
    let home = home();
    let behind = ["run", "web-1", "restart", "unit=nginx", "--timeout", "soon"];
    let output = bowline(home.path(), &behind);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("--timeout"), "{}", stderr(&output));
    // What stands behind the two dashes is the command's, so that the failure is another.
    let output = bowline(home.path(), &["run", "web-1", "restart", "--", "--timeout", "soon"]);
    assert_eq!(code(&output), 255);
}

#[test]
fn without_a_hub_anywhere_the_flag_is_named() {
    let home = home();
    for (arguments, exit) in
        [(&["ls"][..], 2), (&["peer", "--id", "web-1"], 2), (&["run", "web-1", "uptime"], 255)]
    {
        let output = bowline(home.path(), arguments);
        assert_eq!(code(&output), exit, "{arguments:?}");
        assert!(stderr(&output).contains("--hub"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_peer_without_a_secret_ends_at_once_and_says_where_one_comes_from() {
    let home = home();
    let output = bowline(home.path(), &["peer", "--hub", "wss://127.0.0.1:1", "--id", "web-1"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("bowline secret show"), "{}", stderr(&output));
}

#[test]
fn what_is_in_force_is_printed_and_reads_back_as_itself() {
    let home = home();
    let first =
        bowline(home.path(), &["hub", "--print-config", "--bind", "0.0.0.0:1", "--name", "x"]);
    assert_eq!(code(&first), 0, "{}", stderr(&first));
    assert!(stdout(&first).contains("bind = \"0.0.0.0:1\""), "{}", stdout(&first));
    let file = home.path().join("hub.toml");
    fs::write(&file, stdout(&first)).unwrap();
    let file = file.to_str().unwrap();
    let again = bowline(home.path(), &["hub", "--print-config", "--config", file]);
    assert_eq!(stdout(&again), stdout(&first));
    // A flag stands above the file.
    let flag = bowline(home.path(), &["hub", "--print-config", "--config", file, "--name", "y"]);
    assert!(stdout(&flag).contains("name = \"y\""), "{}", stdout(&flag));

    let peer = ["peer", "--print-config", "--id", "web-1", "--label", "role=web", "--pin", PIN];
    let peer = bowline(home.path(), &peer);
    assert_eq!(code(&peer), 0, "{}", stderr(&peer));
    for expected in ["id = \"web-1\"", "role = \"web\"", PIN] {
        assert!(stdout(&peer).contains(expected), "{expected}: {}", stdout(&peer));
    }
}

#[test]
fn a_key_that_nothing_reads_is_refused_with_the_nearest_known_one() {
    let home = home();
    let file = home.path().join("hub.toml");
    fs::write(&file, "[tls]\nmdoe = \"tofu\"\n").unwrap();
    let output = bowline(home.path(), &["hub", "--config", file.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    assert!(
        said.contains("line 2") && said.contains("tls.mdoe") && said.contains("mode"),
        "{said}"
    );
}

#[test]
fn a_risk_is_refused_unless_its_switch_is_given() {
    let home = home();
    let plain = ["hub", "--print-config", "--tls", "plain", "--bind", "0.0.0.0:1"];
    let open = ["hub", "--print-config", "--auth-required", "false"];
    for (arguments, switch) in
        [(&plain[..], "--insecure-allow-plain"), (&open[..], "--insecure-no-auth")]
    {
        let output = bowline(home.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(switch), "{}", stderr(&output));
        let allowed = bowline(home.path(), &[arguments, &[switch]].concat());
        assert_eq!(code(&allowed), 0, "{}", stderr(&allowed));
    }
}

#[test]
fn the_secret_is_shown_and_nothing_else() {
    let home = home();
    let data = home.path().to_str().unwrap();
    let missing = bowline(home.path(), &["secret", "show", "--data", data]);
    assert_eq!(code(&missing), 2);
    assert!(stderr(&missing).contains("bowline hub"), "{}", stderr(&missing));

    let (file, secret) = (home.path().join("secret.key"), "A".repeat(43));
    write(&file, &format!("{secret}\n"), 0o600);
    let shown = bowline(home.path(), &["secret", "show", "--data", data]);
    assert_eq!((code(&shown), stdout(&shown)), (0, &*format!("{secret}\n")));

    write(&file, &secret, 0o644);
    let exposed = bowline(home.path(), &["secret", "show", "--data", data]);
    assert_eq!((code(&exposed), stdout(&exposed)), (2, ""));
    assert!(stderr(&exposed).contains("chmod 600"), "{}", stderr(&exposed));
}

#[test]
fn trust_is_pinned_listed_shown_and_forgotten() {
    let home = home();
    let data = home.path().join("peer");
    let data = data.to_str().unwrap();
    let trust = |arguments: &[&str]| {
        bowline(home.path(), &[&["trust", "--data", data], arguments].concat())
    };
    assert_eq!(code(&trust(&["show", "wss://h"])), 5);
    assert_eq!(code(&trust(&["pin", "wss://h", HUB])), 0);
    let pinned = trust(&["pin", "--json", "wss://h", PIN]);
    assert_eq!(
        (&json(&pinned)["identity"], &json(&pinned)["pinned"][0]),
        (&HUB.into(), &PIN.into())
    );
    let list = trust(&["list", "--json"]);
    let list = stdout(&list);
    assert_eq!(list.lines().count(), 1);
    for expected in ["\"h:7777/link\"", HUB, PIN] {
        assert!(list.contains(expected), "{expected}: {list}");
    }
    // Under its place, with TLS and without.
    for place in ["wss://h:7777", "ws://h", "h:7777/link"] {
        let shown = trust(&["show", place]);
        assert!(stdout(&shown).contains(HUB), "{place}: {}", stdout(&shown));
    }
    let other = HUB.replace("hub_a", "hub_b");
    let refused = trust(&["pin", "wss://h", &other]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("bowline trust forget"), "{}", stderr(&refused));
    let forgotten = trust(&["forget", "--json", "wss://h"]);
    assert_eq!((code(&forgotten), &json(&forgotten)["identity"]), (0, &HUB.into()));
    assert_eq!(code(&trust(&["forget", "wss://h"])), 5);
    let none = trust(&["list"]);
    assert_eq!((code(&none), stdout(&none)), (0, ""));
    assert_eq!(stderr(&none), format!("bowline: no hub is remembered in {data}\n"));
}

/// A hub that was killed leaves its endpoint behind.
#[test]
fn a_hub_that_was_killed_is_told_with_its_process() {
    let home = home();
    let data = home.path().join("hub");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let data = data.to_str().unwrap();
    let file = |name: &str| Path::new(data).join(name);
    // RFC 8410 §10.3.
    let key = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----\n";
    write(&file("identity.key"), key, 0o600);
    write(&file("secret.key"), &"A".repeat(43), 0o600);
    let stopped = bowline(home.path(), &["ls", "--data", data]);
    assert_eq!(code(&stopped), 4);
    assert!(stderr(&stopped).contains("not running"), "{}", stderr(&stopped));

    // Nothing can listen on the discard port without a privilege; a listener here would be no hub.
    write(&file("endpoint"), "wss://127.0.0.1:9/link\n4711\n", 0o600);
    let killed = bowline(home.path(), &["ls", "--data", data]);
    assert_eq!(code(&killed), 4, "{}", stderr(&killed));
    let said = stderr(&killed);
    assert!(said.contains("4711") && said.contains("Start 'bowline hub'"), "{said}");
    let run = bowline(home.path(), &["run", "--data", data, "--json", "web-1", "uptime"]);
    assert_eq!(code(&run), 255);
    assert!(stdout(&run).contains("4711"), "{}", stdout(&run));

    // So does a local socket, whether its file is still there or not.
    let control = file("control");
    write(
        &file("endpoint"),
        &format!("wss://127.0.0.1:9/link\n4711\n{}\n", control.display()),
        0o600,
    );
    for _ in 0..2 {
        let killed = bowline(home.path(), &["ls", "--data", data]);
        assert_eq!(code(&killed), 4, "{}", stderr(&killed));
        let said = stderr(&killed);
        assert!(said.contains("4711") && said.contains("Start 'bowline hub'"), "{said}");
        assert!(said.contains(control.to_str().unwrap()), "{said}");
        drop(std::os::unix::net::UnixListener::bind(&control).ok());
    }
}
