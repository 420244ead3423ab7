//! Why a link wants to be woken.

use crate::time::Timer;

/// The reason that travels with a link's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimerKind {
    /// TLS and the upgrade must be done.
    Upgrade,
    /// Admission must be done.
    Admission,
    /// A ping is due.
    Heartbeat,
    /// Something must have been heard.
    Silence,
    /// The session's credential ends.
    Expiry,
    /// The last words must be out.
    Ending,
    /// A peer that is held back may go on.
    Pace,
    /// A peer asks for new credentials.
    Refresh,
    /// The calls that are open at an end that leaves have had their time.
    Leaving,
}

impl TimerKind {
    pub(super) const COUNT: usize = 9;

    /// What was waited for, for a person.
    pub(super) fn awaited(self) -> &'static str {
        match self {
            Self::Upgrade => "TLS and the WebSocket upgrade",
            Self::Admission => "admission",
            Self::Heartbeat | Self::Silence => "anything from the other end",
            Self::Expiry => "a fresh credential",
            Self::Pace => "the rate that the peer may send at",
            Self::Refresh => "the time for new credentials",
            Self::Leaving => "open calls to end",
            Self::Ending => "the last bytes to be taken",
        }
    }
}

impl Timer for TimerKind {
    const ALL: &'static [Self] = &[
        Self::Upgrade,
        Self::Admission,
        Self::Heartbeat,
        Self::Silence,
        Self::Expiry,
        Self::Ending,
        Self::Pace,
        Self::Refresh,
        Self::Leaving,
    ];

    fn index(self) -> usize {
        self as usize
    }
}
