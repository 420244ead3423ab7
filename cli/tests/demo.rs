//! The demo, as it is run by whoever meets the program first.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the demo with a temporary folder of its own.
fn demo(temporary: &Path) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bowline"));
    command.args(["demo", "--json"]).env("TMPDIR", temporary).env_remove("BOWLINE_SECRET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn two_demos_at_once_tell_the_same_story_and_leave_nothing_behind() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let demos = [demo(folders[0].path()), demo(folders[1].path())];
    for (demo, folder) in demos.into_iter().zip(&folders) {
        let output = demo.wait_with_output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        let lines: Vec<serde_json::Value> =
            told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let at = |who: &str, event: &str| {
            let says =
                |line: &serde_json::Value| line["who"] == who && line["what"]["event"] == event;
            lines.iter().position(says).unwrap_or_else(|| panic!("{who} tells no {event}: {told}"))
        };
        // Nothing is kept of the hub before it has been learnt, and nothing is called before. Lines
        // of two processes that do not wait for each other may come in any order.
        let story = [
            at("hub", "listening"),
            at("peer", "learnt"),
            at("peer", "kept"),
            at("peer", "registered"),
            at("operator", "admitted"),
            at("operator", "result"),
            at("demo", "summary"),
        ];
        assert!(story.is_sorted(), "{story:?}: {told}");
        let pin = &lines[at("hub", "listening")]["what"]["pin"];
        assert!(pin.as_str().unwrap().starts_with("sha256/"));
        assert_eq!(&lines[at("peer", "learnt")]["what"]["pin"], pin);
        let summary = &lines[at("demo", "summary")]["what"];
        assert_eq!((&summary["calls"], &summary["clean"]), (&3.into(), &true.into()));
        at("peer", "called");
        let ticks = lines.iter().filter(|line| {
            let what = &line["what"];
            what["event"] == "output" && what["command"] == "ticks" && what["stream"] == "out"
        });
        let ticks: String = ticks.filter_map(|line| line["what"]["text"].as_str()).collect();
        assert_eq!(ticks, "tick 1\ntick 2\ntick 3\ntick 4\ntick 5\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
