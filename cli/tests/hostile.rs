//! Surroundings that do not cooperate: outputs that are gone or full, no home, names that are no
//! text, files that are none of ours, and characters that drive a terminal.

mod common;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{bowline, code, command, stderr, stdout};

const HUB: &str = "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Commands that print a result and need nothing for it.
const RESULTS: &[&[&str]] = &[
    &["man"],
    &["completions", "bash"],
    &["hub", "--print-config"],
    &["inspect", "pin", HUB],
    &["inspect", "frame", "--json", "8210a10001"],
    &["--help"],
    &["--version"],
    &["help", "run"],
];

fn raw(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bowline"));
    command.args(arguments).env("HOME", home).env_remove("BOWLINE_LOG").stdin(Stdio::null());
    command
}

#[test]
fn a_reader_that_went_away_ends_a_command_as_sigpipe_would_and_without_a_word() {
    let home = tempfile::tempdir().unwrap();
    for arguments in RESULTS {
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let output = raw(home.path(), arguments).stdout(write).output().unwrap();
        assert_eq!((code(&output), stderr(&output)), (141, ""), "{arguments:?}");
    }
    // As `| head -1` does: the first line is read, and the rest is not.
    let (mut read, write) = std::io::pipe().unwrap();
    let child = raw(home.path(), &["completions", "bash"]).stdout(write).spawn().unwrap();
    let mut first = [0; 10];
    read.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"_bowline()");
    drop(read);
    let end = child.wait_with_output().unwrap();
    assert!(matches!(end.status.code(), Some(0 | 141)), "{end:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output_is_a_failure_that_is_told() {
    let home = tempfile::tempdir().unwrap();
    for arguments in RESULTS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = raw(home.path(), arguments).stdout(full).output().unwrap();
        assert_eq!(code(&output), 1, "{arguments:?}");
        let says = "bowline: standard output: No space left on device";
        assert!(stderr(&output).starts_with(says), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_standard_output_that_is_open_for_reading_only_is_a_failure_that_is_told() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "as it was").unwrap();
    for arguments in RESULTS {
        let wrong = File::open(&file).unwrap();
        let output = raw(home.path(), arguments).stdout(wrong).output().unwrap();
        assert_eq!(code(&output), 1, "{arguments:?}");
        let says = "bowline: standard output: it is open for reading only. \
                    Send it elsewhere, such as >FILE\n";
        assert_eq!(stderr(&output), says, "{arguments:?}");
    }
}

#[test]
fn a_standard_input_that_is_open_for_writing_only_is_not_empty() {
    let home = tempfile::tempdir().unwrap();
    for what in ["pin", "certificate", "frame", "token"] {
        let wrong = File::create(home.path().join("file")).unwrap();
        let output = raw(home.path(), &["inspect", what, "-"]).stdin(wrong).output().unwrap();
        let says = "bowline: cannot read standard input: it is open for writing only\n";
        assert_eq!((code(&output), stderr(&output)), (2, says), "{what}");
    }
    // As nohup leaves it.
    let null = File::options().write(true).open("/dev/null").unwrap();
    let output = raw(home.path(), &["inspect", "pin", "-"]).stdin(null).output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (1, "bowline: not a pin: it is empty\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_standard_error_changes_no_exit_code() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, exit) in [
        (&["inspect", "pin", "x"][..], 1),
        (&["nonsense"], 2),
        (&["trust", "show", "wss://h"], 5),
        (&["-vvv", "ls", "--hub", "wss://127.0.0.1:1", "--id", "a"], 2),
        (&["man", "--dir", home.path().to_str().unwrap()], 0),
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = raw(home.path(), arguments).stderr(full).output().unwrap();
        assert_eq!(code(&output), exit, "{arguments:?}");
    }
}

