//! A command line that cannot be carried out: exit code 2, nothing on standard output, and what was
//! expected.

mod common;

use std::fs;

use common::{bowline, code, stderr, stdout};

const NAME: &str = "1 to 64 of a-z 0-9 . _ -, starting with a letter or digit";

/// Runs each line and looks for what it has to say.
fn wrong(lines: &[(&[&str], &str)]) {
    let home = tempfile::tempdir().unwrap();
    for (arguments, says) in lines {
        let output = bowline(home.path(), arguments);
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{arguments:?}");
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_command_that_is_unknown_is_told_with_the_nearest_one() {
    wrong(&[
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["hubb"], "a similar subcommand exists: 'hub'"),
        (&["trust", "forgt", "wss://h"], "a similar subcommand exists: 'forget'"),
        (&["inspect", "certifcate", "x"], "a similar subcommand exists: 'certificate'"),
        (&["ls", "--jsn"], "a similar argument exists: '--json'"),
        (&[], "Usage: bowline"),
        (&["trust"], "Usage: bowline trust"),
    ]);
}

#[test]
fn an_argument_that_is_missing_is_named() {
    wrong(&[
        (&["run"], "<TARGET>"),
        (&["run", "web-1"], "<COMMAND>"),
        (&["trust", "pin", "wss://h"], "<ID-OR-PIN>"),
        (&["trust", "show"], "<HUB>"),
        (&["inspect", "pin"], "<VALUE>"),
        (&["completions"], "<SHELL>"),
        (&["hub", "--bind"], "a value is required for '--bind <ADDRESS>'"),
        (&["peer", "--config", ""], "a value is required for '--config <FILE>'"),
    ]);
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_what_was_expected() {
    wrong(&[
        (&["run", "web-1", "x", "--timeout", "30"], "a whole number and ms, s, m, h or d"),
        (&["run", "web-1", "x", "--batch", "many"], "expected a whole number from 1 to 1000"),
        (&["run", "web-1", "a b"], NAME),
        (&["run", "Web 1", "x"], NAME),
        (&["hub", "--bind", "hub"], "write it as 127.0.0.1:7777"),
        (&["hub", "--tls", "tls"], "plain, tofu"),
        (&["hub", "--auth-secret", "maybe"], "[possible values: true, false]"),
        (&["hub", "--secret-role", "root"], "one of admin, member, agent"),
        (&["token", "issue", "--cap", "fly"], "one of serve, call, call:NAME, token.admin, "),
        (&["hub", "--max-peers", "many"], "expected a whole number"),
        (&["peer", "--hub", "hub.example"], "write it as wss://HOST:7777"),
        (&["peer", "--id", "All"], NAME),
        (&["peer", "--pin", ""], "'sha256/' and 44 characters"),
        (&["peer", "--hub-id", "hub_x"], "'hub_' and 26 characters"),
        (&["peer", "--label", "web"], "--label 'web': expected NAME=VALUE"),
        (&["trust", "pin", "wss://h", "x"], "'sha256/' and 44 characters"),
        (&["completions", "tcsh"], "possible values: bash"),
        (&["calls", "show", "7"], "a call's id is two numbers: 1-7; 'bowline calls list'"),
        (&["calls", "cancel", "01-7"], "a call's id is two numbers: 1-7"),
        (&["inspect", "frame", "--encoding", "utf", "x"], "possible values: hex"),
    ]);
}

#[test]
fn a_value_out_of_its_range_is_told_with_the_range() {
    wrong(&[
        (&["hub", "--print-config", "--max-peers", "0"], "expected 1 to 1000000"),
        (&["hub", "--print-config", "--max-peers", "1000001"], "expected 1 to 1000000"),
        (&["hub", "--max-peers", "-1"], "expected a whole number that is not negative"),
        (&["run", "web-1", "x", "--batch", "1001"], "from 1 to 1000"),
        (&["run", "web-1", "x", "--batch", "-1"], "from 1 to 1000"),
        (&["hub", "--bind", "127.0.0.1:65536"], "write it as 127.0.0.1:7777"),
        (&["peer", "--hub", "wss://h:0"], "its port is not within 1 to 65535"),
        (&["hub", "--print-config", "--name", &"x".repeat(65)], "expected 1 to 64 characters"),
        (&["peer", "--print-config", "--label", &format!("a={}", "x".repeat(257))], "256 bytes"),
    ]);
}

#[test]
fn a_value_that_starts_with_a_dash_is_told_how_to_be_given() {
    wrong(&[
        (&["run", "web-1", "-x"], "to pass '-x' as a value, use '-- -x'"),
        (&["run", "-web", "x"], "use '-- -w'"),
        (&["run", "--", "-web", "x"], NAME),
        (&["peer", "--id", "-web"], "unexpected argument '-w'"),
        (&["peer", "--id=-web"], NAME),
        (&["hub", "--name", "-x"], "unexpected argument '-x'"),
    ]);
    // Behind the name of a command, a negative number is its argument; that no hub is known is all
    // that is wrong here.
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["run", "web-1", "x", "-5"][..], &["run", "web-1", "x", "--", "-x"]] {
        let output = bowline(home.path(), arguments);
        assert_eq!(code(&output), 255, "{arguments:?}");
        assert!(stderr(&output).contains("no hub is given"), "{}", stderr(&output));
    }
}

#[test]
fn options_that_exclude_each_other_are_both_named() {
    wrong(&[
        (&["run", "all", "x", "--detach", "--batch", "2"], "'--detach'"),
        (&["tls", "info", "--hub", "wss://h", "--config", "f"], "'--config <FILE>'"),
    ]);
}

#[test]
fn a_placeholder_in_a_script_is_refused_with_the_safe_form_and_accepted_by_a_switch_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("peer.toml");
    let script = |run: &str| fs::write(&file, format!("[commands.pack]\nrun = {run}\n")).unwrap();
    let path = file.to_str().unwrap();
    let switch = "--insecure-shell-templates";
    script(r#"["env", "bash", "-ec", "tar c {dir}"]"#);
    for more in [&["--print-config"][..], &["--hub", "wss://127.0.0.1:1", "--id", "a"]] {
        let output = bowline(home.path(), &[&["peer", "--config", path], more].concat());
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{more:?}");
        let said = stderr(&output);
        assert!(said.contains("command 'pack': element 4 of 'run'"), "{said}");
        assert!(said.contains("write \"$1\"") && said.contains(switch), "{said}");
        let output = bowline(home.path(), &[&["peer", switch, "--config", path], more].concat());
        assert!(!stderr(&output).contains("command 'pack': element"), "{}", stderr(&output));
    }
    let start = ["peer", switch, "--config", path, "--hub", "wss://127.0.0.1:1", "--id", "a"];
    let output = bowline(home.path(), &start);
    let warning = "bowline: warning: command 'pack' has a placeholder in a script of 'bash'";
    assert!(stderr(&output).starts_with(warning), "{}", stderr(&output));
    let doctor = ["doctor", "--role", "peer", "--config", path, "--hub", "wss://127.0.0.1:1"];
    let look = |more: &[&str]| {
        let output = bowline(home.path(), &[&doctor[..], &["--id", "a"], more].concat());
        stdout(&output).to_owned()
    };
    assert!(look(&[]).contains("element 4 of 'run' is a script of 'bash'"), "{}", look(&[]));
    assert!(look(&[switch]).contains("risky-command: "), "{}", look(&[switch]));
    script(r#"["env", "bash", "-ec", "tar c \"$1\"", "bash", "{dir}"]"#);
    let output = bowline(home.path(), &["peer", "--print-config", "--config", path]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}
