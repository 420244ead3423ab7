//! A machine that slept: its wall clock is far ahead of what its timers have counted.

use std::fs;
use std::time::Duration;

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::faketime;
use bowline_tests::process_fixture::ProcessFixture;

const PEER: &str = "id = 'web'\n[commands.hello]\nrun = ['echo', 'hello']\n";

#[test]
#[ignore = "needs libfaketime: ./test others"]
fn a_peer_whose_machine_slept_drops_its_dead_link_as_it_wakes_and_is_back() {
    let mut stage = ProcessFixture::with_hub();
    fs::write(stage.at("peer.toml"), PEER).unwrap();
    let ahead = stage.at("ahead");
    fs::write(&ahead, "+0").unwrap();
    let mut command = stage.peer_command();
    faketime::follow(&mut command, &ahead);
    let mut peer = Running::start(command);
    peer.line("registered");

    fs::write(&ahead, "+1h").unwrap();
    // Its own timers would find out at its first heartbeat, 15 s after its admission.
    let ended = peer.line_within(r#""event":"ended""#, Duration::from_secs(10));
    assert!(ended.contains(r#""code":"idle""#), "{ended}");
    peer.line("registered");
    stage.peer = Some(peer);
    assert_eq!(outcome(stage.run(&["web", "hello"])).0, Some(0));
}
