//! What a dial came across, as findings: each step that was reached is well, the one where it ended
//! is the problem, and the rest was not reached.

use bowline_core::auth::AuthError;
use bowline_core::capability::Capability;
use bowline_core::code::Code;
use bowline_core::link::{EndReason, Ended, TimerKind};
use bowline_core::socket::SocketError;
use bowline_core::trust::TrustError;
use bowline_core::tunnel::TunnelError;
use bowline_core::wire::frame::Method;
use bowline_shell::config::{HubUrl, Scheme};
use bowline_shell::peer::{ConnectError, DialError};

use crate::doctor::check::Check;
use crate::doctor::dial::{Crossed, Facts};
use crate::doctor::own::DoctorCode;
use crate::doctor::report::Finding;
use crate::{date, exit, remedy};

/// The most that two clocks may differ by, in seconds: beyond, tokens and certificates are judged
/// wrongly.
const SKEW: u64 = 60;

/// What was dialled, and with what.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) url: HubUrl,
    /// What was proved; why there is no admission where nothing was.
    pub(super) proof: Result<Proof, String>,
    /// The peer's id.
    pub(super) id: String,
}

/// What this peer proves itself by.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    /// The secret, and where it came from.
    Secret(String),
    /// What a join token brought, and the file that it is in.
    Enrolment(String),
}

/// What else was found out about what answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    pub(super) crossed: Option<Crossed>,
    pub(super) greeting: Option<String>,
}

/// The steps of a dial, in order.
const STEPS: [Check; 8] = [
    Check::Name,
    Check::Connection,
    Check::Tls,
    Check::WebSocket,
    Check::Hub,
    Check::Method,
    Check::Clock,
    Check::Admission,
];

/// Findings for each step of a dial; `error` is none where it was admitted.
pub(super) fn steps(
    asked: &Asked,
    facts: &Facts,
    error: Option<&ConnectError>,
    looks: &Looks,
) -> Vec<Finding> {
    let error = error.filter(|error| !is_look(asked, error));
    let failed = error.map(|error| (step(facts, asked, error), error));
    let mut findings = Vec::new();
    for check in STEPS {
        findings.push(match failed {
            Some((at, error)) if at == check => problem(check, asked, facts, error, looks),
            Some((at, _)) => match well(check, asked, facts) {
                Some(finding) => finding,
                None if before(check, at) => passed(check, asked),
                None => Finding::skipped(check, format!("not reached: see {}", at.name())),
            },
            None => well(check, asked, facts).unwrap_or_else(|| passed(check, asked)),
        });
    }
    findings
}

/// Whether this end closed what was to be no more than a look.
fn is_look(asked: &Asked, error: &ConnectError) -> bool {
    let closed = |ended: &Ended| matches!(ended.reason, EndReason::Closed(_));
    asked.proof.is_err() && matches!(error, ConnectError::Ended { ended, .. } if closed(ended))
}

/// Whether a step must have been taken for the dial to end at another. A hub that turns an address
/// away does so before it says who it is.
fn before(check: Check, at: Check) -> bool {
    let place = |wanted: Check| STEPS.iter().position(|step| *step == wanted);
    let told_with_hello = matches!(check, Check::Hub | Check::Method | Check::Clock);
    place(check) < place(at)
        && !(told_with_hello && at == Check::Admission)
        && check != Check::Clock
}

/// Where a dial ended.
fn step(facts: &Facts, asked: &Asked, error: &ConnectError) -> Check {
    let reason = match error {
        ConnectError::Unreachable {
            reason: DialError::Name { .. } | DialError::Resolver { .. },
            ..
        } => return Check::Name,
        ConnectError::Ended { ended, .. } => &ended.reason,
        _ => return Check::Connection,
    };
    match reason {
        EndReason::Tunnel(TunnelError::Truncated) => silent(facts, asked),
        EndReason::Tunnel(_) => Check::Tls,
        EndReason::Socket(_) => Check::WebSocket,
        EndReason::Auth(AuthError::Trust(_)) => Check::Hub,
        EndReason::Auth(AuthError::HubLacksMethod { .. }) => Check::Method,
        EndReason::Refused(_) | EndReason::Auth(_) => Check::Admission,
        _ => silent(facts, asked),
    }
}

/// The step after the last that was taken.
fn silent(facts: &Facts, asked: &Asked) -> Check {
    match facts {
        Facts { learnt: Some(_), .. } => Check::Admission,
        Facts { upgraded: true, .. } => Check::Hub,
        Facts { security: Some(_), .. } => Check::WebSocket,
        _ if asked.url.scheme() == Scheme::Ws => Check::WebSocket,
        _ => Check::Tls,
    }
}

/// A step of which nothing is known but that it was taken.
fn passed(check: Check, asked: &Asked) -> Finding {
    match check {
        Check::Name => Finding::ok(check, asked.url.host()),
        Check::Tls if asked.url.scheme() == Scheme::Ws => Finding::ok(check, NO_TLS),
        _ => Finding::ok(check, "passed"),
    }
}

