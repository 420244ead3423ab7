//! Addresses and directories: taken, unwritable, full, not ours; and a configuration that is broken
//! while the hub runs.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use bowline_tests::bowline::{Outcome, Running, outcome};
use bowline_tests::disk::{NO_SIGNAL, SmallDisk};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{Names, documented, filled, refused};
use bowline_tests::skip::skipped;
use rustix::io::Errno;
use rustix::process::Signal;

/// What the system says of an error.
fn reason(error: Errno) -> String {
    io::Error::from(error).to_string()
}

/// A hub on this data directory, which must not start.
fn hub(stage: &ProcessFixture, bind: &str, data: &str) -> Outcome {
    outcome(stage.bowline(&["hub", "--bind", bind, "--data", data]))
}

const ANY: &str = "127.0.0.1:0";

async fn a_second_hub_on_the_port_does_not_start_and_the_first_goes_on() {
    let stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let (bind, data) = (stage.address(), stage.text("second"));
    let says = "cannot listen on ADDRESS: REASON. Another program listens there: stop it, or give \
                another --bind";
    let reason = reason(Errno::ADDRINUSE);
    refused(&hub(&stage, &bind, &data), 2, says, &[("ADDRESS", &bind), ("REASON", &reason)]);
    assert!(!stage.at("second/endpoint").exists(), "nobody is sent to a hub that did not start");
    healthy.goes_on().await;
}

fn an_address_of_another_machine_is_refused() {
    let stage = ProcessFixture::empty();
    let says = "cannot listen on ADDRESS: REASON. It is not an address of this machine: see --bind";
    let reason = reason(Errno::ADDRNOTAVAIL);
    let bind = "192.0.2.1:7777";
    let outcome = hub(&stage, bind, &stage.text("hub"));
    refused(&outcome, 2, says, &[("ADDRESS", bind), ("REASON", &reason)]);
}

async fn a_second_hub_on_the_data_directory_does_not_start_and_the_first_goes_on() {
    let stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let endpoint = fs::read(stage.at("hub/endpoint")).unwrap();
    let pid = stage.hub.as_ref().unwrap().pid().as_raw_nonzero().to_string();
    let data = stage.text("hub");
    let says = "another hub (process PID) is running on PLACE: stop it, or give this one a \
                directory of its own with --data DIR";
    refused(&hub(&stage, ANY, &data), 2, says, &[("PID", &pid), ("PLACE", &data)]);
    assert_eq!(fs::read(stage.at("hub/endpoint")).unwrap(), endpoint);
    healthy.goes_on().await;
}

