//! What is generated from the commands themselves: shell completion and manual pages.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn bowline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bowline")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("bowline.bash");
    fs::write(&script, bowline(&["completions", "bash"]).stdout).unwrap();
    let complete = |words: &[&str]| {
        let (last, before) = words.split_last().unwrap();
        let ask = format!(
            "source {}; COMP_WORDS=({}); COMP_CWORD={}; _bowline bowline '{last}' '{}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.join(" "),
            words.len() - 1,
            before.last().unwrap(),
        );
        let output = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete(&["bowline", "trust", "pi"]), ["pin"]);
    assert_eq!(complete(&["bowline", "ls", "--js"]), ["--json"]);
    assert_eq!(complete(&["bowline", "completions", "zs"]), ["zsh"]);
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = bowline(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        for word in ["trust", "print-config", "completions"] {
            assert!(text(&output.stdout).contains(word), "{shell}: {word}");
        }
    }
    let unknown = bowline(&["completions", "tcsh"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("bash, elvish, fish, powershell, zsh"));
}

#[test]
fn a_manual_page_is_written_for_each_command() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("share/man1");
    let output = bowline(&["man", "--dir", pages.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let read = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
    let pin = read("bowline-trust-pin.1");
    assert!(pin.contains("\n.TH bowline-trust-pin 1"), "{pin}");
    assert!(pin.contains("\n  bowline trust pin wss://hub.example:7777 hub_"), "{pin}");
    assert!(read("bowline.1").contains("bowline\\-trust(1)"));
    let count = fs::read_dir(&pages).unwrap().count();
    assert!(text(&output.stderr).contains(&format!("{count} pages")), "{}", text(&output.stderr));

    let first = bowline(&["man"]);
    assert_eq!(text(&first.stdout), read("bowline.1"));
}

#[test]
fn a_manual_page_is_written_over_no_file_that_a_link_leads_to() {
    let dir = tempfile::tempdir().unwrap();
    let (pages, precious) = (dir.path().join("man1"), dir.path().join("precious"));
    fs::create_dir(&pages).unwrap();
    fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, pages.join("bowline.1")).unwrap();
    let output = bowline(&["man", "--dir", pages.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    let page = fs::symlink_metadata(pages.join("bowline.1")).unwrap();
    assert!(page.is_file());
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&page.permissions()) & 0o7777, 0o644);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let below: &Path = &file.join("man1");
    let output = bowline(&["man", "--dir", below.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(below.to_str().unwrap()), "{}", text(&output.stderr));
}
