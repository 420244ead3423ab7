//! A disk that fills while the hub runs, and one that is full where a peer keeps its trust: nobody
//! is admitted on what could not be recorded, nothing is lost, and with room all is well again.

use std::process::Command;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::disk::{NO_SIGNAL, SmallDisk, limit_files};
use bowline_tests::in_crossed_pairings;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{documented, filled, refused};
use bowline_tests::skip::skipped;
use rustix::process::Signal;

const UNAVAILABLE: &str = "HUB: the hub refused: unavailable: The hub could not record what it \
                           must; come back later. Look at the hub's log, and at the disk of its \
                           data directory: it may be full, read-only or failing; or the hub was \
                           restored from a backup.";

/// How a disk has no room.
enum Full {
    /// It is small, and filled.
    Disk(SmallDisk),
    /// The hub may write no file any longer than it is.
    Limit,
}

impl Full {
    fn fill(&self, hub: &Running) {
        match self {
            Self::Disk(disk) => disk.fill(),
            Self::Limit => limit_files(hub.pid(), Some(0)),
        }
    }

    fn free(&self, hub: &Running) {
        match self {
            Self::Disk(disk) => disk.free(),
            Self::Limit => limit_files(hub.pid(), None),
        }
    }
}

/// A dial of a peer of this name, with a key of its own.
fn ls(stage: &ProcessFixture, name: &str) -> Command {
    let (data, secret) = (stage.text(name), stage.secret());
    let dial = ["ls", "--hub", &stage.url, "--id", name, "--data", &data, "--secret-file", &secret];
    stage.bowline(&dial)
}

/// Makes a token, for one key.
fn issue(stage: &ProcessFixture) -> (Option<i32>, String, String) {
    let data = stage.text("hub");
    let issue = ["token", "issue", "--for", "a machine", "--local", "--data", &data];
    outcome(stage.bowline(&issue))
}

/// Has another key sign tokens.
fn rotate(stage: &ProcessFixture) -> (Option<i32>, String, String) {
    let data = stage.text("hub");
    outcome(stage.bowline(&["key", "rotate", "--data", &data]))
}

/// Joins as a peer of this name, with a key of its own.
fn join(stage: &ProcessFixture, token: &str, name: &str) -> (Option<i32>, String, String) {
    let data = stage.text(name);
    let join = ["join", "--token-file", token, "--id", name, "--data", &data];
    outcome(stage.bowline(&join))
}

async fn fills_and_has_room_again(make: fn(&ProcessFixture) -> Option<Full>) {
    let mut stage = ProcessFixture::empty();
    let Some(full) = make(&stage) else { return skipped("to mount a file system") };
    let data = stage.text("hub");
    let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data];
    stage.listen(stage.bowline_behind(NO_SIGNAL, &hub));
    let mut healthy = stage.healthy().await;
    assert_eq!(outcome(ls(&stage, "known")).0, Some(0));
    let token = stage.private("token.txt", &issue(&stage).1);

    full.fill(stage.hub.as_ref().unwrap());
    let names = [("HUB", stage.url.as_str())];
    for _ in 0..2 {
        refused(&outcome(ls(&stage, "stranger")), 3, UNAVAILABLE, &names);
        refused(&join(&stage, &token, "joiner"), 3, UNAVAILABLE, &names);
        let (code, out, err) = issue(&stage);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
        assert!(err.contains("unavailable: the ledger could not record"), "{err}");
        let (code, out, err) = rotate(&stage);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
        assert!(err.contains("unavailable: "), "{err}");
        assert!(!stage.at("hub/token.next").exists());
        healthy.goes_on().await;
    }
    // There is nothing to record of one that is known.
    assert_eq!(outcome(ls(&stage, "known")).0, Some(0));
    let log = stage.hub.as_mut().unwrap().said("the ledger could not record a peer");
    assert!(log.contains("it was not admitted"), "{log}");

    full.free(stage.hub.as_ref().unwrap());
    let (code, _, err) = outcome(ls(&stage, "stranger"));
    assert_eq!(code, Some(0), "{err}");
    let (code, _, err) = rotate(&stage);
    assert_eq!(code, Some(0), "{err}");
    // The token was not spent, and the key that signed it verifies: it is still for one key,
    // whichever comes first.
    assert_eq!(join(&stage, &token, "other").0, Some(0));
    let (code, _, err) = join(&stage, &token, "joiner");
    assert_eq!(code, Some(3));
    assert!(err.contains("used"), "{err}");
    healthy.goes_on().await;

    // All that was recorded is there at the next start: each id is bound to its key.
    let (hub_process, address) = (stage.hub.take().unwrap(), stage.address());
    hub_process.signal(Signal::TERM);
    assert_eq!(hub_process.end().0, Some(0));
    stage.start_hub(&address);
    for name in ["known", "stranger"] {
        assert_eq!(outcome(ls(&stage, name)).0, Some(0), "{name}");
        let (data, secret) = (stage.text("thief"), stage.secret());
        let thief =
            ["ls", "--hub", &stage.url, "--id", name, "--data", &data, "--secret-file", &secret];
        let (code, _, err) = outcome(stage.bowline(&thief));
        assert_eq!(code, Some(3), "{err}");
        assert!(err.contains("id-taken"), "{err}");
    }
    if let Some(hub) = stage.hub.take() {
        hub.signal(Signal::TERM);
        hub.end();
    }
    drop(full);
}

async fn a_hub_whose_disk_fills_admits_nobody_new_and_recovers_with_room() {
    fills_and_has_room_again(|stage| SmallDisk::mount(&stage.at("hub"), 4096).map(Full::Disk))
        .await;
}

async fn a_hub_that_may_write_no_more_admits_nobody_new_and_recovers_when_it_may() {
    fills_and_has_room_again(|_| Some(Full::Limit)).await;
}

/// The peer has a key; what it would learn of the hub finds no room.
async fn a_peer_that_cannot_keep_the_hub_does_not_use_the_link() {
    let stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let secret = stage.secret();
    let typed = ["--secret-file", secret.as_str()];
    // A dial that fails makes the key, and learns nothing.
    let wrong = [&typed[..], &["--pin", PIN]].concat();
    assert_eq!(outcome(stage.dial("ls", &wrong)).0, Some(3));
    let data = stage.text("me");
    let dial = ["ls", "--hub", &stage.url, "--id", "me", "--data", &data];
    let limited = format!("{NO_SIGNAL}; ulimit -f 0");
    let limited = stage.bowline_behind(&limited, &[&dial[..], &typed].concat());
    let (code, out, err) = outcome(limited);
    assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
    let (log, told) = err.trim_end().split_once('\n').expect("a line of the log, and the error");
    assert!(log.contains("cannot write") && log.contains("trust.toml"), "{log}");
    let says = "HUB: unavailable: what was learnt of the hub could not be kept; the link was not \
                used. Look at the disk of this peer's data directory: it may be full, read-only or \
                failing.";
    assert_eq!(told, format!("bowline: {}", filled(says, &[("HUB", &stage.url)])));
    documented(3, says);
    assert!(!stage.at("me/trust.toml").exists());
    healthy.goes_on().await;
    assert_eq!(outcome(stage.dial("ls", &typed)).0, Some(0));
    assert!(stage.at("me/trust.toml").exists());
}

/// A pin of no key here.
const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

in_crossed_pairings! {
    ; async
    a_hub_whose_disk_fills_admits_nobody_new_and_recovers_with_room,
    a_hub_that_may_write_no_more_admits_nobody_new_and_recovers_when_it_may,
    a_peer_that_cannot_keep_the_hub_does_not_use_the_link,
}
