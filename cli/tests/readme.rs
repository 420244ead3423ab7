//! What the README shows is what the program takes. What it types is run by `tests/tests/typed`.

use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The first fenced block of a kind.
fn block(kind: &str) -> &'static str {
    let fence = format!("```{kind}\n");
    let (_, rest) = README.split_once(&fence).unwrap();
    rest.split_once("```").unwrap().0
}

fn bowline() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bowline"))
}

#[test]
fn its_peer_configuration_is_in_force_as_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("peer.toml");
    std::fs::write(&path, block("toml file=peer:peer.toml")).unwrap();
    let output =
        bowline().args(["peer", "--print-config", "--config"]).arg(&path).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr));
    assert!(output.status.success(), "{err:?}");
    for line in ["id = \"web-1\"", "run = [\"uptime\"]", "max = 1000"] {
        assert!(out.contains(line), "{line} is not in\n{out}");
    }
}

#[test]
fn its_two_commands_are_there_and_may_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in ["demo", "test"] {
        assert!(README.contains(&format!("./{name} ")), "./{name}");
        let mode = std::fs::metadata(root.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{name}");
    }
}
