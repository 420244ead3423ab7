//! Whether this machine's hub runs, and what it says of itself.

use std::time::Duration;

use bowline_core::id::HubId;
use bowline_core::wire::value::Value;
use bowline_shell::config::{Bind, TlsMode};
use bowline_shell::files::{DataDir, Endpoint};
use bowline_shell::peer::{ConnectError, PeerBuilder};
use bowline_shell::runtime::Runtime;
use rustix::process::{Pid, test_kill_process};

use crate::doctor::certificate::Served;
use crate::doctor::check::Check;
use crate::doctor::find;
use crate::doctor::own::Own;
use crate::doctor::report::Finding;
use crate::exit::Failure;
use crate::{list, runtime};

/// A hub that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) endpoint: Endpoint,
    /// What it says of itself; none where it has no local socket.
    pub(super) status: Option<Status>,
}

/// What a hub says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    pub(super) bind: Option<Bind>,
    pub(super) mode: Option<TlsMode>,
    /// Whether anyone is admitted.
    pub(super) open: bool,
    /// Whether a weak secret is accepted.
    pub(super) weak: bool,
    /// Of its certificate.
    pub(super) served: Option<Served>,
    sessions: i64,
    serving: i64,
    since: i64,
}

impl Status {
    fn read(value: &Value<'_>) -> Self {
        let texts = |key: &str| -> Vec<String> {
            let items = value.entry(key).and_then(|value| value.items());
            items.into_iter().flatten().filter_map(|item| item.text().map(str::to_owned)).collect()
        };
        let number = |key: &str| list::number(value, key).unwrap_or_default();
        Self {
            bind: list::text(value, "bind").and_then(|text| text.parse().ok()),
            mode: list::text(value, "mode").and_then(|text| text.parse().ok()),
            open: texts("methods").iter().any(|method| method == "open"),
            weak: texts("warnings").iter().any(|said| said.contains("--insecure-weak-secret")),
            served: list::text(value, "pin").and_then(|pin| {
                let not_after = list::number(value, "not_after")?;
                Some(Served { pin, not_after: u64::try_from(not_after).ok()? })
            }),
            sessions: number("sessions"),
            serving: number("serving"),
            since: number("since"),
        }
    }
}

/// Asks the hub of `data`, whose identity is `identity`.
pub(super) async fn running(
    runtime: &impl Runtime,
    data: &DataDir,
    identity: Option<HubId>,
    within: Duration,
) -> Result<(Option<Running>, Finding), Failure> {
    let endpoint = match Endpoint::read(data) {
        Ok(Some(endpoint)) => endpoint,
        Ok(None) => {
            let said = format!("the hub of {} is not running", data.path().display());
            let note = Finding::note(Check::Running, Own::NotRunning, said);
            return Ok((None, note.remedy("Start it: 'bowline hub'")));
        }
        Err(error) => return Ok((None, find::of_file(Check::Running, &error))),
    };
    let pid = endpoint.pid;
    let (Some(control), Some(identity)) = (&endpoint.control, identity) else {
        if !is_alive(pid) {
            return Ok((None, killed(&endpoint)));
        }
        let said = format!("process {pid}, which has no local socket to ask it by");
        return Ok((Some(Running { endpoint, status: None }), Finding::ok(Check::Running, said)));
    };
    let operator =
        PeerBuilder::local(runtime.clone(), control, identity).map_err(Failure::usage)?;
    let session = match operator.timeout(within).connect().await {
        Ok(session) => session,
        Err(ConnectError::Unreachable { .. }) if !is_alive(pid) => {
            return Ok((None, killed(&endpoint)));
        }
        Err(error) => {
            let failure = Failure::from(error);
            let code = failure.name.map_or(Own::Unreadable.name(), |code| code.name());
            let finding = Finding::refused(Check::Running, code, failure.code, failure.message);
            return Ok((Some(Running { endpoint, status: None }), finding.with_remedy_inside()));
        }
    };
    let asked = runtime::within(runtime, within, list::ask(&session, "status", &[])).await;
    session.close();
    let status = asked.and_then(Result::ok);
    let status = status.as_ref().and_then(|finished| finished.value()).map(|v| Status::read(&v));
    let said = match &status {
        Some(Status { sessions, serving, since, .. }) => format!(
            "process {pid}, up for {}: {sessions} sessions, {serving} peers serving",
            list::ago(*since)
        ),
        None => format!("process {pid}"),
    };
    Ok((Some(Running { endpoint, status }), Finding::ok(Check::Running, said)))
}

fn killed(endpoint: &Endpoint) -> Finding {
    let Endpoint { url, pid, .. } = endpoint;
    let said = format!(
        "the hub said that it listens at {url}, and its process {pid} is gone: it was killed"
    );
    Finding::problem(Check::Running, Own::Killed, said).remedy("Start it again: 'bowline hub'")
}

/// Whether a process has this number; it may have come to another one.
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| match test_kill_process(pid) {
        Ok(()) => true,
        // Another user's process is one too.
        Err(error) => error == rustix::io::Errno::PERM,
    })
}
