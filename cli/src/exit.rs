//! Exit codes, and which error gives which: one table.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use bowline_core::auth::AuthError;
use bowline_core::code::{Code, Use};
use bowline_core::link::{EndReason, Ended};
use bowline_shell::advice::{self, Audience, append};
use bowline_shell::call::Finished;
use bowline_shell::control::AskError;
use bowline_shell::files::word;
use bowline_shell::peer::ConnectError;

use crate::{date, output, remedy};

/// Done.
pub(crate) const DONE: u8 = 0;
/// Done, with failures.
pub(crate) const FAILURES: u8 = 1;
/// Wrong usage or configuration.
pub(crate) const USAGE: u8 = 2;
/// Refused: admission, trust, capability.
pub(crate) const REFUSED: u8 = 3;
/// Not reachable, or timed out.
pub(crate) const UNREACHABLE: u8 = 4;
/// The target is unknown or offline.
pub(crate) const ABSENT: u8 = 5;
/// `run`: a failure of ours.
pub(crate) const OURS: u8 = 255;

/// An error for a person, and the exit code that goes with it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// The stable code of what refused, for `--json`.
    pub(crate) name: Option<Code>,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Display) -> Self {
        Self { code, name: None, message: message.to_string() }
    }

    /// The same with the stable code of what refused.
    pub(crate) fn named(self, name: Option<Code>) -> Self {
        Self { name, ..self }
    }

    /// The same for a peer whose data directory was given: commands to paste name it too.
    pub(crate) fn in_data(self, data: Option<&Path>) -> Self {
        Self { message: in_data(&self.message, data), ..self }
    }

    /// A call that failed.
    pub(crate) fn call(code: Code, finished: &Finished) -> Self {
        Self::new(of_code(code), failed(code, finished)).named(Some(code))
    }

    /// Wrong usage or configuration.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(USAGE, message)
    }

    /// An end of which there is nothing to say.
    pub(crate) fn silent(code: u8) -> Self {
        Self::new(code, "")
    }

    /// The same error where every failure of ours is 255.
    pub(crate) fn ours(self) -> Self {
        if self.message.is_empty() { self } else { Self { code: OURS, ..self } }
    }

    /// Says what went wrong on standard error.
    pub(crate) fn tell(self) -> ExitCode {
        if !self.message.is_empty() {
            output::say(&self.message);
        }
        ExitCode::from(self.code)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let code = error.code();
        Self::new(code.map_or(USAGE, of_code), with_remedy(&error)).named(code)
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Failed { code, finished } => Self::call(code, &finished),
            _ => Self::new(FAILURES, error),
        }
    }
}

/// `text` with the data directory in each `bowline trust` command that it shows to be pasted.
pub(crate) fn in_data(text: &str, data: Option<&Path>) -> String {
    let Some(data) = data else { return text.to_owned() };
    text.replace("\n  bowline trust ", &format!("\n  bowline trust --data {} ", word(data)))
}

/// What the error says, and what to do. A verdict on a hub names the hub itself.
fn with_remedy(error: &ConnectError) -> String {
    match error {
        ConnectError::Ended { ended, .. } if is_verdict(&ended.reason) => end(ended),
        ConnectError::Ended { hub, ended, clocks } => {
            let mut said = format!("{hub}: {}", end(ended));
            // By this machine's clock the session ended before it began, and only the hub's Hello
            // tells.
            let expired = ended.reason.code() == Code::SessionExpired;
            let clocks = clocks.filter(|_| expired);
            if let Some(sentence) = clocks.and_then(|clocks| apart(clocks.here, clocks.hub)) {
                append(&mut said, &sentence);
            }
            said
        }
        _ => advice::told(error.fact(), error.remedy(), Audience::CommandLine),
    }
}

fn is_verdict(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Auth(AuthError::Trust(_)))
}

