//! New credentials within a session, at the peer.
//!
//! ```text
//! Idle ──due──► Asked ──Held──► Sent ──Refreshed──► Keeping ──Kept──► Idle
//!   ▲   Ask: Held │               │      Ask: Keep      │
//!   └─ no, Deny, or no answer ────┴─────────────────────┘ (what was held is still good)
//! ```
//!
//! Which token is presented is asked anew each time: another program of the same peer may have used
//! the one that this session came with, and a token that is older than the last one used revokes
//! the peer.
//!
//! spec: session §9.

use core::time::Duration;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ask::{Answer, PeerUpdate, Question};
use crate::auth::peer::issued;
use crate::auth::{AuthError, Dial, PeerCredentials};
use crate::id::HubId;
use crate::identity::Transcript;
use crate::random::Random;
use crate::wire::frame::{Issued, RefreshBody};

/// What one session needs for it.
#[derive(Debug)]
pub struct PeerRenewing {
    dial: Arc<Dial>,
    hub: HubId,
    transcript: Transcript,
    held: PeerCredentials,
    state: PeerRenewalState,
}

#[derive(Debug)]
enum PeerRenewalState {
    Idle,
    Asked,
    Sent,
    Keeping(PeerCredentials),
}

/// What an answer led to.
#[derive(Debug)]
pub enum PeerRenewed {
    /// A Refresh goes out: its body, and the proof.
    Send(Zeroizing<Vec<u8>>, [u8; 64]),
    /// The session ends at this date from here on, seconds since 1970.
    Until(u64),
    /// Nothing: what was held before is still good.
    Nothing,
}

/// After no answer, or no, it is tried again so much later (60 s), sooner where the certificate
/// does not last that long.
const AGAIN: Duration = Duration::from_secs(60);

impl PeerRenewing {
    pub(super) fn new(
        dial: Arc<Dial>,
        hub: HubId,
        transcript: Transcript,
        held: PeerCredentials,
    ) -> Self {
        Self { dial, hub, transcript, held, state: PeerRenewalState::Idle }
    }

    /// How long until new credentials are due: two thirds of the certificate's life, within a tenth
    /// of it, so that peers that came together do not ask together; and a quarter of what is left
    /// at least, so that a certificate that was minted a moment ago is not renewed at once, however
    /// far back it begins.
    #[must_use]
    pub fn due(&self, unix: u64, random: &mut Random) -> Duration {
        let PeerCredentials { not_before, not_after, .. } = self.held;
        let life = Duration::from_secs(not_after.saturating_sub(not_before));
        let jitter = random.below(life / 5);
        let at = (life * 2 / 3 + jitter).saturating_sub(life / 10);
        let gone = Duration::from_secs(unix.saturating_sub(not_before));
        let left = Duration::from_secs(not_after.saturating_sub(unix));
        at.saturating_sub(gone).max(left / 4)
    }

    /// How long until it is tried again.
    #[must_use]
    pub fn again(&self, unix: u64) -> Duration {
        let left = Duration::from_secs(self.held.not_after.saturating_sub(unix));
        AGAIN.min(left / 4).max(Duration::from_secs(1))
    }

    /// New credentials are due: what to ask, also where the last Refresh was not answered; none
    /// while what came is being kept.
    #[must_use]
    pub fn ask(&mut self) -> Option<Question> {
        if matches!(self.state, PeerRenewalState::Keeping(_)) {
            return None;
        }
        self.state = PeerRenewalState::Asked;
        Some(Question::Load)
    }

    /// Takes a Refreshed; what to ask. None where it answers a Refresh that was sent again
    /// meanwhile: what came first is as good.
    ///
    /// # Errors
    /// [`AuthError`]: it is not for this peer.
    pub fn refreshed(&mut self, issued: &Issued) -> Result<Option<Question>, AuthError> {
        if !matches!(self.state, PeerRenewalState::Sent) {
            return Ok(None);
        }
        let minted = issued::check(issued, self.hub, (self.dial.peer, self.dial.key.public()))?;
        self.state = PeerRenewalState::Keeping(minted);
        let kept = PeerUpdate { entry: None, seen: None, issued: Some(issued.clone()) };
        Ok(Some(Question::Store(Box::new(kept))))
    }

    /// The hub does not give any now.
    pub fn denied(&mut self) {
        if matches!(self.state, PeerRenewalState::Sent) {
            self.state = PeerRenewalState::Idle;
        }
    }

    /// Takes the answer to the question asked.
    #[must_use]
    pub fn answer(&mut self, answer: Answer) -> PeerRenewed {
        match (core::mem::replace(&mut self.state, PeerRenewalState::Idle), answer) {
            (PeerRenewalState::Asked, Answer::Loaded(held)) => self.request(held.as_deref()),
            (PeerRenewalState::Keeping(minted), Answer::Stored) => {
                self.held = minted;
                PeerRenewed::Until(self.held.not_after)
            }
            (
                PeerRenewalState::Idle
                | PeerRenewalState::Asked
                | PeerRenewalState::Sent
                | PeerRenewalState::Keeping(_),
                _,
            ) => PeerRenewed::Nothing,
        }
    }

    /// The Refresh by what is held at this moment. Where that is another peer's or hub's by now,
    /// none.
    fn request(&mut self, held: Option<&Issued>) -> PeerRenewed {
        if let Some(held) = held {
            let of = (self.dial.peer, self.dial.key.public());
            let Ok(held) = issued::check(held, self.hub, of) else { return PeerRenewed::Nothing };
            self.held = held;
        }
        self.state = PeerRenewalState::Sent;
        let body = RefreshBody { refresh: self.held.refresh.0.clone() }.encode();
        let proof = self.dial.key.sign_refresh(&self.transcript, &body);
        PeerRenewed::Send(body, proof)
    }
}