#[test]
fn without_a_home_the_flag_that_says_where_data_is_is_named() {
    for arguments in [
        &["hub"][..],
        &["ls"],
        &["whoami"],
        &["trust", "list"],
        &["secret", "show"],
        &["tls", "info"],
        &["peer", "--hub", "wss://h", "--id", "a"],
    ] {
        let nowhere = Path::new("relative");
        let output = bowline(nowhere, arguments);
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{arguments:?}");
        assert!(stderr(&output).contains("--data DIR"), "{arguments:?}: {}", stderr(&output));
        let mut command = command(nowhere);
        let output = command.env_remove("HOME").args(arguments).output().unwrap();
        assert!(stderr(&output).contains("HOME is not set"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_home_in_which_nothing_can_be_made_is_named_and_read_as_empty() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("file");
    fs::write(&home, "").unwrap();
    for arguments in [&["hub", "--bind", "127.0.0.1:0"][..], &["trust", "pin", "wss://h", HUB]] {
        let output = bowline(&home, arguments);
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{arguments:?}");
        let says = format!("cannot create the directory {}", home.display());
        assert!(stderr(&output).contains(&says), "{}", stderr(&output));
    }
    let output = bowline(&home, &["ls"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no hub is given"), "{}", stderr(&output));
}

#[test]
fn a_line_feed_in_what_was_typed_begins_no_line_of_a_message() {
    let home = tempfile::tempdir().unwrap();
    let odd = "a\nbowline: all is well";
    let below = |name: &str| format!("{}/{name}{odd}", home.path().display());
    let path = below("");
    for arguments in [
        &["run", odd, "up"][..],
        &["run", &format!("role={odd}"), "up", "--data", &path],
        &["ls", "--config", &path],
        &["peer", "--config", &path],
        &["hub", "--config", &path],
        &["peer", "--hub", "wss://h", "--label", odd],
        &["ls", "--hub", "wss://h", "--secret-file", &path],
        &["join", "--token-file", &path],
        &["inspect", "certificate", &format!("@{path}")],
        &["trust", "pin", "wss://h", odd],
        &["man", "--dir", &path],
    ] {
        let output = bowline(home.path(), arguments);
        let said = stderr(&output);
        let is_usage = said.starts_with("error: ");
        assert!(is_usage || said.lines().count() == 1, "{arguments:?}: {said}");
        assert!(!said.lines().any(|line| line.trim_start().starts_with("bowline: all")), "{said}");
    }
}

#[test]
fn names_that_are_no_text_are_taken_where_they_name_files_and_refused_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let odd = |prefix: &str| OsString::from_vec([prefix.as_bytes(), b"\xFF"].concat());
    let config = home.path().join(odd("config"));
    fs::write(&config, "name = \"odd\"\n").unwrap();
    let flag = |name: &str, value: OsString| vec![OsString::from(name), value];
    let print = |rest: Vec<OsString>| {
        let arguments = [vec!["hub".into(), "--print-config".into()], rest].concat();
        bowline(home.path(), &arguments)
    };
    let output = print(flag("--config", config.into_os_string()));
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("name = \"odd\""), "{}", stdout(&output));
    for (name, value) in [("--config", odd("missing")), ("--name", odd("n")), ("--bind", odd("b"))]
    {
        let output = print(flag(name, value));
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{name}");
        assert!(!stderr(&output).is_empty(), "{name}");
    }
}

#[test]
fn a_configuration_that_is_no_configuration_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let large = home.path().join("large.toml");
    fs::write(&large, format!("# {}\n", "x".repeat(1 << 20))).unwrap();
    let binary = home.path().join("binary.toml");
    fs::write(&binary, [0xFF, 0xFE]).unwrap();
    for (path, reason) in [
        (large.as_path(), "it is larger than 1048576 bytes"),
        (&binary, "UTF-8"),
        (home.path(), "Is a directory"),
        (Path::new("/dev/zero"), "/dev/zero is a device, not a file"),
    ] {
        for command in ["hub", "peer"] {
            let file = path.to_str().unwrap();
            let output = bowline(home.path(), &[command, "--print-config", "--config", file]);
            assert_eq!((code(&output), stdout(&output)), (2, ""), "{file}");
            assert!(stderr(&output).contains(file), "{}", stderr(&output));
            assert!(stderr(&output).contains(reason), "{file}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_directory_in_the_place_of_a_secret_is_told_as_one() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().to_str().unwrap();
    let peer = ["peer", "--hub", "wss://h", "--id", "a", "--secret-file", dir];
    let output = bowline(home.path(), &peer);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("Is a directory"), "{}", stderr(&output));
}

#[test]
fn a_nul_in_a_configuration_is_refused_wherever_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("peer.toml");
    for text in [
        "id = \"a\\u0000b\"",
        "hub = \"wss://h\\u0000\"",
        "secret-file = \"a\\u0000\"",
        "[labels]\nrole = \"a\\u0000\"",
        "[labels]\n\"a\\u0000\" = \"b\"",
        "[tls]\nroots = \"a\\u0000\"",
        "[tls]\npins = [\"sha256/\\u0000\"]",
        "[commands.x]\nrun = [\"a\\u0000\"]",
        "[commands.\"a\\u0000\"]\nrun = [\"a\"]",
        "\"a\\u0000\" = 1",
    ] {
        fs::write(&file, text).unwrap();
        let path = file.to_str().unwrap();
        let output = bowline(home.path(), &["peer", "--print-config", "--config", path]);
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{text}");
        assert!(stderr(&output).contains("line "), "{text}: {}", stderr(&output));
        assert!(!stderr(&output).contains('\0'), "{text}");
    }
}

#[test]
fn nothing_that_was_typed_or_configured_drives_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("peer.toml");
    fs::write(&file, "id = \"\\u001b[2J\"\n").unwrap();
    let path = file.to_str().unwrap();
    let escape = "w\u{1b}[2J";
    for arguments in [
        &["peer", "--print-config", "--config", path][..],
        &["peer", "--id", escape],
        &["run", escape, "x"],
        &["run", "web-1", escape],
        &["hub", "--print-config", "--hostname", escape],
        &["trust", "show", escape],
        &[escape],
    ] {
        let output = bowline(home.path(), arguments);
        assert!(!stderr(&output).contains('\u{1b}'), "{arguments:?}: {:?}", stderr(&output));
        let is_shown = ["\\u001b[2J", "\\u{1b}[2J"].iter().any(|it| stderr(&output).contains(it));
        assert!(is_shown, "{arguments:?}: {:?}", stderr(&output));
    }
}

#[test]
fn nothing_that_was_typed_or_configured_begins_a_message() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("peer.toml");
    fs::write(&file, "id = \"a\\nbowline: all is well\\u2028\\u0085\"\n").unwrap();
    let path = file.to_str().unwrap();
    let typed = "a\nbowline: all is well\u{2028}\u{85}";
    for arguments in [
        &["peer", "--print-config", "--config", path][..],
        &["peer", "--id", typed],
        &["run", typed, "x"],
        &["trust", "show", typed],
        &["peer", "--print-config", "--config", typed],
        &[typed],
    ] {
        let output = bowline(home.path(), arguments);
        let said = stderr(&output);
        let begun = said.lines().filter(|line| line.starts_with("bowline:")).count();
        assert!(begun <= 1, "{arguments:?}: {said:?}");
        assert!(!said.contains(['\u{2028}', '\u{85}']), "{arguments:?}: {said:?}");
    }
}

#[test]
fn a_log_filter_that_is_not_understood_is_told_and_not_silently_left_out() {
    let home = tempfile::tempdir().unwrap();
    let list = |filter: &str| {
        command(home.path()).env("BOWLINE_LOG", filter).args(["trust", "list"]).output().unwrap()
    };
    let output = list("a[b");
    assert_eq!(code(&output), 0);
    let says = "bowline: warning: BOWLINE_LOG is not understood and does nothing: ";
    assert!(stderr(&output).starts_with(says), "{}", stderr(&output));
    for good in ["", "debug", "bowline=trace,warn"] {
        assert!(!stderr(&list(good)).contains("warning"), "{good}");
    }
}

#[test]
fn no_color_leaves_colour_out_and_a_pipe_has_none() {
    let home = tempfile::tempdir().unwrap();
    let coloured = |variables: &[&str], arguments: &[&str]| {
        let mut command = raw(home.path(), arguments);
        for name in ["NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().map(|name| (name, "1")));
        let output = command.output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1B)
    };
    for arguments in [&["--help"][..], &["nonsense"]] {
        assert!(coloured(&["CLICOLOR_FORCE"], arguments), "{arguments:?}");
        assert!(!coloured(&["CLICOLOR_FORCE", "NO_COLOR"], arguments), "{arguments:?}");
        assert!(!coloured(&[], arguments), "{arguments:?}");
    }
}
