//! How a peer that keeps a session up stands, as its application sees it.
//!
//! ```text
//!            ┌──────────────────────────────────────────────────┐
//!            ▼                                                  │
//!        Dialling ──admitted──► Up ──ended──► Waiting where that heals by itself,
//!            │                                Failed where somebody has to do something
//!            └───────────failed───────────►     │
//!                                               └──stop──► Stopped, from any state
//! ```
//!
//! Whether an end heals is the core's to say ([`LinkOutcome`]); a peer that failed dials again all
//! the same, at the core's slow pace.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bowline_core::code::Code;
use bowline_core::peer::LinkOutcome;

use crate::peer::reload::PeerReload;
use crate::peer::{ConnectError, Session};
use crate::watch::Watch;

/// How a peer stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PeerState {
    /// A dial is under way.
    Dialling,
    /// The last dial came to nothing, or the session ended, and the next dial is due then. What was
    /// in the way heals with nobody doing anything.
    Waiting {
        /// When the peer dials again.
        until: Instant,
        /// What was in the way.
        reason: Arc<ConnectError>,
    },
    /// There is a session: admitted, and callable where it serves.
    Up(Session),
    /// The last dial came to nothing, or the session ended, and somebody has to do something: give
    /// the right secret, free the id, decide about the hub.
    Failed {
        /// When the peer dials again all the same; none where it does not.
        until: Option<Instant>,
        /// What is in the way.
        reason: Arc<ConnectError>,
    },
    /// The peer was stopped; no other state follows.
    Stopped,
}

/// Why [`Peer::session`](crate::peer::Peer::session) gives none.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NoSession {
    /// Something that does not heal by itself is in the way.
    #[error("{reason}")]
    Failed {
        /// When the peer dials again all the same; none where it does not.
        until: Option<Instant>,
        /// What is in the way.
        reason: Arc<ConnectError>,
    },
    /// The peer was stopped.
    #[error("the peer was stopped")]
    Stopped,
}

bowline_core::debug_as_display!(NoSession);

impl NoSession {
    /// The stable code of what is in the way; none where the peer was stopped, or lacks something
    /// itself.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Failed { reason, .. } => reason.code(),
            Self::Stopped => None,
        }
    }

    /// Whether the peer goes on trying.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Failed { until: Some(_), .. })
    }
}

impl PeerState {
    /// Whether no other state follows.
    fn is_last(&self) -> bool {
        match self {
            Self::Stopped | Self::Failed { until: None, .. } => true,
            Self::Dialling | Self::Waiting { .. } | Self::Up(_) | Self::Failed { .. } => false,
        }
    }
}

impl fmt::Display for PeerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dialling => f.write_str("dialling"),
            Self::Waiting { reason, .. } => write!(f, "waiting to dial again: {reason}"),
            Self::Up(session) => write!(f, "up, as '{}'", session.admitted().peer),
            Self::Failed { reason, .. } => write!(f, "failed: {reason}"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// The states of a peer as they come: [`Peer::states`](crate::peer::Peer::states).
///
/// The first is the one at that moment. Whoever looks seldom sees the newest, and not those
/// between; the last one, [`PeerState::Stopped`], is never missed.
#[derive(Debug)]
#[must_use = "states are seen by next"]
pub struct States {
    shared: Arc<Watch<Standing>>,
    /// The number of the state that was told last.
    seen: Option<u64>,
    over: bool,
}

impl States {
    pub(super) fn new(shared: Arc<Watch<Standing>>) -> Self {
        Self { shared, seen: None, over: false }
    }

    /// The next state that was not told yet; `None` after the last.
    pub async fn next(&mut self) -> Option<PeerState> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`States::next`].
    #[must_use = "pending wakes the task where a state comes"]
    pub fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<PeerState>> {
        if self.over {
            return Poll::Ready(None);
        }
        let found = self.shared.poll(cx, |standing| {
            let unseen = self.seen != Some(standing.number);
            unseen.then(|| (standing.number, standing.state.clone()))
        });
        found.map(|(number, state)| {
            self.seen = Some(number);
            self.over = state.is_last();
            Some(state)
        })
    }
}

/// What the task of a redialling peer and its handles share.
#[derive(Debug)]
pub(super) struct Standing {
    state: PeerState,
    /// How often the state changed.
    number: u64,
    /// Somebody asked for a dial before its time.
    pub(super) retry: bool,
    /// What was told anew, for the next dial.
    pub(super) anew: Option<Box<PeerReload>>,
    /// How many calls run.
    pub(super) running: Arc<Watch<usize>>,
    pub(super) stopping: bool,
    pub(super) stopped: bool,
}

impl Standing {
    pub(super) fn new(running: Arc<Watch<usize>>) -> Self {
        let state = PeerState::Dialling;
        Self {
            state,
            number: 0,
            retry: false,
            anew: None,
            running,
            stopping: false,
            stopped: false,
        }
    }

    pub(super) fn state(&self) -> &PeerState {
        &self.state
    }

    /// The session, while there is one.
    pub(super) fn session(&self) -> Option<&Session> {
        match &self.state {
            PeerState::Up(session) => Some(session),
            _ => None,
        }
    }

    /// What whoever waits for a session is told.
    pub(super) fn verdict(&self) -> Option<Result<Session, NoSession>> {
        if self.stopping {
            return Some(Err(NoSession::Stopped));
        }
        match &self.state {
            PeerState::Dialling | PeerState::Waiting { .. } => None,
            PeerState::Up(session) => Some(Ok(session.clone())),
            PeerState::Failed { until, reason } => {
                let (until, reason) = (*until, reason.clone());
                Some(Err(NoSession::Failed { until, reason }))
            }
            PeerState::Stopped => Some(Err(NoSession::Stopped)),
        }
    }

    pub(super) fn set(&mut self, state: PeerState) {
        self.state = state;
        self.number += 1;
    }

    pub(super) fn dialling(&mut self) {
        if !matches!(self.state, PeerState::Dialling) {
            self.set(PeerState::Dialling);
        }
    }

    /// No session, for this reason; the next dial is due then.
    pub(super) fn lacks(
        &mut self,
        reason: Arc<ConnectError>,
        outcome: LinkOutcome,
        until: Instant,
    ) {
        // Whoever asked for another dial waits for that one.
        self.set(match outcome.is_retryable || self.retry {
            true => PeerState::Waiting { until, reason },
            false => PeerState::Failed { until: Some(until), reason },
        });
    }

    /// The next dial is due earlier, since what was in the way may be gone.
    pub(super) fn sooner(&mut self, until: Instant) {
        if let PeerState::Waiting { reason, .. } | PeerState::Failed { reason, .. } = &self.state {
            let reason = reason.clone();
            self.set(PeerState::Waiting { until, reason });
        }
    }

    /// What the last failure said may hold no longer: whoever waits for a session waits for the
    /// next dial.
    pub(super) fn reconsider(&mut self) {
        if let PeerState::Failed { until: Some(until), reason } = &self.state {
            let (until, reason) = (*until, reason.clone());
            self.set(PeerState::Waiting { until, reason });
        }
    }

    /// The task is over: it dials no more.
    fn over(&mut self) {
        (self.stopping, self.stopped) = (true, true);
        if !self.state.is_last() {
            self.set(PeerState::Stopped);
        }
    }
}

/// Ends whatever waits for a peer when its task ends, also where its runtime drops it.
pub(super) struct Task(pub(super) Arc<Watch<Standing>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.change(Standing::over);
    }
}
