//! Credentials that end, renewed by whoever has them in time.

use std::time::Duration;

use bowline_tests::in_crossed_pairings;
use rustix::process::Signal;

use super::*;

const SHORT: &str = "[tokens]\ncertificate = \"12s\"\n";

/// Longer than a busy machine takes to join, or to ask one thing.
const BRIEF: Duration = Duration::from_secs(8);

/// What was made to last as long as [`BRIEF`] has ended.
fn outlive() {
    std::thread::sleep(BRIEF + Duration::from_secs(1));
}

const ENDED: &str = "the enrolment in FILE has ended, its refresh token 0 minutes before this machine's \
                     clock: ask the hub's operator for a new token and run 'bowline join' with it. If \
                     the clock is wrong, set it";

fn renewed(peer: &mut Running) -> u64 {
    let line = peer.line("\"renewed\"");
    serde_json::from_str::<Value>(&line).unwrap()["until"].as_u64().unwrap()
}

fn a_running_peer_renews_its_certificate_and_goes_on_without_a_new_connection() {
    let stage = hub(SHORT);
    let done = joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
    let mut web = serve(&stage, "web");
    // Beyond the end of the first, which the session would not outlive.
    let first = done["certificate_ends"].as_u64().unwrap();
    while renewed(&mut web) < first + 12 {}
    answers(&stage, "web-1");
    assert!(!web.seen().iter().any(|line| line.contains("\"ended\"")), "{web:#?}");
    // The machine's other programs come by what the disk has now.
    let data = stage.text("web");
    let (code, _, err) = outcome(stage.bowline(&["ls", "--data", &data]));
    assert_eq!(code, Some(0), "{err}");
    answers(&stage, "web-1");
}

fn a_machine_that_was_off_past_its_certificate_comes_back_by_its_refresh_token() {
    let stage = hub("[tokens]\ncertificate = \"8s\"\n");
    joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
    let data = stage.text("web");
    let who = || {
        outlive();
        let (code, out, err) = outcome(stage.bowline(&["whoami", "--json", "--data", &data]));
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let methods = [who(), who()].map(|who| text(&who["live"]["method"]).to_owned());
    assert_eq!(methods, ["refresh", "refresh"]);
    // It serves for the first time, and is listed while it is away from then on.
    let listed = || operator(&stage, &["ls", "--json"]).1;
    assert_eq!(listed(), "");
    let web = serve(&stage, "web");
    web.signal(Signal::TERM);
    assert_eq!(web.end().0, Some(0));
    assert!(listed().contains("\"id\":\"web-1\""), "{}", listed());
}

fn a_machine_that_was_off_past_its_refresh_token_is_told_to_ask_for_another_token() {
    let stage = hub("[tokens]\ncertificate = \"8s\"\nrefresh = \"8s\"\n");
    joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
    outlive();
    let data = stage.text("web");
    let gone = outcome(stage.bowline(&["ls", "--data", &data]));
    refusals::refused(&gone, 3, ENDED, &[("FILE", &stage.text("web/enrolment"))]);
    // A peer that runs goes on asking its disk, and takes what comes there.
    let mut web = Running::start(peer_command(&stage, "web"));
    web.line("the enrolment in");
    web.signal(Signal::TERM);
    assert_eq!(web.end().0, Some(0));
}

in_crossed_pairings! {
    a_running_peer_renews_its_certificate_and_goes_on_without_a_new_connection,
    a_machine_that_was_off_past_its_certificate_comes_back_by_its_refresh_token,
    a_machine_that_was_off_past_its_refresh_token_is_told_to_ask_for_another_token,
}
