//! What a command inherits of the peer that runs it, and what others see of the peer: processes of
//! the program on each runtime.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use bowline_tests::bowline::{Running, outcome, path};
use bowline_tests::process_fixture::ProcessFixture;
use rustix::process::{Pid, Signal, kill_process};

const RUNTIMES: [&str; 2] = ["tokio", "smol"];

const PEER: &str = r#"
id = "web"
[commands.env]
run = ["env"]
[commands.named]
run = ["sh", "-c", "echo $MODE $REGION $TZ"]
env = { MODE = "fast-s3cret", TZ = "Etc/GMT-3" }
pass-env = ["REGION"]
[commands.open]
run = ["ls", "/proc/self/fd"]
[commands.parent]
run = ["sh", "-c", "cat /proc/$PPID/environ | tr '\\0' '\\n'"]
[commands.terminal]
run = ["sh", "-c", "ps -o sid=,tty= -p $$; echo $$; tty; : > /dev/tty"]
[commands.pid]
run = ["sh", "-c", "echo $PPID"]
[commands.core]
run = ["sh", "-c", "ulimit -Sc"]
[commands.none]
run = ["no-such-program"]
[commands.stay]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
"#;

/// Variables that a peer's operator has for other ends.
const CREDENTIALS: [(&str, &str); 2] =
    [("AWS_SECRET_ACCESS_KEY", "aws-s3cret"), ("REGION", "north")];

/// A hub and its secret, and where the peer is to be.
fn hub() -> (ProcessFixture, String) {
    let stage = ProcessFixture::with_hub();
    fs::write(stage.at("peer.toml"), PEER).unwrap();
    let secret = fs::read_to_string(stage.secret()).unwrap().trim().to_owned();
    (stage, secret)
}

/// The peer's command line, whose secret is in the environment.
fn peer(stage: &ProcessFixture, runtime: &str, before: &str, secret: &str) -> Command {
    let (config, data) = (stage.text("peer.toml"), stage.text("peer"));
    let arguments = ["--runtime", runtime, "peer", "--json", "--hub", &stage.url];
    let arguments = [&arguments[..], &["--config", &config, "--data", &data]].concat();
    let mut command = stage.bowline_behind(before, &arguments);
    command.env("BOWLINE_SECRET", secret).envs(CREDENTIALS);
    command
}

/// What a command wrote; its exit code is to be 0.
fn said(stage: &ProcessFixture, command: &str) -> String {
    let (code, out, err) = outcome(stage.run(&["web", command]));
    assert_eq!(code, Some(0), "{command}: {out}{err}");
    out
}

fn started(stage: &mut ProcessFixture, command: Command) -> Pid {
    let mut running = Running::start(command);
    running.line("registered");
    let pid = running.pid();
    stage.peer = Some(running);
    pid
}

fn environ(pid: Pid) -> String {
    let bytes = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn no_secret_of_the_peer_reaches_a_command_or_stands_in_the_peers_environment() {
    for runtime in RUNTIMES {
        let (mut stage, secret) = hub();
        let command = peer(&stage, runtime, "exec 7</dev/null", &secret);
        let pid = started(&mut stage, command);

        let names: Vec<_> = said(&stage, "env")
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned()))
            .collect();
        let known = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"];
        assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
        assert!(names.iter().any(|name| name == "PATH"), "{names:?}");
        assert_eq!(said(&stage, "named"), "fast-s3cret north Etc/GMT-3\n");
        // The fourth is the directory's own: 7 has not come.
        assert_eq!(said(&stage, "open"), "0\n1\n2\n3\n");
        // Only root may read it at all.
        let parent = outcome(stage.run(&["web", "parent"])).1;
        let is_root = rustix::process::geteuid().is_root();
        assert_eq!(parent.contains("AWS_SECRET_ACCESS_KEY"), is_root, "{parent}");
        assert!(!parent.contains(&secret) && !parent.contains("BOWLINE_SECRET"), "{parent}");
        assert!(!is_root || !environ(pid).contains(&secret));
        let cmdline = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap();
        assert!(!String::from_utf8_lossy(&cmdline).contains(&secret));
        let comm = fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero())).unwrap();
        assert_eq!(comm, "bowline\n");
    }
}

#[test]
fn a_command_has_no_terminal_although_its_peer_has_one() {
    for runtime in RUNTIMES {
        let (mut stage, secret) = hub();
        let inner = peer(&stage, runtime, ":", &secret);
        // script(1) makes a terminal and runs what it is given in a session of it.
        let line: Vec<_> = [inner.get_program()].into_iter().chain(inner.get_args()).collect();
        let quoted: Vec<_> = line
            .iter()
            .map(|part| format!("'{}'", part.to_str().unwrap().replace('\'', r"'\''")))
            .collect();
        let mut command = Command::new("script");
        command.args(["-qec", &format!("tty; {}", quoted.join(" ")), "/dev/null"]);
        command.env("HOME", stage.dir.path()).env("BOWLINE_SECRET", &secret).stdin(Stdio::null());
        let mut running = Running::start(command);
        running.line("/dev/pts/");
        running.line("registered");
        stage.peer = Some(running);
        let (code, out, err) = outcome(stage.run(&["web", "terminal"]));
        assert_ne!(code, Some(0), "{out}{err}");
        let lines: Vec<_> = out.lines().map(str::trim).collect();
        let session: Vec<_> = lines[0].split_whitespace().collect();
        assert_eq!((session[0], session[1], lines[2]), (lines[1], "?", "not a tty"), "{out}");
        assert!(err.contains("/dev/tty"), "{err}");
        // It would outlive script(1): to a peer, a terminal that hangs up asks for a reload.
        let peer = Pid::from_raw(said(&stage, "pid").trim().parse().unwrap()).unwrap();
        kill_process(peer, Signal::TERM).unwrap();
    }
}

