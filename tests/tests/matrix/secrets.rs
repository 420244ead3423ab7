//! Secrets: wrong, made up, short, empty, and readable by others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use bowline_tests::bowline::{Running, outcome};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::refusals::{filled, refused, run_refused};
use rustix::process::Signal;

/// Another secret of the right form.
const OTHER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

const WRONG: &str = "HUB: the hub refused: refused: The hub did not admit this peer; its log \
                     says why. Check that both ends have the same secret: 'bowline secret show' \
                     prints it on the hub's machine.";

const COPY: &str = "; copy the hub's own from 'bowline secret show'; on the hub, delete the file \
                    and start again, and one is made";

/// What a file may hold that is no secret, and what is said of it.
const FAULTS: [(&str, &str); 10] = [
    ("change-me\n", "it is a placeholder that anyone would try first"),
    ("short", "it has 5 characters; a secret has 43"),
    (" \n", "it is empty"),
    (
        "this is my very own secret of 43 characters",
        "it is made by hand, or damaged: not 32 bytes in unpadded URL-safe base64",
    ),
    (
        "A\0A\0A\0A\0",
        "it is UTF-16 (little-endian), as PowerShell and Notepad write it: save it as UTF-8",
    ),
    (
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\u{200b}\n",
        "its character 44 is a zero-width space (U+200B), which cannot be seen: take it out",
    ),
    (
        "AAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAA\n",
        "it has white space inside, at its character 21; a secret is one word of 43 characters",
    ),
    (
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\n",
        "it stands in quotation marks: leave them out",
    ),
    (
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "it ends in '=': a secret has no padding, so leave that out",
    ),
    ("eyJhbGci.eyJpc3Mi.AAAA\n", "it is a join token and no secret: give it to 'bowline join'"),
];

async fn what_is_no_secret_is_refused_by_every_command_and_nothing_is_dialled() {
    let stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    for (text, fault) in FAULTS {
        let file = stage.private("bad.key", text);
        let says = format!("the secret from FILE is refused: {fault}{COPY}");
        let names = [("FILE", file.as_str())];
        let flag = ["--secret-file", &file];
        refused(&outcome(stage.dial("ls", &flag)), 2, &says, &names);
        refused(&outcome(stage.dial("peer", &flag)), 2, &says, &names);
        let run = stage.dial("run", &["--secret-file", &file, "web", "hello"]);
        run_refused(&outcome(run), 2, &says, &names);
        let data = stage.text("other");
        let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--secret-file", &file];
        refused(&outcome(stage.bowline(&hub)), 2, &says, &names);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert!(!stage.at("me/trust.toml").exists());
    }
    healthy.goes_on().await;
}