/// What commands on the hub's machine say while it cannot be found there: whether it runs is
/// decided by its lock.
fn a_hub_that_runs_and_cannot_be_found_is_told_from_one_that_was_killed() {
    let mut stage = ProcessFixture::with_hub();
    let (data, hub) = (stage.text("hub"), stage.hub.as_ref().unwrap());
    let pid = hub.pid().as_raw_nonzero().to_string();
    let (control, missing) = (stage.text("hub/control"), reason(Errno::NOENT));
    let ls = |stage: &ProcessFixture| outcome(stage.bowline(&["ls", "--data", &data]));
    // It looks for nothing meanwhile.
    hub.signal(Signal::STOP);
    fs::remove_file(&control).unwrap();
    let hidden = "the hub of PLACE runs (process PID) and cannot be reached: connecting to SOCKET \
                  failed: REASON. It makes its socket anew within 2s, and at once at SIGHUP \
                  ('kill -HUP PID'): try again. If that goes on, its log says why";
    let names = [
        ("PLACE", data.as_str()),
        ("PID", pid.as_str()),
        ("SOCKET", control.as_str()),
        ("REASON", missing.as_str()),
    ];
    refused(&ls(&stage), 4, hidden, &names);
    let endpoint = stage.at("hub/endpoint");
    let said = fs::read(&endpoint).unwrap();
    fs::remove_file(&endpoint).unwrap();
    let unsaid = "the hub of PLACE runs (process PID), and its file 'endpoint', which says where it \
                  listens, is not there: it begins or ends just now, or the file was taken away, and \
                  then it is back within 2s. Try again";
    refused(&ls(&stage), 4, unsaid, &names);
    stage.private("hub/endpoint", "garbage\n");
    let damaged = "the hub of PLACE runs (process PID), and its file 'endpoint', which says where \
                   it listens, is damaged: FILE: expected a URL, a process number and the path of a \
                   socket, a line each. It makes the file anew within 2s, and at once at SIGHUP \
                   ('kill -HUP PID'): try again";
    let file = stage.text("hub/endpoint");
    let named = [names[0], names[1], ("FILE", file.as_str())];
    refused(&ls(&stage), 4, damaged, &named);
    // It was moved, and what it wrote names the place that it had.
    fs::write(&endpoint, &said).unwrap();
    fs::rename(stage.at("hub"), stage.at("moved")).unwrap();
    let moved = "the hub of PLACE runs (process PID) and cannot be reached: connecting to SOCKET \
                 failed: REASON. It was started in HOME, which is not there any more: move its directory \
                 back, or stop the hub and start it again here";
    let place = stage.text("moved");
    let named = [("PLACE", place.as_str()), names[1], names[2], names[3], ("HOME", data.as_str())];
    refused(&outcome(stage.bowline(&["ls", "--data", &place])), 4, moved, &named);
    fs::rename(stage.at("moved"), stage.at("hub")).unwrap();
    fs::remove_file(&endpoint).unwrap();
    let hub = stage.hub.as_mut().unwrap();
    hub.signal(Signal::CONT);
    hub.signal(Signal::HUP);
    let mut made = [hub.said("made anew"), hub.said("made anew")];
    made.sort_unstable_by_key(|line| line.contains("what=\"socket\""));
    assert!(made[0].contains("what=\"endpoint\"") && made[1].contains(&control), "{made:?}");
    assert_eq!(ls(&stage).0, Some(0));
    assert_eq!(fs::read(&endpoint).unwrap(), said);

    // Its process is there still for as long as nobody has asked how it ended; and its number may
    // be another's then.
    stage.hub.as_ref().unwrap().signal(Signal::KILL);
    let killed = "the hub of PLACE was killed: nothing listens at SOCKET (connection refused), and \
                  nobody holds its directory (it was process PID). Start 'bowline hub' again, with the flags that it had";
    let names = [("SOCKET", control.as_str()), ("PLACE", &data), ("PID", &pid)];
    let until = std::time::Instant::now() + bowline_tests::wait::BOUND;
    while ls(&stage).2.contains("runs (process") && std::time::Instant::now() < until {}
    refused(&ls(&stage), 4, killed, &names);
    stage.hub = None;
    let other = std::process::id().to_string();
    let said = String::from_utf8(said).unwrap().replace(&pid, &other);
    stage.private("hub/endpoint", &said);
    let names = [names[0], names[1], ("PID", other.as_str())];
    refused(&ls(&stage), 4, killed, &names);
    stage.private("hub/endpoint", "garbage\n");
    let left = "the hub of PLACE is not running, and left a damaged file: FILE: expected a URL, a \
                process number and the path of a socket, a line each. Start 'bowline hub', which \
                writes it anew";
    refused(&ls(&stage), 4, left, &[("PLACE", &data), ("FILE", &file)]);
    fs::remove_file(&endpoint).unwrap();
    let ended = "the hub of PLACE is not running: start it with 'bowline hub', or name another with \
                 --hub or --config";
    refused(&ls(&stage), 4, ended, &[("PLACE", &data)]);
}

