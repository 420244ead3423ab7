//! Clocks that are wrong: what is refused tells both, and nothing that ended comes back.

use bowline_tests::faketime;
use bowline_tests::in_crossed_pairings;

use super::*;

const EARLY: &str = "HUB: the hub refused: not-yet-valid: The credential is not valid yet; one of the \
                     clocks is wrong. Set the clock that is wrong. By this machine's clock it is DATE, \
                     by the hub's OTHER: they differ by 8 days. Set the one that is wrong, and try \
                     again.";

const LATE: &str = "HUB: the hub refused: expired: The credential has ended. Ask the hub's \
                    administrator for a new token, and run 'bowline join' with it.";

const EIGHT_DAYS: i64 = 8 * 24 * 60 * 60;

/// The same hub, whose clock is so many seconds ahead.
fn restart(stage: &mut ProcessFixture, ahead: i64) {
    let address = stage.address();
    stop(stage);
    let mut command = hub_command(stage, &address);
    if ahead != 0 {
        faketime::shift(&mut command, ahead);
    }
    stage.listen(command);
}

fn a_hub_whose_clock_is_behind_tells_its_time_and_by_how_much_the_two_differ() {
    let mut stage = hub("");
    let token = issue(&stage, &[]);
    restart(&mut stage, -EIGHT_DAYS);
    let early = join(&stage, "web", &token, &["--id", "web-1"]);
    let (_, dates) = early.2.split_once("By this machine's clock it is ").unwrap();
    let (here, dates) = dates.split_once(", by the hub's ").unwrap();
    let (there, _) = dates.split_once(": they differ by").unwrap();
    let names: &[(&str, &str)] = &[("HUB", &stage.url), ("DATE", here), ("OTHER", there)];
    refusals::refused(&early, 3, EARLY, names);
    restart(&mut stage, 0);
    joined(&stage, "web", &token, &["--id", "web-1"]);
}

fn a_token_that_a_clock_has_ended_stays_ended_when_the_clock_comes_back() {
    let mut stage = hub("");
    let token = issue(&stage, &[]);
    restart(&mut stage, EIGHT_DAYS);
    let late = join(&stage, "web", &token, &["--id", "web-1"]);
    refused(&late, 3, "the hub refused: expired: ");
    assert!(late.2.contains("they differ by 8 days"), "{}", late.2);
    restart(&mut stage, 0);
    kept_out(&stage, &join(&stage, "web", &token, &["--id", "web-1"]), LATE);
}

fn a_peer_whose_clock_is_ahead_is_told_and_comes_back_once_it_is_right() {
    let stage = hub("");
    joined(&stage, "web", &issue(&stage, &[]), &["--id", "web-1"]);
    let data = stage.text("web");
    let list = || stage.bowline(&["ls", "--data", &data]);
    let mut ahead = list();
    faketime::shift(&mut ahead, EIGHT_DAYS);
    let ahead = outcome(ahead);
    refused(&ahead, 4, "session-expired: ");
    assert!(ahead.2.contains("by the hub's"), "{ahead:?}");
    assert!(ahead.2.contains(": they differ by 8 days. Set the one that is wrong"), "{ahead:?}");
    assert_eq!(outcome(list()).0, Some(0));
    let _web = serve(&stage, "web");
    answers(&stage, "web-1");
}

in_crossed_pairings! {
    #[ignore = "needs libfaketime: ./test others"]
    a_hub_whose_clock_is_behind_tells_its_time_and_by_how_much_the_two_differ,
    #[ignore = "needs libfaketime: ./test others"]
    a_token_that_a_clock_has_ended_stays_ended_when_the_clock_comes_back,
    #[ignore = "needs libfaketime: ./test others"]
    a_peer_whose_clock_is_ahead_is_told_and_comes_back_once_it_is_right,
}
