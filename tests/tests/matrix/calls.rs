//! Calls that cannot be carried out as they were typed: nobody there, no such command, arguments
//! that do not fit, programs that do not start or end badly.

use std::fs;
use std::process::Stdio;

use bowline_core::code::Code;
use bowline_tests::bowline::outcome;
use bowline_tests::calls::{call, named, run};
use bowline_tests::in_crossed_pairings;
use bowline_tests::on_each_runtime;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::program::process_gone;
use bowline_tests::refusals::{documented, refused, run_refused, usage_refused};
use bowline_tests::wait::within;
use bowline_tests::world::id;
use rustix::process::Signal;

/// Commands that leave a mark where they run, and programs that do not do well.
fn stage() -> ProcessFixture {
    let stage = ProcessFixture::with_hub();
    let text = stage.private("notes.txt", "no program");
    let root = stage.text("root");
    fs::create_dir(&root).unwrap();
    let mark = stage.text("ran");
    let marking = |arguments: &str| format!("[\"sh\", \"-c\", \"touch '{mark}'\", {arguments}]");
    let config = format!(
        r#"
id = "web"
[commands.say]
run = {text_of}
[commands.count]
run = {n}
args.n = {{ type = "integer", min = 1, max = 9 }}
[commands.weigh]
run = {x}
args.x = {{ type = "number", min = 0.5 }}
[commands.switch]
run = {on}
args.on = {{ type = "boolean" }}
[commands.pick]
run = {unit}
args.unit = {{ type = "choice", choices = ["nginx", "app"] }}
[commands.show]
run = {file}
args.file = {{ type = "path", root = "{root}" }}
[commands.bare]
run = ["true"]
[commands.missing]
run = ["/nonexistent/program"]
[commands.text]
run = ["{text}"]
[commands.die]
run = ["sh", "-c", "echo last; kill -KILL $$"]
[commands.stay]
run = ["sleep", "1000"]
[commands.leave]
run = ["sh", "-c", "sleep 1000 & echo $!; exit 4"]
linger = "200ms"
"#,
        text_of = marking(r#""{name}""#),
        n = marking(r#""{n}""#),
        x = marking(r#""{x}""#),
        on = marking(r#""{on}""#),
        unit = marking(r#""{unit}""#),
        file = marking(r#""{file}""#),
    );
    let mut stage = stage;
    fs::write(stage.at("peer.toml"), config).unwrap();
    stage.start_peer();
    stage
}

/// What is typed behind `run`, the exit code of the code, and what is said.
const REFUSED: [(&[&str], i32, &str); 20] = [
    (
        &["nobody", "say", "x"],
        5,
        "unknown-peer: The hub knows no peer of that name. 'bowline ls' shows the peers that the \
         hub knows.",
    ),
    (
        &["web", "nothing"],
        1,
        "unknown-command: The peer serves no command of that name. 'bowline ls' shows what it \
         serves; [commands.NAME] in its peer.toml adds to that.",
    ),
    (&["web", "say"], 1, "argument 'name' is missing: expected text of at most 4096 bytes"),
    (&["web", "say", "name=a", "other=b"], 1, "unknown argument 'other': 'say' takes name"),
    (&["web", "say", "a", "name=b"], 1, "argument 'name' is given twice"),
    (&["web", "say", "a", "b"], 1, "2 values by position: 'say' takes name"),
    (&["web", "bare", "a"], 1, "1 value by position: 'bare' takes no arguments"),
    (
        &["web", "say", "--", "-rf"],
        1,
        "argument 'name': a value that starts with '-' is refused here",
    ),
    (&["web", "count", "ten"], 1, "argument 'n': expected a whole number, 1 to 9"),
    (&["web", "count", "1.5"], 1, "argument 'n': expected a whole number, 1 to 9"),
    (&["web", "count", ""], 1, "argument 'n': expected a whole number, 1 to 9"),
    (&["web", "count", "0"], 1, "argument 'n': expected a whole number, 1 to 9"),
    (&["web", "count", "10"], 1, "argument 'n': expected a whole number, 1 to 9"),
    (&["web", "count", "-1"], 1, "argument 'n': expected a whole number, 1 to 9"),
    (&["web", "weigh", "0.4"], 1, "argument 'x': expected a number, at least 0.5"),
    (&["web", "switch", "yes"], 1, "argument 'on': expected true or false"),
    (&["web", "pick", "sshd"], 1, "argument 'unit': expected one of nginx, app"),
    (
        &["web", "show", "../notes.txt"],
        1,
        "argument 'file': expected a path that stays below its root",
    ),
    (
        &["web", "show", "/etc/passwd"],
        1,
        "argument 'file': expected a path that stays below its root",
    ),
    (
        &["web", "missing"],
        1,
        "not-started: cannot start \"/nonexistent/program\": no such program (or its interpreter \
         or its working directory is missing). Mend 'run' of the command in that peer's peer.toml.",
    ),
];

async fn a_call_that_does_not_fit_is_refused_by_name_and_nothing_is_run() {
    let stage = stage();
    let mut healthy = stage.healthy().await;
    for (typed, exit, says) in REFUSED {
        let says = match exit == 1 && !says.contains("-command: ") && !says.contains("-started: ") {
            true => format!("bad-argument: {says}. Mend the argument; nothing was run."),
            false => says.to_owned(),
        };
        run_refused(&outcome(stage.run(typed)), exit, &says, &[]);
    }
    assert!(!stage.at("ran").exists(), "a command was run");
    healthy.goes_on().await;
    assert_eq!(outcome(stage.run(&["web", "count", "9"])).0, Some(0));
    assert!(stage.at("ran").exists());
}

async fn a_nul_which_no_command_line_can_carry_is_refused_as_well() {
    let stage = stage();
    let url = stage.url.parse().unwrap();
    let operator = bowline_tokio::peer(url, id("me"), stage.at("me")).unwrap();
    let operator = operator.secret_file(stage.secret()).operate();
    let operator = within(operator.connect()).await.unwrap();
    for (command, name, value, says) in [
        ("say", "name", "a\0b", "argument 'name': a NUL character is refused"),
        ("show", "file", "a\0b", "argument 'file': a NUL character is refused"),
        ("pick", "unit", "app\0", "argument 'unit': a NUL character is refused"),
        ("count", "n", "1\0", "argument 'n': expected a whole number, 1 to 9"),
    ] {
        let outcome = run(call(&operator, "web", command).arguments(named(&[(name, value)]))).await;
        assert_eq!((outcome.code(), outcome.finished.text.raw()), (Code::BadArgument, says));
    }
    assert!(!stage.at("ran").exists());
    let says = "argument 'name': a NUL character is refused";
    documented(1, &format!("bad-argument: {says}. Mend the argument; nothing was run."));
}

fn what_is_typed_wrongly_does_not_reach_the_hub() {
    let stage = ProcessFixture::empty();
    let typed = |rest: &[&str]| outcome(stage.bowline(&[&["run"], rest].concat()));
    let says = "'VALUE' is not a peer id: 1 to 64 of a-z 0-9 . _ -, starting with a \
                letter or digit, and neither 'all' nor 'hub'; a target is a peer's id, label tests \
                (role=web,zone=eu), or all";
    refused(&typed(&["Web 1", "say"]), 2, says, &[("VALUE", "Web 1")]);
    let says = "invalid value 'VALUE' for '<COMMAND>': 'VALUE' is not a command name: 1 to 64 of \
                a-z 0-9 . _ -, starting with a letter or digit";
    usage_refused(&typed(&["web", "Say!"]), says, &[("VALUE", "Say!")]);
    let says = "invalid value 'VALUE' for '--timeout <TIME>': 'VALUE' is not a span of time: a \
                whole number and ms, s, m, h or d, such as 30s";
    usage_refused(&typed(&["web", "say", "--timeout", "soon"]), says, &[("VALUE", "soon")]);
    let says = "argument 'VALUE': a name stands twice";
    refused(&typed(&["web", "say", "name=a", "name=b"]), 2, says, &[("VALUE", "name=b")]);
}

async fn a_peer_that_is_not_there_is_offline() {
    let mut stage = stage();
    let mut healthy = stage.healthy().await;
    let peer = stage.peer.take().unwrap();
    peer.signal(Signal::TERM);
    assert_eq!(peer.end().0, Some(0));
    let says = "offline: The peer is not connected. Start 'bowline peer' there; 'bowline ls' shows \
                who is connected.";
    run_refused(&outcome(stage.run(&["web", "say", "x"])), 5, says, &[]);
    healthy.goes_on().await;
}

async fn programs_that_do_not_do_well_end_as_they_do_in_a_shell() {
    let stage = stage();
    let mut healthy = stage.healthy().await;
    let text = stage.text("notes.txt");
    let says = "not-started: cannot start \"FILE\": it is not a program that this user may \
                execute. Mend 'run' of the command in that peer's peer.toml.";
    let not_executable = outcome(stage.run(&["web", "text"]));
    run_refused(&not_executable, 1, says, &[("FILE", &text)]);

    let killed = outcome(stage.run(&["web", "die"]));
    assert_eq!(killed, (Some(128 + 9), "last\n".to_owned(), String::new()));

    let (code, child, err) = outcome(stage.run(&["web", "leave"]));
    let cut = "bowline: output-cut: a process that it left behind held its output in silence for \
               too long (linger) and was killed\n";
    assert_eq!((code, err.as_str()), (Some(4), cut));
    process_gone(child.trim().parse().unwrap()).await;

    let says = "deadline: The call's deadline passed. Give it longer with --timeout, or look at \
                what holds it up there.";
    run_refused(&outcome(stage.run(&["--timeout", "300ms", "web", "stay"])), 4, says, &[]);
    healthy.goes_on().await;
}

fn a_failure_carries_its_code_in_json_too() {
    let stage = stage();
    for (typed, code, text) in [
        (["web", "nothing"], "unknown-command", "The peer serves no command of that name."),
        (["nobody", "say"], "unknown-peer", "The hub knows no peer of that name."),
        (
            ["web", "say"],
            "bad-argument",
            "argument 'name' is missing: expected text of at most 4096 bytes",
        ),
    ] {
        let (exit, out, _) = outcome(stage.run(&[&["--json"], &typed[..]].concat()));
        assert_eq!(exit, Some(255));
        assert_eq!(out.lines().count(), 1, "{out}");
        let result: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&result["result"]["failed"], &result["text"]), (&code.into(), &text.into()));
    }
}

async fn a_call_that_the_role_does_not_allow_is_denied_and_the_link_goes_on() {
    let mut stage = ProcessFixture::empty();
    let data = stage.text("hub");
    let hub = ["hub", "--bind", "127.0.0.1:0", "--data", &data, "--secret-role", "agent"];
    stage.listen(stage.bowline(&hub));
    fs::write(stage.at("peer.toml"), "id = \"web\"\n[commands.say]\nrun = [\"echo\", \"hi\"]\n")
        .unwrap();
    stage.start_peer();
    let secret = stage.secret();
    let says = "denied: This session lacks the capability that the request needs. This identity \
                lacks the capability 'call:say'. Ask the hub's administrator for it, or use \
                another identity.";
    let denied = outcome(stage.dial("run", &["--secret-file", &secret, "web", "say"]));
    run_refused(&denied, 3, says, &[]);
    // The same request by another way: the list of peers is a call of the hub's own.
    let says = "denied: This session lacks the capability that the request needs. This identity \
                lacks the capability 'call'. Ask the hub's administrator for it, or use another \
                identity.";
    refused(&outcome(stage.dial("ls", &["--secret-file", &secret])), 3, says, &[]);
    // Whoever may, still can.
    assert_eq!(outcome(stage.run(&["web", "say"])).1, "hi\n");
}

#[cfg(target_os = "linux")]
fn a_standard_output_without_room_is_told() {
    let stage = stage();
    let full = || Stdio::from(fs::File::create("/dev/full").unwrap());
    let reason = std::io::Error::from(rustix::io::Errno::NOSPC).to_string();
    let says = "standard output: REASON. Make room where it goes, or send it elsewhere";
    let data = stage.text("hub");
    let mut ls = stage.bowline(&["ls", "--data", &data]);
    ls.stdout(full());
    refused(&outcome_without_output(ls), 1, says, &[("REASON", &reason)]);
    let mut run = stage.run(&["web", "die"]);
    run.stdout(full());
    run_refused(&outcome_without_output(run), 1, says, &[("REASON", &reason)]);
    assert_eq!(outcome(stage.run(&["web", "bare"])).0, Some(0));
    // What only tells of events goes on without a reader.
    let (config, data, secret) = (stage.text("peer.toml"), stage.text("other"), stage.secret());
    let mut peer = stage.bowline(&["peer", "--json", "--hub", &stage.url, "--config", &config]);
    peer.args(["--data", &data, "--secret-file", &secret, "--id", "other"]);
    peer.stdout(full()).stderr(Stdio::null());
    let mut peer = peer.spawn().unwrap();
    let mut known = false;
    let until = std::time::Instant::now() + bowline_tests::wait::BOUND;
    while !known && std::time::Instant::now() < until {
        known = outcome(stage.run(&["other", "bare"])).0 == Some(0);
    }
    peer.kill().unwrap();
    peer.wait().unwrap();
    assert!(known, "the peer could be called");
}

fn a_standard_stream_that_is_open_the_other_way_is_told() {
    let stage = stage();
    let (file, data) = (stage.text("other-way"), stage.text("hub"));
    fs::write(&file, "").unwrap();
    let reading = || Stdio::from(fs::File::open(&file).unwrap());
    let says = "standard output: it is open for reading only. Send it elsewhere, such as >FILE";
    let mut ls = stage.bowline(&["ls", "--data", &data]);
    ls.stdout(reading());
    refused(&outcome_without_output(ls), 1, says, &[]);
    let mut run = stage.run(&["web", "die"]);
    run.stdout(reading());
    run_refused(&outcome_without_output(run), 1, says, &[]);
    let mut run = stage.run(&["web", "stay"]);
    run.stdin(fs::File::options().write(true).open(&file).unwrap()).stdout(Stdio::null());
    let says = "standard input: REASON. The command was cancelled: give it another input, such as \
                </dev/null";
    let reason = "it is open for writing only";
    run_refused(&outcome_without_output(run), 1, says, &[("REASON", reason)]);
}

/// As [`outcome`], of a command whose standard output goes elsewhere.
fn outcome_without_output(mut command: std::process::Command) -> bowline_tests::bowline::Outcome {
    let ended = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    (ended.status.code(), String::new(), err)
}

in_crossed_pairings! {
    a_failure_carries_its_code_in_json_too,
    #[cfg(target_os = "linux")]
    a_standard_output_without_room_is_told,
    a_standard_stream_that_is_open_the_other_way_is_told,
    ; async
    a_call_that_does_not_fit_is_refused_by_name_and_nothing_is_run,
    a_nul_which_no_command_line_can_carry_is_refused_as_well,
    a_peer_that_is_not_there_is_offline,
    programs_that_do_not_do_well_end_as_they_do_in_a_shell,
    a_call_that_the_role_does_not_allow_is_denied_and_the_link_goes_on,
}

on_each_runtime! {
    what_is_typed_wrongly_does_not_reach_the_hub,
}
