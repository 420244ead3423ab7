//! What links tell: as a JSON object, and as a sentence.

use std::fmt::Write as _;
use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::link::{Measure, Security};
use bowline_core::peer::Prompt;
use bowline_core::remedy::Remedy;
use bowline_core::text::Line;
use bowline_core::trust::How;
use bowline_core::wire::frame::{Purpose, Status};
use bowline_shell::advice::{self, Audience};
use bowline_shell::config::units::print_duration;
use bowline_shell::notice::ShellEvent;
use serde_json::{Value, json};

use crate::{exit, remedy, show};

pub(crate) mod hub;

/// The notice as one object: `event`, and what belongs to it.
pub(crate) fn json(notice: &ShellEvent) -> Value {
    match notice {
        ShellEvent::Connected { remote } => json!({"event": "connected", "remote": remote}),
        ShellEvent::Accepted { link, remote } => {
            json!({"event": "accepted", "link": link.0, "remote": remote})
        }
        ShellEvent::Forwarded { link, proxy, remote } => {
            json!({"event": "forwarded", "link": link.0, "proxy": proxy, "remote": remote})
        }
        ShellEvent::Hub(event) => hub::json(event),
        ShellEvent::MadeAnew { mark, path } => json!({
            "event": "made-anew",
            "what": mark.name(),
            "path": path.display().to_string(),
        }),
        ShellEvent::Amiss { reason } => json!({"event": "amiss", "reason": reason}),
        ShellEvent::HubHeldBack { measure } => {
            json!({"event": "hub-held-back", "measure": self::measure(*measure)})
        }
        ShellEvent::LeftOut { count } => json!({"event": "left-out", "count": count}),
        ShellEvent::HeldBack { link, peer, measure } => json!({
            "event": "held-back",
            "link": link.0,
            "peer": peer.as_str(),
            "measure": self::measure(*measure),
        }),
        ShellEvent::Secured { link, security } => {
            let Security { tls, served, .. } = security;
            json!({
                "event": "secured",
                "link": link.map(|link| link.0),
                "suite": tls.map(|tls| tls.0),
                "group": tls.map(|tls| tls.1),
                "pin": served.map(|pin| pin.to_string()),
            })
        }
        ShellEvent::Upgraded { link } => {
            json!({"event": "upgraded", "link": link.map(|link| link.0)})
        }
        ShellEvent::Learnt(learnt) => json!({
            "event": "learnt",
            "hub": learnt.hub.to_string(),
            "name": learnt.name.raw(),
            "pin": learnt.pin.map(|pin| pin.to_string()),
            "how": how(learnt.how),
        }),
        ShellEvent::Kept(entry) => json!({
            "event": "kept",
            "hub": entry.identity.to_string(),
            "pin": entry.pin.map(|pin| pin.to_string()),
            "generation": entry.generation,
        }),
        ShellEvent::Renewed { until } => json!({"event": "renewed", "until": until}),
        ShellEvent::Admitted { link, admitted, took, traffic } => json!({
            "event": "admitted",
            "link": link.map(|link| link.0),
            "peer": admitted.peer.as_str(),
            "hub": admitted.hub.to_string(),
            "session": admitted.session.to_string(),
            "method": admitted.method.name(),
            "purpose": purpose(admitted.purpose),
            "capabilities": admitted.capabilities.iter().map(|c| c.to_string()).collect::<Vec<_>>(),
            "took_us": micros(*took),
            "received": traffic.0,
            "sent": traffic.1,
        }),
        ShellEvent::Registered { commands } => json!({"event": "registered", "commands": commands}),
        ShellEvent::Called { id, name } => {
            json!({"event": "called", "call": id.0, "command": name.as_str()})
        }
        ShellEvent::Answered { id, status: ended } => {
            json!({"event": "answered", "call": id.0, "status": status(*ended)})
        }
        ShellEvent::SecretRotated { old_until } => {
            json!({"event": "secret-rotated", "old_until": old_until})
        }
        ShellEvent::Stopping { calls, within } => json!({
            "event": "stopping",
            "calls": calls,
            "within_ms": millis(*within),
        }),
        ShellEvent::Ended { link, remote, ended, traffic } => json!({
            "event": "ended",
            "link": link.map(|link| link.0),
            "remote": remote,
            "admitted": ended.admitted,
            "code": ended.reason.code().name(),
            "reason": ended.reason.to_string(),
            "method": ended.method.map(|method| method.name()),
            "remedy": match link {
                Some(_) => remedy::at_hub(ended),
                None => remedy::of_ended(ended),
            },
            "hub_unix": exit::hub_clock(&ended.reason),
            "received": traffic.0,
            "sent": traffic.1,
        }),
        ShellEvent::Unreachable { code, reason, remedy } => json!({
            "event": "unreachable",
            "code": code.map(|code| code.name()),
            "reason": unreachable(reason, *remedy),
        }),
        ShellEvent::Retry { after, code, away } => json!({
            "event": "retry",
            "after_ms": millis(*after),
            "code": code.map(|code| code.name()),
            "away_ms": millis(*away),
        }),
        ShellEvent::Prompted { by, after } => json!({
            "event": "prompted",
            "by": match by {
                Prompt::Asked => "asked",
                Prompt::Credential => "credential",
                Prompt::Network => "network",
            },
            "after_ms": millis(*after),
        }),
        _ => json!({"event": "other"}),
    }
}