const NO_TLS: &str = "none, as the URL says (ws://)";

/// A step that was taken, and what it showed.
fn well(check: Check, asked: &Asked, facts: &Facts) -> Option<Finding> {
    let remote = facts.remote.as_ref()?;
    let learnt = facts.learnt.as_ref();
    Some(match check {
        Check::Name => Finding::ok(check, asked.url.host()),
        Check::Connection => Finding::ok(check, remote),
        Check::Tls => tls(facts)?,
        Check::WebSocket if facts.upgraded => Finding::ok(check, "bowline.v1"),
        Check::Hub => {
            let (learnt, _) = learnt?;
            let how = crate::event::how(learnt.how);
            Finding::ok(check, format!("{} ('{}'), trusted by {how}", learnt.hub, learnt.name))
        }
        Check::Method => {
            let offered: Vec<_> = learnt?.0.methods.iter().map(|method| method.name()).collect();
            Finding::ok(check, format!("the hub offers {}", offered.join(" and ")))
        }
        Check::Clock => {
            let (learnt, here) = learnt?;
            clock(*here, learnt.unix)
        }
        Check::Admission => admission(asked, facts)?,
        _ => return None,
    })
}

fn tls(facts: &Facts) -> Option<Finding> {
    let security = facts.security.as_ref()?;
    let Some((suite, group)) = security.tls else {
        // What a plain port speaks shows only in its answer.
        return facts.upgraded.then(|| Finding::ok(Check::Tls, NO_TLS));
    };
    let pin = security.served.map_or_else(String::new, |pin| format!(", {pin}"));
    Some(Finding::ok(Check::Tls, format!("1.3, {suite}, {group}{pin}")))
}

fn admission(asked: &Asked, facts: &Facts) -> Option<Finding> {
    if let Some((admitted, took)) = &facts.admitted {
        let (peer, method) = (admitted.peer, admitted.method.name());
        let millis = took.as_secs_f64() * 1000.0;
        let said = format!("admitted as {peer} by {method}, as an operator, in {millis:.1} ms");
        return Some(Finding::ok(Check::Admission, said));
    }
    facts.learnt.as_ref()?;
    let why = asked.proof.as_ref().err()?;
    Some(Finding::skipped(Check::Admission, why))
}

/// This machine's clock against the hub's.
fn clock(here: u64, hub: u64) -> Finding {
    let apart = here.abs_diff(hub);
    if apart <= SKEW {
        return Finding::ok(Check::Clock, format!("{apart} s from the hub's"));
    }
    let way = if here < hub { "behind" } else { "ahead of" };
    let message = format!("this machine's clock is {apart} s {way} the hub's");
    Finding::problem(Check::Clock, DoctorCode::ClockOff, message)
        .seen(format!("{} here", date::utc(here)))
        .expected(format!("{} at the hub, give or take {SKEW} s", date::utc(hub)))
        .remedy(
            "Set the clock that is wrong, here or at the hub: with clocks so far apart, tokens and \
             certificates are judged wrongly",
        )
}

/// The step that failed.
fn problem(
    check: Check,
    asked: &Asked,
    facts: &Facts,
    error: &ConnectError,
    looks: &Looks,
) -> Finding {
    match error {
        ConnectError::Unreachable { reason, .. } => {
            let code = reason.code();
            Finding::refused(check, code.name(), exit::of_code(code), reason.to_string())
                .advised(remedy::words(reason.remedy()))
        }
        ConnectError::Ended { ended, .. } => ending(check, asked, facts, ended, looks),
        error => Finding::problem(check, DoctorCode::Configuration, error.to_string())
            .with_remedy_inside(),
    }
}

fn ending(check: Check, asked: &Asked, facts: &Facts, ended: &Ended, looks: &Looks) -> Finding {
    let reason = &ended.reason;
    let code = reason.code();
    let said = match reason {
        // The finding has the code already.
        EndReason::Refused(refusal) if refusal.text.is_empty() => {
            format!("the hub refused: {}", code.row().meaning)
        }
        EndReason::Refused(refusal) => format!("the hub refused: {}", refusal.text),
        reason => reason.to_string(),
    };
    let finding = Finding::refused(check, code.name(), exit::of_code(code), said);
    let mut finding = finding.advised(remedy::of_ended(ended));
    if let Some(after) = reason.retry_after() {
        finding.message += &format!(" It asks to be left alone for {after} s.");
    }
    finding = values(finding, reason, facts);
    match reason {
        EndReason::Refused(refusal) if check == Check::Admission => {
            refused(finding, asked, refusal.code)
        }
        EndReason::Tunnel(
            TunnelError::PlainWhereTlsExpected | TunnelError::TlsWherePlainExpected,
        ) => mismatch(finding, asked, looks),
        EndReason::Cut
            if matches!(looks.crossed, Some(Crossed::Hub { .. } | Crossed::Other(_))) =>
        {
            mismatch(finding, asked, looks)
        }
        _ if code == Code::NotBowline || is_silence(reason) => match &looks.greeting {
            Some(line) => finding.seen(format!("'{line}'")).expected("a Bowline hub"),
            None => finding,
        },
        _ => finding,
    }
}

