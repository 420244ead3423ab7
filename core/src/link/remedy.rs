//! What a person should do about a link that ended.
//!
//! An error's own text says what happened, what was expected and what was seen; each floor's
//! `remedy` says what to do next where it depends on that. Here they come together.

use std::borrow::Cow;

use crate::code::Code;
use crate::link::EndReason;

impl EndReason {
    /// What to do next, where the floor that failed knows it. What only the code says is not here:
    /// the program has a sentence for each of them.
    #[must_use]
    pub fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Auth(error) => error.remedy(),
            Self::Tunnel(_) | Self::Socket(_) => Self::remedy_of(self.code()).map(Cow::Borrowed),
            Self::Refused(_)
            | Self::TimedOut(_)
            | Self::Closed(_)
            | Self::Goaway { .. }
            | Self::WebSocketClosed(_)
            | Self::Cut
            | Self::Wire(_)
            | Self::Session(_) => None,
        }
    }

    /// What to do about the code of a transport that failed; `None` for any other code.
    #[must_use]
    pub fn remedy_of(code: Code) -> Option<&'static str> {
        Some(match code {
            Code::PlainWhereTls | Code::TlsWherePlain => {
                "Give both ends the same: a wss:// URL and TLS mode 'tofu' or 'strict' (--tls), or a \
                 ws:// URL and 'plain' at both."
            }
            Code::TlsFailed => {
                "A hub speaks TLS 1.3 and nothing older: find out whether something else listens \
                 there, or something in between interferes."
            }
            Code::NotBowline => {
                "Check the host and the port of the hub's URL: 'bowline hub' prints them where it \
                 runs."
            }
            Code::OtherVersion => {
                "Install the same version at both ends: 'bowline --version' tells it."
            }
            Code::UpgradeRefused => {
                "Leave the path out of the hub's URL, or make it '/link'; the hub's log says more."
            }
            _ => return None,
        })
    }

    /// What happened, and behind it what to do next.
    #[must_use]
    pub fn with_remedy(&self) -> String {
        let told = self.to_string();
        let Some(remedy) = self.remedy() else { return told };
        // Values that differ and commands to paste stand on lines of their own.
        let lines = told.contains('\n') || remedy.contains('\n');
        let joint = if lines { "\n" } else { ". " };
        format!("{told}{joint}{remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::AuthError;
    use crate::id::HubId;
    use crate::trust::TrustError;
    use crate::tunnel::TunnelError;

    #[test]
    fn what_to_do_stands_behind_what_happened() {
        let told = EndReason::from(TunnelError::PlainWhereTlsExpected).with_remedy();
        assert!(told.contains("this end expects TLS. Give both ends the same: "), "{told}");
        assert_eq!(EndReason::Cut.with_remedy(), "the connection was cut");
    }

    #[test]
    fn a_verdict_with_values_keeps_its_lines() {
        let error = TrustError::UnknownHub { hub: "h".to_owned(), id: HubId([0; 16]), pin: None };
        let told = EndReason::Auth(AuthError::from(error)).with_remedy();
        let last = "\n  bowline trust pin h hub_aaaaaaaaaaaaaaaaaaaaaaaaaa";
        assert!(told.contains("hub_aaaaaaaaaaaaaaaaaaaaaaaaaa\nCompare with"), "{told}");
        assert!(told.ends_with(last), "{told}");
    }
}