/// How a link ended: the code, what happened, and what to do.
pub(crate) fn end(ended: &Ended) -> String {
    let reason = &ended.reason;
    let mut said = match reason {
        // Their sentences have the code in them.
        EndReason::Closed(_) | EndReason::Refused(_) | EndReason::Goaway { .. } => {
            reason.to_string()
        }
        _ => format!("{}: {reason}", reason.code()),
    };
    if let Some(remedy) = remedy::of_ended(ended) {
        append(&mut said, &remedy);
    }
    if let Some(clocks) = clocks(reason, date::now()) {
        append(&mut said, &clocks);
    }
    if let Some(seconds) = reason.retry_after() {
        append(&mut said, &format!("It asks to be left alone for {seconds} s."));
    }
    said
}

/// The hub's clock as it told it in a refusal, seconds since 1970.
pub(crate) fn hub_clock(reason: &EndReason) -> Option<u64> {
    match reason {
        EndReason::Refused(refusal) => Some(refusal.unix),
        _ => None,
    }
}

/// By how much this machine's clock and the hub's differ, where a date was refused that may hold by
/// one of them.
fn clocks(reason: &EndReason, now: u64) -> Option<String> {
    if !matches!(reason.code(), Code::Expired | Code::NotYetValid) {
        return None;
    }
    apart(now, hub_clock(reason)?)
}

/// By how much two clocks differ, where they do.
pub(crate) fn apart(now: u64, hub: u64) -> Option<String> {
    let apart = now.abs_diff(hub);
    (apart >= APART).then(|| {
        format!(
            "By this machine's clock it is {}, by the hub's {}: they differ by {}. Set the one that \
             is wrong, and try again.",
            date::utc(now),
            date::utc(hub),
            date::span(apart)
        )
    })
}

/// Clocks that are closer than so many seconds are not to blame.
const APART: u64 = 30;

/// How a call failed: the code, what happened, and what to do.
fn failed(code: Code, finished: &Finished) -> String {
    let mut said = match finished.text.is_empty() {
        true => format!("{code}: {}", code.row().meaning),
        false => format!("{code}: {}", finished.text),
    };
    if let Some(required) = finished.required {
        append(&mut said, &format!("This identity lacks the capability '{required}'."));
    }
    // What was ended on the way may have been carried out in part, whatever a link does next.
    let of = if code == Code::GoingAway { Code::Lost } else { code };
    if let Some(remedy) = remedy::of_code(of) {
        append(&mut said, &remedy);
    }
    said
}

/// The exit code of a refusal, an ending, a failed call or a verdict on a hub.
pub(crate) fn of_code(code: Code) -> u8 {
    match (code.row().used_in, code) {
        (_, Code::AdmissionTimeout) => UNREACHABLE,
        (Use::Local, Code::PlainWhereTls | Code::TlsWherePlain) => USAGE,
        (
            Use::Local,
            Code::UnknownName
            | Code::NotListening
            | Code::NoAnswer
            | Code::NoRoute
            | Code::Unreachable
            | Code::TlsFailed
            | Code::NotBowline,
        ) => UNREACHABLE,
        (Use::Refusal | Use::Local, _) => REFUSED,
        (Use::Ending, _) => UNREACHABLE,
        (Use::Call, Code::UnknownPeer | Code::Offline | Code::NotReady) => ABSENT,
        (Use::Call, Code::UnknownCall | Code::UnknownToken) => ABSENT,
        (Use::Call, Code::Draining | Code::Deadline | Code::Lost) => UNREACHABLE,
        (Use::Call, Code::Denied) => REFUSED,
        (Use::Call, _) => FAILURES,
    }
}

#[cfg(test)]
mod tests {
    use bowline_core::auth::peer::Refusal;
    use bowline_core::code::{CodeRow, TABLE};
    use bowline_core::text::Line;
    use bowline_core::wire::frame::Status;

    use super::*;

    #[test]
    fn an_absent_target_a_denial_and_a_lost_link_are_told_apart() {
        let codes = [Code::UnknownPeer, Code::Offline, Code::Denied, Code::Lost, Code::Failed];
        assert_eq!(codes.map(of_code), [ABSENT, ABSENT, REFUSED, UNREACHABLE, FAILURES]);
        let codes =
            [EndReason::Cut.code(), Code::PlainWhereTls, Code::NotBowline, Code::OtherVersion];
        assert_eq!(codes.map(of_code), [UNREACHABLE, USAGE, UNREACHABLE, REFUSED]);
    }

