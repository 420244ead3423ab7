//! Exit codes, and which error gives which: one table.

use std::fmt::Display;
use std::process::ExitCode;

use bowline_core::code::{Code, Use};
use bowline_core::link::EndReason;
use bowline_core::tunnel::TunnelError;
use bowline_shell::peer::ConnectError;

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
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    /// Wrong usage or configuration.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(USAGE, message)
    }

    /// The same error where every failure of ours is 255.
    pub(crate) fn ours(self) -> Self {
        Self { code: OURS, ..self }
    }

    /// Says what went wrong on standard error.
    pub(crate) fn tell(self) -> ExitCode {
        eprintln!("bowline: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let code = match &error {
            ConnectError::Unreachable { .. } => UNREACHABLE,
            ConnectError::Ended { ended, .. } => of_end(&ended.reason),
            _ => USAGE,
        };
        Self::new(code, with_remedy(&error))
    }
}

/// What the hub's refusal does not say because it must not: what to look at here.
fn with_remedy(error: &ConnectError) -> String {
    match error {
        ConnectError::Ended { hub, ended } => format!("{hub}: {}", end(&ended.reason)),
        _ => error.to_string(),
    }
}

/// How a link ended, and what to do where the hub refused.
pub(crate) fn end(reason: &EndReason) -> String {
    let said = reason.to_string();
    let EndReason::Refused(refusal) = reason else { return said };
    let remedy = match refusal.code {
        Code::Refused => "Check that both ends have the same secret; the hub's log says why",
        Code::IdTaken => "Another key uses this id: give this peer another --id",
        Code::MethodNotOffered => "Configure this peer for a method that the hub offers",
        _ => return said,
    };
    format!("{said} {remedy}")
}

/// The exit code of a link's end.
pub(crate) fn of_end(reason: &EndReason) -> u8 {
    match reason {
        EndReason::Refused(_) | EndReason::Auth(_) => REFUSED,
        EndReason::Tunnel(
            TunnelError::TlsWherePlainExpected | TunnelError::PlainWhereTlsExpected,
        ) => USAGE,
        _ => UNREACHABLE,
    }
}

/// The exit code of a call's failure.
pub(crate) fn of_code(code: Code) -> u8 {
    match code {
        Code::UnknownPeer | Code::Offline | Code::NotReady => ABSENT,
        Code::Deadline | Code::Lost => UNREACHABLE,
        Code::Denied => REFUSED,
        code if code.row().used_in == Use::Refusal => REFUSED,
        _ => FAILURES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_target_a_denial_and_a_lost_link_are_told_apart() {
        let codes = [Code::UnknownPeer, Code::Offline, Code::Denied, Code::Lost, Code::Failed];
        assert_eq!(codes.map(of_code), [ABSENT, ABSENT, REFUSED, UNREACHABLE, FAILURES]);
        assert_eq!(of_end(&EndReason::Cut), UNREACHABLE);
        assert_eq!(of_end(&EndReason::Tunnel(TunnelError::PlainWhereTlsExpected)), USAGE);
    }
}