/// What a peer's owner wants to read; nothing for what only matters in detail.
pub(crate) fn sentence(notice: &ShellEvent) -> Option<String> {
    Some(match notice {
        ShellEvent::Learnt(learnt) => {
            let pin = learnt.pin.map_or_else(|| "no TLS".to_owned(), |pin| pin.to_string());
            let (hub, name, how) = (learnt.hub, &learnt.name, how(learnt.how));
            let said = format!("hub {hub} ({name}), {pin}, trusted by {how}");
            match exit::apart(crate::date::now(), learnt.unix) {
                Some(clocks) => format!("{said}. {clocks}"),
                None => said,
            }
        }
        ShellEvent::Renewed { until } => match until {
            Some(until) => format!("new credentials, until {}", crate::date::utc(*until)),
            None => "new credentials".to_owned(),
        },
        ShellEvent::Kept(entry) => format!("keeping {} for this hub", entry.identity),
        ShellEvent::Admitted { admitted, .. } => {
            format!("admitted as {} by {}", admitted.peer, admitted.method.name())
        }
        ShellEvent::HubHeldBack { measure } => format!(
            "the hub sends more {} than this peer takes in a second: it is held back, and nothing is \
             lost",
            self::measure(*measure)
        ),
        ShellEvent::Registered { commands } => {
            format!("serving {}", show::count(*commands, "command"))
        }
        ShellEvent::Answered { id, status } if status.is_cut() => {
            format!("call {}: {}", id.0, reason(*status, &Line::default()))
        }
        ShellEvent::Stopping { calls, within } => stopping(*calls, *within),
        ShellEvent::Ended { ended, .. } => exit::end(ended),
        ShellEvent::Unreachable { reason, remedy, .. } => unreachable(reason, *remedy),
        ShellEvent::Retry { after, code, away } => retry(*after, *code, *away),
        ShellEvent::Prompted { by, after } => {
            let why = match by {
                Prompt::Asked => "",
                Prompt::Credential => "the secret, the enrolment or the trust file has changed: ",
                Prompt::Network => "the network has changed: ",
            };
            match after.as_millis() {
                ..50 => format!("{why}trying again at once"),
                _ => format!("{why}trying again in {}", span(*after)),
            }
        }
        _ => return None,
    })
}

fn unreachable(reason: &str, remedy: Option<Remedy<'_>>) -> String {
    advice::told(reason.to_owned(), remedy, Audience::CommandLine)
}

/// A wait as a person reads it.
fn span(wait: Duration) -> String {
    match wait.as_secs() {
        ..120 => format!("{:.1} s", wait.as_secs_f64()),
        long => format!("{} min", long.div_ceil(60)),
    }
}

/// When a peer without a session tries again, and for how long and why it has none.
fn retry(after: Duration, code: Option<Code>, away: Duration) -> String {
    let mut said = format!("trying again in {}", span(after));
    if away.as_secs() > 0 {
        let unit = match away.as_secs() {
            ..60 => 1,
            60..3600 => 60,
            _ => 3600,
        };
        let away = Duration::from_secs(away.as_secs() / unit * unit);
        let _ = write!(said, "; no session for {}", print_duration(away));
        if let Some(code) = code {
            let _ = write!(said, " ({code})");
        }
    }
    said
}

/// What somebody who has asked this end to stop waits for.
pub(crate) fn stopping(calls: usize, within: Duration) -> String {
    let calls = if calls == 1 { "1 call is".to_owned() } else { format!("{calls} calls are") };
    let within = print_duration(within);
    format!("stopping: {calls} open, and may go on for {within}; once more ends at once")
}

/// How a call ended on a peer, in one line whatever was sent.
pub(crate) fn reason(status: Status, text: &Line) -> String {
    match status {
        Status::Exited(code) => format!("exit code {code}"),
        Status::Signalled(signal) => format!("signal {signal}"),
        Status::ExitedCut(code) => format!("exit code {code}, {OUTPUT_CUT}"),
        Status::SignalledCut(signal) => format!("signal {signal}, {OUTPUT_CUT}"),
        Status::Failed(code) => {
            if text.is_empty() {
                return format!("{code}: {}", code.row().meaning);
            }
            format!("{code}: {text}")
        }
    }
}

/// That not all output came, and why.
pub(crate) const OUTPUT_CUT: &str = "output-cut: a process that it left behind held its output in silence for too long (linger) \
     and was killed";

/// How a call ended, as an object.
pub(crate) fn status(status: Status) -> Value {
    match status {
        Status::Exited(code) => json!({"exit": code}),
        Status::Signalled(signal) => json!({"signal": signal}),
        Status::ExitedCut(code) => json!({"exit": code, "output-cut": true}),
        Status::SignalledCut(signal) => json!({"signal": signal, "output-cut": true}),
        Status::Failed(code) => json!({"failed": code.name()}),
    }
}

/// What a peer sends too much of.
pub(crate) fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Frames => "frames",
        Measure::Bytes => "bytes",
        Measure::Calls => "calls",
    }
}

pub(crate) fn how(how: How) -> &'static str {
    match how {
        How::Identity => "identity",
        How::Pin => "pin",
        How::Roots => "roots",
        How::FirstContact => "first contact",
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Serve => "serve",
        Purpose::Operate => "operate",
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_with_how_long_and_why_in_units_that_a_person_reads() {
        let seconds = Duration::from_secs_f64;
        let told = |after, code, away| retry(seconds(after), code, seconds(away));
        assert_eq!(told(0.46, None, 0.9), "trying again in 0.5 s");
        let refused = "trying again in 60.2 s; no session for 59s (refused)";
        assert_eq!(told(60.2, Some(Code::Refused), 59.9), refused);
        let full = "trying again in 61 min; no session for 2h (full)";
        assert_eq!(told(3601.0, Some(Code::Full), 7300.0), full);
        assert_eq!(told(1.0, None, 119.0), "trying again in 1.0 s; no session for 1m");
    }
}