    #[test]
    fn a_command_to_paste_names_the_data_directory_that_was_given() {
        let text = "mismatch\n  bowline trust forget wss://h";
        assert_eq!(in_data(text, None), text);
        let told = in_data(text, Some("/srv/my data".as_ref()));
        assert_eq!(told, "mismatch\n  bowline trust --data /srv/my\\ data forget wss://h");
    }

    /// The tables of `docs/refusals.md`, row for row.
    #[test]
    fn the_page_of_refusals_lists_every_code_with_its_exit_code_and_its_remedy() {
        let page = include_str!("../../docs/refusals.md");
        let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let table: Vec<String> = TABLE.iter().map(on_the_page).collect();
        assert_eq!(listed, table);
    }

    fn on_the_page(row: &CodeRow) -> String {
        let CodeRow { code, name, used_in, meaning, .. } = *row;
        let none = match used_in {
            Use::Local => "see below",
            Use::Refusal | Use::Ending | Use::Call => "–",
        };
        let remedy = remedy::of_code(code).unwrap_or(none.into());
        format!("| `{name}` | {} | {meaning} | {remedy} |", of_code(code))
    }

    #[test]
    fn a_refused_date_tells_both_clocks_where_they_differ() {
        let refused = |code, unix| {
            let (text, retry_after) = (Line::default(), None);
            EndReason::Refused(Refusal { code, text, unix, retry_after })
        };
        let now = 1_800_000_000;
        let told = clocks(&refused(Code::NotYetValid, now - 8 * 86_400), now).unwrap();
        assert_eq!(
            told,
            "By this machine's clock it is 2027-01-15 08:00:00 UTC, by the hub's 2027-01-07 08:00:00 \
             UTC: they differ by 8 days. Set the one that is wrong, and try again."
        );
        assert!(clocks(&refused(Code::Expired, now + 30), now).unwrap().contains("30 seconds"));
        assert_eq!(clocks(&refused(Code::Expired, now + 29), now), None);
        assert_eq!(clocks(&refused(Code::Used, 0), now), None);
        assert_eq!(clocks(&EndReason::Cut, now), None);
    }

    #[test]
    fn what_the_other_end_says_stays_within_one_line() {
        let text = || Line::from("no\nbowline: run this\r\u{1b}[1A\u{202e}");
        let refusal = Refusal { code: Code::Full, text: text(), unix: 0, retry_after: None };
        let (code, reconnect_after) = (Code::Idle, None);
        let reasons = [
            EndReason::Refused(refusal),
            EndReason::Goaway { code, text: text(), reconnect_after },
        ];
        for reason in reasons {
            let said = end(&Ended { reason, admitted: false, method: None });
            assert!(said.contains("no\\nbowline: run this\\r\\u{1b}[1A\\u{202e}"), "{said}");
            assert!(!said.contains(bowline_core::text::is_unsafe), "{said:?}");
        }
        let said = crate::event::reason(Status::Failed(Code::Failed), &text());
        assert!(!said.contains(bowline_core::text::is_unsafe), "{said:?}");
    }

    #[test]
    fn the_end_of_a_link_says_its_code_what_happened_and_what_to_do_once_each() {
        assert_eq!(
            end(&Ended { reason: EndReason::Cut, admitted: true, method: None }),
            "lost: the connection was cut. Check that the hub still runs, and try again."
        );
        let refusal =
            Refusal { code: Code::Full, text: Line::default(), unix: 0, retry_after: Some(10) };
        assert_eq!(
            end(&Ended { reason: EndReason::Refused(refusal), admitted: false, method: None }),
            "the hub refused: full: The hub has no room for another session; come back later. Raise \
             the hub's limits if this goes on. It asks to be left alone for 10 s."
        );
    }
}