#[test]
fn no_core_file_is_made_of_a_peer_and_its_commands_have_the_limit_it_was_started_with() {
    for (runtime, switch, own) in
        [("tokio", None, "0"), ("smol", None, "0"), ("tokio", Some("--allow-debug"), "524288")]
    {
        let (mut stage, secret) = hub();
        let mut command = peer(&stage, runtime, "ulimit -Sc 1024", &secret);
        command.args(switch);
        let pid = started(&mut stage, command).as_raw_nonzero();
        assert_eq!(said(&stage, "core"), "1024\n");
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some(own), "{core}");
        let peer = stage.peer.as_mut().unwrap();
        if switch.is_some() {
            peer.said("warning: core files and debuggers are allowed (--allow-debug)");
        }
    }
}

/// Starts what the command starts as another user than root, where the tests run as root.
fn as_nobody(command: &Command) -> Command {
    let mut started = match rustix::process::geteuid().is_root() {
        true => {
            let mut other = Command::new("setpriv");
            other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
            other.arg(command.get_program());
            other
        }
        false => Command::new(command.get_program()),
    };
    started.args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        started.env(name, value.unwrap_or_default());
    }
    started
}

#[test]
fn no_other_process_of_its_user_looks_into_a_peer_and_its_commands_run_all_the_same() {
    for (runtime, switch) in [("tokio", None), ("smol", None), ("tokio", Some("--allow-debug"))] {
        let (mut stage, secret) = hub();
        // Where its user may come: the folders above are root's.
        fs::set_permissions(stage.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(stage.at("peer")).unwrap();
        fs::set_permissions(stage.at("peer"), fs::Permissions::from_mode(0o700)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(stage.at("peer"), Some(65534), Some(65534)).unwrap();
        }
        let program = stage.at("bowline");
        fs::copy(path(), &program).unwrap();
        let mut command = Command::new(program);
        let (config, data) = (stage.text("peer.toml"), stage.text("peer"));
        command.args(["--runtime", runtime, "peer", "--json", "--hub", &stage.url]);
        command.args(["--config", &config, "--data", &data]).args(switch);
        command.env("BOWLINE_SECRET", &secret).env("HOME", stage.dir.path());
        let pid = started(&mut stage, as_nobody(&command)).as_raw_nonzero();
        let mut look = Command::new("cat");
        look.arg(format!("/proc/{pid}/environ"));
        let (code, out, err) = outcome(as_nobody(&look));
        assert_eq!(code == Some(0), switch.is_some(), "{runtime} {switch:?}: {err}");
        assert!(!out.contains(&secret) && !out.contains("BOWLINE_SECRET"), "{out}");
        assert_eq!(said(&stage, "open"), "0\n1\n2\n3\n");
        assert!(!said(&stage, "env").contains("BOWLINE"));
    }
}

#[test]
fn standard_input_stays_what_it_was_beside_a_secret_in_the_environment() {
    let home = tempfile::tempdir().unwrap();
    let join = |before: &str, input: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{before} exec \"$0\" \"$@\"")]).arg(path());
        command.args(["join", "--data"]).arg(home.path().join("data"));
        if !input.is_empty() {
            command.arg("-");
        }
        command.env("HOME", home.path()).envs(variables.iter().copied());
        command.env_remove("BOWLINE_SECRET").stdin(Stdio::piped()).stderr(Stdio::piped());
        command.envs(variables.iter().copied());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let plain = join("", "garbage", &[]);
    assert_eq!(plain.0, Some(2), "{plain:?}");
    assert_eq!(join("", "garbage", &[("BOWLINE_SECRET", "a secret")]), plain);
    assert_eq!(join("", "garbage", &[("BOWLINE_TOKEN", "a token")]), plain);
    // Who makes the mark up says nothing.
    assert_eq!(join("BOWLINE_HANDED_OVER=$$", "garbage", &[]), plain);
    assert_eq!(join("", "garbage", &[("BOWLINE_HANDED_OVER", "1")]), plain);

    let of = |value: &str| join("", "", &[("BOWLINE_TOKEN", value)]).1;
    let (longest, too_long) = ("x".repeat(64 << 10), "x".repeat((64 << 10) + 1));
    assert!(of("").contains("BOWLINE_TOKEN holds no join token: it is empty"), "{}", of(""));
    assert!(of(&too_long).contains("BOWLINE_TOKEN holds more than a join token"));
    let said = of(&longest);
    assert!(!said.contains("holds more") && !said.contains("a join token is needed"), "{said}");
    assert!(join("", "", &[]).1.contains("a join token is needed"));
}

#[test]
fn a_start_that_fails_is_told_as_ever_and_a_call_that_is_cancelled_leaves_nothing() {
    for runtime in RUNTIMES {
        let (mut stage, secret) = hub();
        let command = peer(&stage, runtime, ":", &secret);
        started(&mut stage, command);
        let text = "not-started: cannot start \"no-such-program\": no such program (or its \
                    interpreter or its working directory is missing)";
        let (code, out, err) = outcome(stage.run(&["web", "none"]));
        assert_eq!((code, out.as_str()), (Some(255), ""), "{err}");
        assert!(err.contains(text), "{err}");
        for _ in 0..5 {
            let (code, _, err) = outcome(stage.run(&["web", "stay", "--timeout", "1ms"]));
            assert_ne!(code, Some(0), "{err}");
        }
        let peer = stage.peer.take().unwrap();
        peer.signal(Signal::TERM);
        assert_eq!(peer.end().0, Some(0));
    }
}
