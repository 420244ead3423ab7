//! New credentials within a session, at the hub.
//!
//! ```text
//! Idle ──Refresh: proved──► Reserved ──► Recorded ──► Committed ──Refreshed──► Idle
//!   ▲    Ask: Renew                Ask: Record   Ask: Renewed         │
//!   └───────────────────────────── Deny ─────────────────────────────┘
//! ```
//!
//! spec: session §9.

use core::time::Duration;
use std::sync::Arc;

use crate::ask::{Answer, Grant, LinkAnswer, LinkAsk, Question, Renewal};
use crate::auth::{AuthError, Joins, RefreshToken};
use crate::code::Code;
use crate::id::{PeerId, PublicKey};
use crate::identity::{Transcript, verify_refresh};
use crate::random::Random;
use crate::time::{Mono, Now};
use crate::wire::frame::{Issued, Refresh, RefreshBody};

/// What one session needs for it.
#[derive(Debug)]
pub struct HubRenewing {
    joins: Arc<Joins>,
    identity: (PeerId, PublicKey),
    transcript: Transcript,
    /// When the last Refresh was looked at.
    last: Option<Mono>,
    state: HubRenewalState,
}

/// A session gets one look at a Refresh in so long: each costs two signatures and a write to the
/// disk.
const APART: Duration = Duration::from_secs(1);

/// What a Refresh led to.
#[derive(Debug)]
pub enum RefreshStep {
    /// A question.
    Ask(Question),
    /// One is being answered: that answer is for this one, too.
    Nothing,
    /// It came too soon after the last one.
    TooSoon,
}

#[derive(Debug)]
enum HubRenewalState {
    Idle,
    Reserved(Renewal, RefreshToken),
    Recorded(Renewal, RefreshToken, Box<Grant>),
    Committed(Renewal, RefreshToken, Box<Grant>),
}

/// What an answer led to.
#[derive(Debug)]
pub enum HubRenewed {
    /// Ask further.
    Ask(Question),
    /// Send these; the session ends at this date from here on, seconds since 1970.
    Done(Issued, Option<u64>),
    /// Tell the peer no, with this code; the session goes on as it was.
    Denied(Code),
}

impl HubRenewing {
    pub(super) fn new(
        joins: Arc<Joins>,
        identity: (PeerId, PublicKey),
        transcript: Transcript,
    ) -> Self {
        Self { joins, identity, transcript, last: None, state: HubRenewalState::Idle }
    }

    /// Takes a Refresh.
    ///
    /// # Errors
    /// [`AuthError`]: it is malformed, or not proved.
    pub fn message(
        &mut self,
        refresh: &Refresh<'_>,
        random: &mut Random,
        now: Now,
    ) -> Result<RefreshStep, AuthError> {
        if !matches!(self.state, HubRenewalState::Idle) {
            return Ok(RefreshStep::Nothing);
        }
        if self.last.is_some_and(|last| now.mono < last.after(APART)) {
            return Ok(RefreshStep::TooSoon);
        }
        self.last = Some(now.mono);
        let (_, key) = self.identity;
        verify_refresh(&key, &self.transcript, refresh.body, refresh.proof)
            .map_err(|_| AuthError::NoPossession)?;
        let presented = RefreshToken(RefreshBody::decode(refresh.body)?.refresh);
        let fresh = RefreshToken::draw(random);
        let identity = self.identity;
        let renewal = Renewal { identity, presented: presented.hash(), fresh: fresh.hash() };
        self.state = HubRenewalState::Reserved(renewal, fresh);
        Ok(RefreshStep::Ask(LinkAsk::Renew(renewal).into()))
    }

    /// Takes the answer to the question asked. `random` draws the certificate's serial number.
    ///
    /// # Errors
    /// [`AuthError`]: the answer was not one to the question, or nothing could be minted.
    pub fn answer(&mut self, answer: Answer, random: &mut Random) -> Result<HubRenewed, AuthError> {
        match (core::mem::replace(&mut self.state, HubRenewalState::Idle), answer) {
            (_, Answer::Refused(no)) => Ok(HubRenewed::Denied(no.code)),
            (
                HubRenewalState::Reserved(renewal, fresh),
                Answer::Hub(LinkAnswer::Reserved(grant)),
            ) => {
                let Some(record) = grant.record.clone() else {
                    return Err(AuthError::OutOfTurn("answer"));
                };
                self.state = HubRenewalState::Recorded(renewal, fresh, grant);
                Ok(HubRenewed::Ask(Question::Record(record)))
            }
            (HubRenewalState::Recorded(renewal, fresh, grant), Answer::Recorded) => {
                let ask = LinkAsk::Renewed(grant.clone());
                self.state = HubRenewalState::Committed(renewal, fresh, grant);
                Ok(HubRenewed::Ask(ask.into()))
            }
            (HubRenewalState::Committed(_, fresh, grant), Answer::Hub(LinkAnswer::Committed)) => {
                let issues = grant.issues.ok_or(AuthError::OutOfTurn("answer"))?;
                let issued = self.joins.mint(random, self.identity, issues, fresh)?;
                Ok(HubRenewed::Done(issued, grant.expires))
            }
            (HubRenewalState::Committed(renewal, fresh, _), Answer::Hub(LinkAnswer::Stale)) => {
                self.state = HubRenewalState::Reserved(renewal, fresh);
                Ok(HubRenewed::Ask(LinkAsk::Renew(renewal).into()))
            }
            _ => Err(AuthError::OutOfTurn("answer")),
        }
    }
}