fn a_hub_does_not_start_on_a_bad_secret_of_its_own_and_does_not_replace_it() {
    let stage = ProcessFixture::empty();
    fs::create_dir(stage.at("hub")).unwrap();
    for (text, fault) in FAULTS {
        let file = stage.private("hub/secret.key", text);
        let data = stage.text("hub");
        let hub = stage.bowline(&["hub", "--bind", "127.0.0.1:0", "--data", &data]);
        let says = format!("the secret from FILE is refused: {fault}{COPY}");
        refused(&outcome(hub), 2, &says, &[("FILE", &file)]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

fn a_bad_variable_or_standard_input_is_refused_and_what_stands_below_is_not_tried() {
    let stage = ProcessFixture::with_hub();
    fs::create_dir(stage.at("me")).unwrap();
    fs::copy(stage.secret(), stage.at("me/secret.key")).unwrap();
    let mut variable = stage.dial("ls", &[]);
    variable.env("BOWLINE_SECRET", "");
    let says = "the secret from BOWLINE_SECRET is refused: it is empty; pass on the hub's own, \
                from 'bowline secret show' on its machine";
    refused(&outcome(variable), 2, says, &[]);

    let input = fs::File::open(stage.private("bad.key", "short")).unwrap();
    let mut command = stage.dial("ls", &["--secret-file", "-"]);
    command.stdin(Stdio::from(input));
    let says = "the secret from standard input is refused: it has 5 characters; a secret has 43; \
                pass on the hub's own, from 'bowline secret show' on its machine";
    refused(&outcome(command), 2, says, &[]);
    // The same place, with nothing above it, is good.
    assert_eq!(outcome(stage.dial("ls", &[])).0, Some(0));
}

fn a_secret_that_others_can_read_is_refused_at_either_end() {
    let stage = ProcessFixture::with_hub();
    let file = stage.text("open.key");
    fs::copy(stage.secret(), &file).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let data = stage.text("other");
    let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--secret-file", &file];
    let flag = ["--secret-file", &file];
    let says = "FILE has mode 0644: other users may read it; run 'chmod 600 FILE', and replace \
                what it holds if they may have used that";
    for command in [stage.dial("ls", &flag), stage.dial("peer", &flag), stage.bowline(&hub)] {
        refused(&outcome(command), 2, says, &[("FILE", &file)]);
    }
}

fn without_a_secret_anywhere_it_is_said_where_one_comes_from() {
    let stage = ProcessFixture::with_hub();
    let says = "no secret is given: run 'bowline secret show' on the hub's machine and pass it \
                with --secret-file FILE, BOWLINE_SECRET, or secret-file in the configuration";
    refused(&outcome(stage.dial("ls", &[])), 2, says, &[]);
    refused(&outcome(stage.dial("peer", &[])), 2, says, &[]);
    run_refused(&outcome(stage.dial("run", &["web", "hello"])), 2, says, &[]);
}

async fn a_secret_that_is_not_the_hubs_is_refused_and_the_hubs_log_says_why() {
    let mut stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let file = stage.private("other.key", OTHER);
    let names = [("HUB", stage.url.as_str())];
    let flag = ["--secret-file", &file];
    refused(&outcome(stage.dial("ls", &flag)), 3, WRONG, &names);
    run_refused(
        &outcome(stage.dial("run", &["--secret-file", &file, "web", "x"])),
        3,
        WRONG,
        &names,
    );
    assert!(!stage.at("me/trust.toml").exists(), "nothing is kept of a hub that refused");
    healthy.goes_on().await;
    let hub = stage.hub.as_mut().unwrap();
    hub.said("the peer's proof does not match the shared secret");
}

/// A peer says it once, and goes on trying: somebody may mend the file.
async fn a_peer_with_another_secret_says_so_and_does_not_end() {
    let stage = ProcessFixture::with_hub();
    let mut healthy = stage.healthy().await;
    let file = stage.private("other.key", OTHER);
    let mut peer = Running::start(stage.dial("peer", &["--secret-file", &file]));
    let said = peer.said("the hub refused");
    let wrong = filled(WRONG.trim_start_matches("HUB: "), &[]);
    assert_eq!(said, format!("bowline: {wrong}"));
    peer.said("trying again in");
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
    healthy.goes_on().await;

    let mut json: Command = stage.dial("peer", &["--json", "--secret-file", &file]);
    json.stdin(Stdio::null());
    let mut peer = Running::start(json);
    let ended = peer.line("\"event\":\"ended\"");
    assert!(ended.contains("\"code\":\"refused\""), "{ended}");
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
}

/// Its wait is a minute and more, unless somebody does something.
async fn a_peer_that_waits_dials_at_once_at_sighup_and_where_its_secret_is_put_right() {
    let stage = ProcessFixture::with_hub();
    let file = stage.private("secret.key", OTHER);
    let mut peer = Running::start(stage.dial("peer", &["--secret-file", &file]));
    peer.said("the hub refused");
    peer.said("bowline: trying again in 6");
    peer.signal(Signal::HUP);
    peer.said("SIGHUP: nothing has changed");
    peer.said("bowline: trying again ");
    peer.said("the hub refused");
    peer.said("bowline: trying again in 6");
    // What is in force stays where the file is no good, and is tried all the same.
    stage.private("secret.key", "short");
    peer.said("the secret, the enrolment or the trust file has changed: trying again ");
    peer.said("it has 5 characters");
    peer.said("bowline: trying again in 6");
    peer.signal(Signal::HUP);
    peer.said("what is in force stays");
    peer.said("bowline: trying again ");
    peer.said("bowline: trying again in 6");
    stage.private("secret.key", &fs::read_to_string(stage.secret()).unwrap());
    peer.said("admitted as me by secret");
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));

    stage.private("secret.key", OTHER);
    let mut peer = Running::start(stage.dial("peer", &["--json", "--secret-file", &file]));
    peer.line("\"event\":\"retry\"");
    peer.signal(Signal::HUP);
    let prompted = peer.line("\"event\":\"prompted\"");
    assert!(prompted.contains("\"by\":\"asked\""), "{prompted}");
    let retry = peer.line("\"event\":\"retry\"");
    assert!(retry.contains("\"code\":\"refused\""), "{retry}");
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
}

async fn a_peer_whose_hub_is_gone_says_again_when_it_tries_as_its_waits_grow() {
    let mut stage = ProcessFixture::with_hub();
    let secret = stage.secret();
    let mut peer = Running::start(stage.dial("peer", &["--secret-file", &secret]));
    peer.said("admitted as me");
    stage.hub = None;
    peer.said("not-listening");
    peer.said("trying again in");
    let said = peer.said("no session for");
    assert!(said.starts_with("bowline: trying again in ") && said.ends_with("(not-listening)"));
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));

    let mut peer = Running::start(stage.dial("peer", &["--json", "--secret-file", &secret]));
    let retry = peer.line("\"event\":\"retry\"");
    for field in ["\"after_ms\":", "\"away_ms\":", "\"code\":\"not-listening\""] {
        assert!(retry.contains(field), "{retry}");
    }
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
}

in_crossed_pairings! {
    a_bad_variable_or_standard_input_is_refused_and_what_stands_below_is_not_tried,
    a_secret_that_others_can_read_is_refused_at_either_end,
    without_a_secret_anywhere_it_is_said_where_one_comes_from,
    ; async
    what_is_no_secret_is_refused_by_every_command_and_nothing_is_dialled,
    a_secret_that_is_not_the_hubs_is_refused_and_the_hubs_log_says_why,
    a_peer_with_another_secret_says_so_and_does_not_end,
    a_peer_that_waits_dials_at_once_at_sighup_and_where_its_secret_is_put_right,
    a_peer_whose_hub_is_gone_says_again_when_it_tries_as_its_waits_grow,
}

on_each_runtime! {
    a_hub_does_not_start_on_a_bad_secret_of_its_own_and_does_not_replace_it,
}