fn is_silence(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Cut | EndReason::TimedOut(TimerKind::Upgrade))
}

/// What was expected and what was seen, as values.
fn values(finding: Finding, reason: &EndReason, facts: &Facts) -> Finding {
    match reason {
        EndReason::Auth(AuthError::Trust(error)) => {
            let finding = match &error.expected()[..] {
                [] => finding,
                expected => finding.expected(expected.join(", ")),
            };
            let seen = match error {
                // What could be pinned.
                TrustError::NothingToCheckBy { .. } => facts
                    .security
                    .as_ref()
                    .and_then(|security| security.served)
                    .map(|pin| pin.to_string()),
                error => error.seen(),
            };
            match seen {
                Some(seen) => finding.seen(seen),
                None => finding,
            }
        }
        EndReason::Auth(AuthError::HubLacksMethod { wanted, offered }) => {
            finding.expected(format!("'{}'", wanted.name())).seen(offered)
        }
        EndReason::Socket(SocketError::OtherVersion { offered }) => {
            finding.expected("'bowline.v1'").seen(offered)
        }
        _ => finding,
    }
}

/// What this peer had said when it was refused.
fn refused(finding: Finding, asked: &Asked, code: Code) -> Finding {
    let mut finding = finding;
    match (code, &asked.proof) {
        (Code::Refused, Ok(Proof::Secret(origin))) => {
            let method = Method::Secret.name();
            finding.message += &format!(
                " It refused after this peer proved itself by '{method}', with the secret \
                          from {origin}."
            );
            finding
        }
        (Code::Refused, Ok(Proof::Enrolment(file))) => {
            finding.message += &format!(
                " It refused after this peer proved itself by its enrolment, from {file}."
            );
            finding
        }
        (Code::IdTaken, _) => finding.seen(asked.id.clone()).expected("an id that is free"),
        _ => finding,
    }
}

/// TLS at one end only: what a look in the other language found.
fn mismatch(finding: Finding, asked: &Asked, looks: &Looks) -> Finding {
    let (here, there) = match asked.url.scheme() {
        Scheme::Wss => ("TLS", "no TLS"),
        Scheme::Ws => ("no TLS", "TLS"),
    };
    match &looks.crossed {
        Some(Crossed::Hub { url, id, name }) => {
            let (mode, other) = match url.scheme() {
                Scheme::Ws => ("plain", "tofu"),
                Scheme::Wss => ("tofu", "plain"),
            };
            finding
                .expected(format!("{here} ({})", asked.url))
                .seen(format!("{there}: the hub {id} ('{name}') answers at {url}"))
                .remedy(format!(
                    "Dial it as {url} with --tls {mode} (tls.mode and hub in peer.toml), or start \
                     it with --tls {other}"
                ))
        }
        Some(Crossed::Other(came)) => {
            let code = Code::NotBowline;
            let said = format!(
                "what answers speaks {} where {} is expected, and is no hub: {came}",
                if there == "TLS" { "TLS" } else { "plain text" },
                if here == "TLS" { "TLS" } else { "plain text" },
            );
            Finding::refused(finding.check, code.name(), exit::of_code(code), said)
                .advised(remedy::of_code(code))
        }
        Some(Crossed::Nothing) | None => finding,
    }
}

/// What the session may do, seen from what this peer is for.
pub(super) fn rights(facts: &Facts, commands: usize) -> Option<Finding> {
    let (admitted, _) = facts.admitted.as_ref()?;
    let held = crate::show::capabilities(&admitted.capabilities);
    let until = match admitted.expires {
        Some(unix) => format!(", until {}", date::utc(unix)),
        None => String::new(),
    };
    if commands > 0 && !admitted.capabilities.allow(Capability::Serve) {
        let code = Code::Denied;
        let said = format!(
            "this peer has {} to serve, and the hub does not let it: {held}",
            crate::show::count(commands as u64, "command")
        );
        let finding = Finding::refused(Check::Rights, code.name(), exit::of_code(code), said);
        let remedy = match admitted.method {
            Method::Open | Method::Secret => {
                "Give the secret another role at the hub: auth.secret-role (--secret-role)"
            }
            Method::Join | Method::Resume | Method::Refresh | Method::Pass => {
                "Ask the hub's operator for a token that lets it serve ('bowline token issue \
                 --role agent', or --cap serve), and join with that"
            }
        };
        return Some(finding.expected("serve").seen(held).remedy(remedy));
    }
    Some(Finding::ok(Check::Rights, format!("{held}{until}")))
}

#[cfg(test)]
mod tests;
