//! What a link tells: how it came up, what was asked, frames, and its end.

use core::time::Duration;

use crate::ask::{AskId, Question};
use crate::auth::peer::{HubInfo, Refusal};
use crate::auth::{Admitted, AuthError};
use crate::code::{CloseCode, Code};
use crate::id::Pin;
use crate::link::{Measure, TimerKind};
use crate::session::SessionError;
use crate::socket::SocketError;
use crate::text::{Escaped, Line};
use crate::tunnel::TunnelError;
use crate::wire::frame::{Goaway, Method};
use crate::wire::{Frame, WireError};

/// One thing that happened. Payloads borrow from the link until the next call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The transport is up. Nothing is trusted yet.
    Secured(Security),
    /// The WebSocket is up.
    Upgraded,
    /// Peer: trust was decided on Hello, and the peer's proof goes out.
    Learnt(Box<HubInfo>),
    /// The link waits for [`Link::answer`](crate::link::Link::answer).
    Ask(AskId, Question),
    /// Hub: the admission failed by the peer's fault, and counts against its source. Comes before a
    /// word of it goes out, so that it has counted when the peer can try again.
    Failed,
    /// The session begins.
    Admitted(Box<Admitted>),
    /// A frame of the session, checked: Register, Registered, Call, Accepted, Output, Result, Done,
    /// Deny, Cancel, Window, Input or Goaway.
    Frame(Frame<'a>),
    /// A frame of the session that is for nobody but the link, or came behind the end of its call.
    /// There is nothing to be done, but for another poll.
    Handled,
    /// A heartbeat was answered after this long.
    RoundTrip(Duration),
    /// Hub: the peer is beyond its rate, and what it sends is held back. Told at most once a
    /// minute.
    HeldBack(Measure),
    /// The session has new credentials and ends at this date, seconds since 1970. At a peer they
    /// are on the disk.
    Renewed(Option<u64>),
    /// The link leaves, and the calls that are still open have had their time: end them. It waits
    /// for their ends a little, and ends then.
    Overdue,
    /// The link is over; nothing follows.
    Ended(Box<Ended>),
}

/// How the bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security {
    /// TLS's cipher suite and key exchange group; none in `plain`.
    pub tls: Option<(&'static str, &'static str)>,
    /// The pin of the key that the hub served, at the peer.
    pub served: Option<Pin>,
}

/// How a link ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// Whether the link had been admitted.
    pub admitted: bool,
    /// How the peer came: at the peer what it was to prove itself by, at a hub what it has proved.
    pub method: Option<Method>,
}

/// Why a link ended.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndReason {
    /// This end closed it.
    #[error("closed here: {0}")]
    Closed(Code),
    /// The hub refused this peer.
    #[error("the hub refused: {}: {}", .0.code, text_or(&.0.text, .0.code))]
    Refused(Refusal),
    /// The other end said why it left.
    #[error("the other end left: {code}: {}", text_or(text, *code))]
    Goaway {
        /// Its code.
        code: Code,
        /// Its sentence.
        text: Line,
        /// Seconds to wait before reconnecting.
        reconnect_after: Option<u64>,
    },
    /// The other end closed the WebSocket and gave no reason but this.
    #[error("the other end closed the WebSocket{}", code_or_none(*.0))]
    WebSocketClosed(Option<CloseCode>),
    /// The stream ended in the middle: the other end died, or something cut the connection.
    #[error("the connection was cut")]
    Cut,
    /// Something took too long.
    #[error("timed out waiting for {}", .0.awaited())]
    TimedOut(TimerKind),
    /// Admission failed here.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The transport failed.
    #[error(transparent)]
    Tunnel(#[from] TunnelError),
    /// The WebSocket failed.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// A message was not a frame.
    #[error("a message is not a frame: {0}")]
    Wire(#[from] WireError),
    /// A frame broke the rules of the session.
    #[error(transparent)]
    Session(#[from] SessionError),
}

crate::debug_as_display!(EndReason);

fn text_or(text: &Line, code: Code) -> Escaped<'_> {
    Escaped(if text.is_empty() { code.row().meaning } else { text.raw() })
}

fn code_or_none(code: Option<CloseCode>) -> String {
    code.map_or_else(String::new, |code| format!(" with code {code}"))
}

impl EndReason {
    /// What a Goaway says; none for another frame.
    pub(super) fn goaway(frame: &Frame<'_>) -> Option<Self> {
        let Frame::Goaway(Goaway { code, text, reconnect_after }) = *frame else { return None };
        Some(Self::Goaway { code, text: text.into(), reconnect_after })
    }

    /// The code that goes with it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Closed(code) | Self::Goaway { code, .. } => *code,
            Self::Refused(refusal) => refusal.code,
            Self::WebSocketClosed(_) | Self::Cut => Code::Lost,
            Self::TimedOut(TimerKind::Upgrade | TimerKind::Admission) => Code::AdmissionTimeout,
            Self::TimedOut(TimerKind::Expiry) => Code::SessionExpired,
            Self::TimedOut(
                TimerKind::Heartbeat
                | TimerKind::Silence
                | TimerKind::Ending
                | TimerKind::Pace
                | TimerKind::Refresh
                | TimerKind::Leaving,
            ) => Code::Idle,
            Self::Auth(error) => error.code(),
            Self::Tunnel(error) => error.code(),
            Self::Socket(error) => error.code(),
            Self::Wire(_) | Self::Session(_) => Code::ProtocolError,
        }
    }

    /// Whether an admission that ended so was the other end's fault, and counts against its source
    /// at a hub: it broke the rules, or proved nothing. Who was cut, was too slow, left by itself
    /// or found no room did nothing wrong.
    #[must_use]
    pub fn is_failed_attempt(&self) -> bool {
        match self {
            Self::Auth(error) => error.is_failed_attempt(),
            Self::Socket(_) | Self::Wire(_) => true,
            Self::Closed(_)
            | Self::Refused(_)
            | Self::Goaway { .. }
            | Self::WebSocketClosed(_)
            | Self::Cut
            | Self::TimedOut(_)
            | Self::Tunnel(_)
            | Self::Session(_) => false,
        }
    }

    /// Whether another try can succeed with nobody doing anything.
    ///
    /// A connection that was cut or timed out heals; so does what the table says of a code. A
    /// transport that speaks something else does not.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Cut | Self::WebSocketClosed(_) | Self::TimedOut(_) => true,
            Self::Tunnel(error) => error.is_retryable(),
            Self::Socket(_) | Self::Wire(_) | Self::Session(_) => false,
            Self::Closed(_) | Self::Goaway { .. } | Self::Refused(_) | Self::Auth(_) => {
                self.code().is_retryable()
            }
        }
    }

    /// Seconds that the other end asked to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Goaway { reconnect_after, .. } => *reconnect_after,
            _ => None,
        }
    }
}
