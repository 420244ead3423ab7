//! Files and directories that somebody else of this machine had a hand in.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::refused;
use bowline_tests::skip::skipped;
use rustix::fs::{CWD, FileType, Mode, mknodat};

const ANY: &str = "127.0.0.1:0";

fn chmod(stage: &ProcessFixture, name: &str, mode: u32) {
    fs::set_permissions(stage.at(name), Permissions::from_mode(mode)).unwrap();
}

/// What user 65534 is called here.
fn nobody() -> &'static str {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    match users.lines().any(|line| line.starts_with("nobody:") && line.contains(":65534:")) {
        true => "nobody",
        false => "\\#65534",
    }
}

fn a_hub_of_roots_changes_nothing_in_a_directory_of_somebody_else() {
    if !rustix::process::geteuid().is_root() {
        skipped("root");
        return;
    }
    let stage = ProcessFixture::empty();
    let precious = stage.private("precious", "what root keeps");
    let place = stage.text("theirs");
    fs::create_dir(&place).unwrap();
    symlink(&precious, stage.at("theirs/lock")).unwrap();
    chown(&place, Some(65_534), Some(65_534)).unwrap();
    let hub = outcome(stage.bowline(&["hub", "--bind", ANY, "--data", &place]));
    let says = "PLACE belongs to user 65534, who decides what is there, and this runs as root: run \
                it as that user ('sudo -u USER'), or keep its files elsewhere; if what is there is \
                yours, run 'chown -h 0 PLACE'";
    let names = &[("PLACE", &*place), ("USER", nobody())];
    refused(&hub, 2, says, names);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "what root keeps");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    // As 'sudo bowline ls' finds the hub of a user.
    stage.private("theirs/identity.key", "theirs");
    refused(&outcome(stage.bowline(&["ls", "--data", &place])), 2, says, names);
}

fn a_lock_is_never_taken_through_a_link() {
    let stage = ProcessFixture::empty();
    let precious = stage.private("precious", "mine");
    let place = stage.text("hub");
    fs::create_dir(&place).unwrap();
    chmod(&stage, "hub", 0o700);
    symlink(&precious, stage.at("hub/lock")).unwrap();
    let hub = outcome(stage.bowline(&["hub", "--bind", ANY, "--data", &place]));
    let says = "FILE is a link, not a file: name a regular file ('-' is standard input, where a flag \
                takes it)";
    refused(&hub, 2, says, &[("FILE", &format!("{place}/lock"))]);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
}

fn a_configuration_that_others_can_write_decides_nothing() {
    let stage = ProcessFixture::empty();
    let says = "FILE has mode 0666: other users may change it; run 'chmod 600 FILE', and replace \
                what it holds if they may have used that";
    for (command, name, text) in [
        ("peer", "peer.toml", "[commands.owned]\nrun = [\"id\"]\n"),
        ("hub", "hub.toml", "name = \"owned\"\n"),
    ] {
        let config = stage.private(name, text);
        chmod(&stage, name, 0o666);
        let ended = outcome(stage.bowline(&[command, "--print-config", "--config", &config]));
        refused(&ended, 2, says, &[("FILE", &config)]);
    }
    fs::create_dir(stage.at("open")).unwrap();
    let config = stage.private("open/hub.toml", "name = \"owned\"\n");
    chmod(&stage, "open", 0o777);
    let says = "PLACE has mode 0777: other users may change it; run 'chmod go-w PLACE', and replace \
                what it holds if they may have used that";
    let ended = outcome(stage.bowline(&["hub", "--print-config", "--config", &config]));
    refused(&ended, 2, says, &[("PLACE", &stage.text("open"))]);
}

fn a_named_pipe_in_the_place_of_a_secret_is_refused_at_once() {
    let stage = ProcessFixture::empty();
    let pipe = stage.text("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let hub = ["hub", "--bind", ANY, "--data", &stage.text("hub"), "--secret-file", &pipe];
    let (code, _, err) = Running::start(stage.bowline(&hub)).outcome();
    let says = "FILE is a pipe, not a file: name a regular file ('-' is standard input, where a flag \
                takes it)";
    refused(&(code, String::new(), err), 2, says, &[("FILE", &pipe)]);
}

fn a_secret_comes_by_an_open_pipe_by_links_of_a_volume_and_as_systemd_has_it() {
    let stage = ProcessFixture::with_hub();
    let secret = fs::read_to_string(stage.secret()).unwrap();
    fs::create_dir_all(stage.at("volume/..2026_1")).unwrap();
    stage.private("volume/..2026_1/secret", &secret);
    symlink("..2026_1", stage.at("volume/..data")).unwrap();
    symlink("..data/secret", stage.at("volume/secret")).unwrap();
    let by_links = outcome(stage.dial("ls", &["--secret-file", &stage.text("volume/secret")]));
    assert_eq!(by_links.0, Some(0), "{by_links:?}");
    // With the mode that an access list shows.
    fs::create_dir(stage.at("credentials")).unwrap();
    let unit = stage.private("credentials/secret", &secret);
    chmod(&stage, "credentials/secret", 0o440);
    let dialled = || stage.dial("ls", &["--secret-file", &unit]);
    assert_eq!(outcome(dialled()).0, Some(2));
    let mut as_unit = dialled();
    as_unit.env("CREDENTIALS_DIRECTORY", stage.at("credentials"));
    let as_unit = outcome(as_unit);
    assert_eq!(as_unit.0, Some(0), "{as_unit:?}");
    // What a shell makes of <(cat FILE), descriptor and all.
    let dial = stage.dial("ls", &["--secret-file", "/dev/fd/3"]);
    let mut piped = Command::new("sh");
    piped.args(["-c", "cat \"$0\" | { exec 3<&0 </dev/null; exec \"$@\"; }", &stage.secret()]);
    piped.arg(dial.get_program()).args(dial.get_args());
    for (name, value) in dial.get_envs() {
        match value {
            Some(value) => piped.env(name, value),
            None => piped.env_remove(name),
        };
    }
    let piped = outcome(piped);
    assert_eq!(piped.0, Some(0), "{piped:?}");
}

on_each_runtime! {
    a_hub_of_roots_changes_nothing_in_a_directory_of_somebody_else,
    a_lock_is_never_taken_through_a_link,
    a_configuration_that_others_can_write_decides_nothing,
    a_named_pipe_in_the_place_of_a_secret_is_refused_at_once,
    a_secret_comes_by_an_open_pipe_by_links_of_a_volume_and_as_systemd_has_it,
}
