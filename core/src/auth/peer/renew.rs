//! New credentials within a session, at the peer.
//!
//! ```text
//! Idle ──due──► Sent ──Refreshed──► Keeping ──Kept──► Idle
//!   ▲            │      Ask: Keep      │
//!   └─── Deny, or no answer ───────────┘ (it could not be kept: what was held is still good)
//! ```
//!
//! spec: session §9.

use core::time::Duration;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::auth::peer::issued;
use crate::auth::{AuthError, Dial, PeerCredentials};
use crate::id::HubId;
use crate::identity::Transcript;
use crate::ledger::{Answer, Kept, Question};
use crate::random::Random;
use crate::wire::frame::{Issued, RefreshBody};

/// What one session needs for it.
#[derive(Debug)]
pub struct Renewing {
    dial: Arc<Dial>,
    hub: HubId,
    transcript: Transcript,
    held: PeerCredentials,
    state: State,
}

#[derive(Debug)]
enum State {
    Idle,
    Sent,
    Keeping(PeerCredentials),
}

/// After no answer, or no, it is tried again so much later (60 s), sooner where the certificate does
/// not last that long.
const AGAIN: Duration = Duration::from_secs(60);

impl Renewing {
    pub(super) fn new(
        dial: Arc<Dial>,
        hub: HubId,
        transcript: Transcript,
        held: PeerCredentials,
    ) -> Self {
        Self { dial, hub, transcript, held, state: State::Idle }
    }

    /// How long until new credentials are due: two thirds of the certificate's life, within a tenth
    /// of it, so that peers that came together do not ask together.
    #[must_use]
    pub fn due(&self, unix: u64, random: &mut Random) -> Duration {
        let PeerCredentials { not_before, not_after, .. } = self.held;
        let life = Duration::from_secs(not_after.saturating_sub(not_before));
        let jitter = random.below(life / 5);
        let at = (life * 2 / 3 + jitter).saturating_sub(life / 10);
        let gone = Duration::from_secs(unix.saturating_sub(not_before));
        at.saturating_sub(gone)
    }

    /// How long until it is tried again.
    #[must_use]
    pub fn again(&self, unix: u64) -> Duration {
        let left = Duration::from_secs(self.held.not_after.saturating_sub(unix));
        AGAIN.min(left / 4).max(Duration::from_secs(1))
    }

    /// The body of the Refresh to be sent and its proof, also where the last one was not answered;
    /// none while what came is being kept.
    #[must_use]
    pub fn request(&mut self) -> Option<(Zeroizing<Vec<u8>>, [u8; 64])> {
        if matches!(self.state, State::Keeping(_)) {
            return None;
        }
        self.state = State::Sent;
        let body = RefreshBody { refresh: self.held.refresh.0.clone() }.encode();
        let proof = self.dial.key.sign_refresh(&self.transcript, &body);
        Some((body, proof))
    }

    /// Takes a Refreshed; what to ask.
    ///
    /// # Errors
    /// [`AuthError`]: nobody asked for it, or it is not for this peer.
    pub fn refreshed(&mut self, issued: &Issued) -> Result<Question, AuthError> {
        if !matches!(self.state, State::Sent) {
            return Err(AuthError::OutOfTurn("refreshed"));
        }
        let minted = issued::check(issued, self.hub, (self.dial.peer, self.dial.key.public()))?;
        self.state = State::Keeping(minted);
        Ok(Question::Keep(Box::new(Kept { entry: None, issued: Some(issued.clone()) })))
    }

    /// The hub does not give any now.
    pub fn denied(&mut self) {
        if matches!(self.state, State::Sent) {
            self.state = State::Idle;
        }
    }

    /// Takes the answer to the question asked: when the session ends from here on, seconds since
    /// 1970. None where it could not be kept: what was held before is still good.
    pub fn kept(&mut self, answer: &Answer) -> Option<u64> {
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Keeping(minted) if *answer == Answer::Kept => {
                self.held = minted;
                Some(self.held.not_after)
            }
            State::Idle | State::Sent | State::Keeping(_) => None,
        }
    }
}