fn what_cannot_be_a_data_directory_is_refused_and_left_as_it_is() {
    let stage = ProcessFixture::empty();
    let file = stage.private("file", "mine");
    let says = "PLACE is not a directory: give another with --data DIR";
    refused(&hub(&stage, ANY, &file), 2, says, &[("PLACE", &file)]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let open = stage.text("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    let says = "PLACE has mode 0777: other users may change it; run 'chmod 700 PLACE', and replace \
                what it holds if they may have used that";
    refused(&hub(&stage, ANY, &open), 2, says, &[("PLACE", &open)]);
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
}

/// Nobody can make anything in /proc, root included.
#[cfg(target_os = "linux")]
fn a_data_directory_that_cannot_be_made_is_refused() {
    let stage = ProcessFixture::empty();
    let says = "cannot create the directory PLACE: REASON. Check the path";
    let names = [("PLACE", "/proc/bowline"), ("REASON", &reason(Errno::NOENT))];
    refused(&hub(&stage, ANY, "/proc/bowline"), 2, says, &names);
}

/// Whoever this is: root may write into every directory, but not onto a file system that is
/// read-only.
fn a_data_directory_that_cannot_be_written_is_refused() {
    let stage = ProcessFixture::empty();
    let (place, disk) = (stage.text("disk"), SmallDisk::mount(&stage.at("disk"), 512));
    let (says, error) = match &disk {
        Some(disk) => {
            disk.make_read_only();
            let says = "cannot lock PLACE/lock: REASON. Make its file system writable, or keep \
                        the data elsewhere with --data DIR";
            (says, Errno::ROFS)
        }
        None if rustix::process::getuid().is_root() => return skipped("to mount a file system"),
        None => {
            fs::set_permissions(&place, Permissions::from_mode(0o500)).unwrap();
            let says = "cannot lock PLACE/lock: REASON. Run this as the user who owns it, or name \
                        another";
            (says, Errno::ACCESS)
        }
    };
    let names = [("PLACE", place.as_str()), ("REASON", &reason(error))];
    refused(&hub(&stage, ANY, &place), 2, says, &names);
}

/// The messages of both ways to be unwritable stand on the page, whichever could be tried here.
#[test]
fn the_page_has_both_ways_to_be_unwritable() {
    for remedy in [
        "Make its file system writable, or keep the data elsewhere with --data DIR",
        "Run this as the user who owns it, or name another",
    ] {
        documented(2, &format!("cannot lock PLACE/lock: REASON. {remedy}"));
    }
}

fn a_hub_does_not_start_where_no_file_can_be_written_and_says_which() {
    let stage = ProcessFixture::empty();
    let place = stage.text("hub");
    let hub = ["hub", "--bind", ANY, "--data", &place];
    let limited = stage.bowline_behind(&format!("{NO_SIGNAL}; ulimit -f 0"), &hub);
    let says = "cannot lock PLACE/lock: REASON. Make room there, or keep the data elsewhere with \
                --data DIR";
    let names = [("PLACE", place.as_str()), ("REASON", &reason(Errno::FBIG))];
    refused(&outcome(limited), 2, says, &names);
    // With room it is the same directory as before, and good.
    let mut running = Running::start(stage.bowline(&hub));
    running.line("listening");
}

/// The disk fills at one file or another: each way the hub names what it could not write, ends with
/// 2, and starts on what is there once there is room.
fn a_hub_does_not_start_on_a_full_disk_wherever_it_fills_up() {
    let stage = ProcessFixture::empty();
    let full = reason(Errno::NOSPC);
    let mut files = Vec::new();
    for kib in (4..=128).step_by(4) {
        let name = format!("disk-{kib}");
        let place = stage.text(&name);
        let Some(disk) = SmallDisk::mount(&stage.at(&name), kib) else {
            return skipped("to mount a file system");
        };
        let hub = || stage.bowline(&["hub", "--bind", ANY, "--data", &place]);
        let ended = outcome_unless_listening(hub());
        let Some(ended) = ended else { break };
        match file_named(&ended.2, &place) {
            Some("ledger.db") => {
                let reason = between(&ended.2, "ledger.db: ", ". Check");
                let names = [("PLACE", place.as_str()), ("REASON", reason)];
                refused(&ended, 2, OPEN_LEDGER, &names);
            }
            Some(file) => {
                let names = [("FILE", &*format!("{place}/{file}")), ("REASON", &full)];
                refused(&ended, 2, WRITE, &names);
                if files.last().map(String::as_str) != Some(file) {
                    files.push(file.to_owned());
                }
            }
            None => refused(&ended, 2, STORAGE, &[("REASON", "database or disk is full")]),
        }
        disk.grow(4096);
        assert_eq!(outcome_unless_listening(hub()), None, "{kib} KiB, and room again");
    }
    // How small a disk can be is the system's to say, so some of these may not have been the first.
    let mut all = [
        "identity.key",
        "ca.key",
        "ca.crt",
        "token.key",
        "tls.key",
        "tls.crt",
        "secret.key",
        "endpoint",
    ]
    .into_iter();
    assert!(files.iter().all(|file| all.any(|known| known == file)), "{files:?}");
    assert!(!files.is_empty());
}

const WRITE: &str = "cannot write FILE: REASON. Make room there, or keep the data elsewhere with \
                     --data DIR";
const OPEN_LEDGER: &str = "cannot open the ledger PLACE/ledger.db: REASON. Check that this user \
                           may write there, and that the disk has room";
const STORAGE: &str = "the ledger could not record or read: REASON. Look at the disk of the data \
                       directory: it may be full, read-only or failing";

/// What a hub came to that does not start; one that listens is ended cleanly.
fn outcome_unless_listening(command: Command) -> Option<Outcome> {
    let mut running = Running::start(command);
    if running.line_or_end().is_none() {
        return Some(running.outcome());
    }
    running.signal(Signal::TERM);
    assert_eq!(running.end().0, Some(0));
    None
}

/// The name of the file below `place` that a message names.
fn file_named<'a>(message: &'a str, place: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(&format!("{place}/"))?;
    rest.split(':').next()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split(before).nth(1).and_then(|rest| rest.split(after).next()).expect("both")
}

async fn a_configuration_that_is_broken_while_the_hub_runs_changes_nothing() {
    let mut stage = ProcessFixture::empty();
    let config = stage.private("hub.toml", "bind = \"127.0.0.1:0\"\n");
    let data = stage.text("hub");
    stage.listen(stage.bowline(&["hub", "--data", &data, "--config", &config]));
    let mut healthy = stage.healthy().await;
    let cases = [
        (
            "[tls]\nmdoe = \"tofu\"\n",
            "SIGHUP: FILE: line 2: unknown key 'tls.mdoe'; did you mean 'tls.mode'?; what is in \
             force stays",
        ),
        (
            "bind = \"0.0.0.0:1\"\n[tls]\nmode = \"plain\"\n",
            "SIGHUP: refusing to bind 0.0.0.0:1 in TLS mode 'plain': anyone on the way could read \
             and change everything; use --tls tofu, bind 127.0.0.1, or accept it with \
             --insecure-allow-plain; what is in force stays",
        ),
    ];
    let names = [("FILE", config.as_str())];
    for (text, says) in cases {
        fs::write(&config, text).unwrap();
        hang_up(&mut stage, says, &names);
        documented(0, says);
        healthy.goes_on().await;
    }
    fs::remove_file(&config).unwrap();
    let says = "SIGHUP: FILE: cannot be read: REASON; give another file with --config FILE; what \
                is in force stays";
    let gone = reason(Errno::NOENT);
    let filled = says.replacen("FILE", &config, 1);
    hang_up(&mut stage, &filled, &[("REASON", &gone)]);
    documented(0, says);
    healthy.goes_on().await;
}

/// Sends SIGHUP to the hub, and holds what it says to this.
fn hang_up(stage: &mut ProcessFixture, says: &str, names: Names<'_>) {
    let hub = stage.hub.as_mut().unwrap();
    hub.signal(Signal::HUP);
    assert_eq!(hub.said("SIGHUP"), format!("bowline: {}", filled(says, names)));
}

in_crossed_pairings! {
    a_hub_that_runs_and_cannot_be_found_is_told_from_one_that_was_killed,
    #[cfg(target_os = "linux")]
    a_data_directory_that_cannot_be_made_is_refused,
    ; async
    a_second_hub_on_the_port_does_not_start_and_the_first_goes_on,
    a_second_hub_on_the_data_directory_does_not_start_and_the_first_goes_on,
    a_configuration_that_is_broken_while_the_hub_runs_changes_nothing,
}

on_each_runtime! {
    an_address_of_another_machine_is_refused,
    what_cannot_be_a_data_directory_is_refused_and_left_as_it_is,
    a_data_directory_that_cannot_be_written_is_refused,
    a_hub_does_not_start_where_no_file_can_be_written_and_says_which,
    a_hub_does_not_start_on_a_full_disk_wherever_it_fills_up,
}
