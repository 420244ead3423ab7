//! Two hubs on one data directory, where somebody took the lock away that keeps them apart.

use std::fs;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::in_crossed_pairings;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{documented, refused};
use rustix::process::Signal;

const ANY: &str = "127.0.0.1:0";

const STOPPED: &str = "the hub has stopped: another hub has used its ledger";

async fn without_its_lock_a_hub_keeps_others_out_by_its_socket() {
    let mut stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let (data, endpoint) = (stage.text("hub"), stage.at("hub/endpoint"));
    let hub = stage.hub.as_ref().unwrap();
    let pid = hub.pid().as_raw_nonzero().to_string();
    let names = [("PID", pid.as_str()), ("PLACE", &data)];
    // It makes nothing anew meanwhile.
    hub.signal(Signal::STOP);
    fs::remove_file(stage.at("hub/lock")).unwrap();
    let second = || outcome(stage.bowline(&["hub", "--bind", ANY, "--data", &data]));
    let says = "another hub (process PID) is running on PLACE: stop it, or give this one a \
                directory of its own with --data DIR";
    refused(&second(), 2, says, &names);
    fs::remove_file(&endpoint).unwrap();
    let says = "another hub is running on PLACE: stop it, or give this one a directory of its own \
                with --data DIR";
    refused(&second(), 2, says, &names);
    let hub = stage.hub.as_mut().unwrap();
    hub.signal(Signal::CONT);
    for what in ["what=\"lock\"", "what=\"endpoint\""] {
        assert!(hub.said("made anew").contains(what), "{hub:?}");
    }
    healthy.goes_on().await;
}

fn a_hub_whose_ledger_another_hub_uses_stops_and_takes_nothing_from_that_one() {
    let mut stage = ProcessFixture::with_hub();
    let data = stage.text("hub");
    let first = stage.hub.take().unwrap();
    first.signal(Signal::STOP);
    for file in ["lock", "control", "endpoint"] {
        fs::remove_file(stage.at("hub").join(file)).unwrap();
    }
    let mut second = Running::start(stage.bowline(&["hub", "--bind", ANY, "--data", &data]));
    second.line("listening");
    stage.hub = Some(second);
    // It is written when the hub listens, and before it says so.
    let endpoint = fs::read(stage.at("hub/endpoint")).unwrap();
    first.signal(Signal::CONT);
    let (code, err) = first.end();
    assert_eq!(code, Some(1), "{err}");
    assert!(err.ends_with(&format!("bowline: {STOPPED}\n")), "{err}");
    let told = err.matches("another hub has used the ledger since this one started").count();
    assert_eq!(told, 1, "{err}");
    assert!(!err.contains("made anew") && !err.contains("is well again"), "{err}");
    documented(1, STOPPED);
    assert_eq!(fs::read(stage.at("hub/endpoint")).unwrap(), endpoint);
    assert_eq!(outcome(stage.bowline(&["ls", "--data", &data])).0, Some(0));
}

in_crossed_pairings! {
    a_hub_whose_ledger_another_hub_uses_stops_and_takes_nothing_from_that_one,
    ; async
    without_its_lock_a_hub_keeps_others_out_by_its_socket,
}
