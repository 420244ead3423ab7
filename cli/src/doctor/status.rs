//! Whether this machine's hub runs, and what it says of itself.

use std::time::Duration;

use bowline_core::control::{HubStatus, StatusRequest};
use bowline_core::id::HubId;
use bowline_core::wire::frame::Method;
use bowline_shell::config::{Bind, HubUrl, TlsMode};
use bowline_shell::files::{DataDir, DirLock, Endpoint, FileError, Holder};
use bowline_shell::peer::{ConnectError, PeerBuilder};
use bowline_shell::runtime::Runtime;

use crate::doctor::certificate::Served;
use crate::doctor::check::Check;
use crate::doctor::find;
use crate::doctor::own::DoctorCode;
use crate::doctor::report::Finding;
use crate::exit::Failure;
use crate::{list, nearby, runtime, show};

/// A hub that runs.
#[derive(Debug)]
pub(super) struct Running {
    /// Where it says that it listens.
    pub(super) endpoint: Option<Endpoint>,
    /// What it says of itself; none where it could not be asked.
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
    /// What other machines dial.
    pub(super) urls: Vec<HubUrl>,
    /// Of its certificate.
    pub(super) served: Option<Served>,
    sessions: u64,
    serving: u64,
    since: u64,
}

impl Status {
    fn of(told: &HubStatus) -> Self {
        let served = told.pin.zip(told.not_after);
        Self {
            bind: told.bind.parse().ok(),
            mode: told.mode.parse().ok(),
            open: told.methods.iter().any(|method| method.is(Method::Open)),
            urls: told.urls.iter().filter_map(|url| url.parse().ok()).collect(),
            weak: told.warnings.iter().any(|said| said.contains("--insecure-weak-secret")),
            served: served.map(|(pin, not_after)| Served { pin: pin.to_string(), not_after }),
            sessions: told.sessions,
            serving: told.serving,
            since: told.since,
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
        Ok(None) => return Ok(silent(data)),
        Err(error) => return Ok(misread(data, &error)),
    };
    let pid = endpoint.pid;
    let (Some(control), Some(identity)) = (&endpoint.control, identity) else {
        let said = format!("process {pid}, which has no local socket to ask it by");
        let found = |_| Finding::ok(Check::Running, said);
        return Ok(standing(data, endpoint, found));
    };
    let operator =
        PeerBuilder::local(runtime.clone(), control, identity).map_err(Failure::usage)?;
    let session = match operator.timeout(within).connect().await {
        Ok(session) => session,
        Err(ConnectError::Unreachable { reason, .. }) => {
            let said = endpoint.clone();
            return Ok(standing(data, endpoint, |holder| {
                let said = nearby::hidden(data, &said, holder, reason);
                Finding::problem(Check::Running, DoctorCode::SocketMissing, said)
                    .with_remedy_inside()
            }));
        }
        Err(error) => {
            let failure = Failure::from(error);
            let code = failure.name.map_or(DoctorCode::Unreadable.name(), |code| code.name());
            let finding = Finding::refused(Check::Running, code, failure.code, failure.message);
            let running = Running { endpoint: Some(endpoint), status: None };
            return Ok((Some(running), finding.with_remedy_inside()));
        }
    };
    let asked = async { session.hub().ask(&StatusRequest {}).await };
    let asked = runtime::within(runtime, within, asked).await;
    session.close();
    let status = asked.and_then(Result::ok).as_ref().map(Status::of);
    let said = match &status {
        Some(Status { sessions, serving, since, .. }) => format!(
            "process {pid}, up for {}: {}, {} serving",
            list::ago(*since),
            show::count(*sessions, "session"),
            show::count(*serving, "peer"),
        ),
        None => format!("process {pid}"),
    };
    let running = Running { endpoint: Some(endpoint), status };
    Ok((Some(running), Finding::ok(Check::Running, said)))
}

/// Whether the hub runs that left an endpoint file and could not be asked; `found` is for one that
/// does.
fn standing(
    data: &DataDir,
    endpoint: Endpoint,
    found: impl FnOnce(Holder) -> Finding,
) -> (Option<Running>, Finding) {
    match DirLock::holder(data) {
        Ok(Some(holder)) => {
            (Some(Running { endpoint: Some(endpoint), status: None }), found(holder))
        }
        Ok(None) => (None, killed(&endpoint)),
        Err(error) => (None, find::of_file(Check::Running, &error)),
    }
}

/// Whether a hub runs where there is no endpoint file.
fn silent(data: &DataDir) -> (Option<Running>, Finding) {
    match DirLock::holder(data) {
        Ok(Some(holder)) => {
            let said = nearby::unsaid(data, holder);
            let finding = Finding::problem(Check::Running, DoctorCode::SocketMissing, said);
            (Some(Running { endpoint: None, status: None }), finding.with_remedy_inside())
        }
        Ok(None) => {
            let said = format!("the hub of {} is not running", show::path(data.path()));
            let note = Finding::note(Check::Running, DoctorCode::NotRunning, said);
            (None, note.remedy("Start it: 'bowline hub'"))
        }
        Err(error) => (None, find::of_file(Check::Running, &error)),
    }
}

/// Whether a hub runs whose endpoint file cannot be read.
fn misread(data: &DataDir, error: &FileError) -> (Option<Running>, Finding) {
    match (error, DirLock::holder(data)) {
        (FileError::Content { .. }, Ok(Some(holder))) => {
            let said = nearby::misread(data, holder, error);
            let finding = Finding::problem(Check::Running, DoctorCode::SocketMissing, said);
            (Some(Running { endpoint: None, status: None }), finding.with_remedy_inside())
        }
        (FileError::Content { .. }, Ok(None)) => {
            let finding = Finding::problem(Check::Running, DoctorCode::Damaged, error.to_string());
            (None, finding.remedy("Start the hub, which writes it anew: 'bowline hub'"))
        }
        _ => (None, find::of_file(Check::Running, error)),
    }
}

fn killed(endpoint: &Endpoint) -> Finding {
    let Endpoint { url, pid, .. } = endpoint;
    let said = format!(
        "the hub said that it listens at {url}, and nobody holds its data directory: it was killed \
         (it was process {pid})"
    );
    Finding::problem(Check::Running, DoctorCode::Killed, said)
        .remedy("Start it again, with the flags that it had: 'bowline hub'")
}
