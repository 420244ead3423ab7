//! New credentials within a session: when a peer asks for them, and what comes of it.
//!
//! spec: session §9.

use crate::ask::{Answer, Question};
use crate::auth::{AuthError, hub, peer};
use crate::code::Code;
use crate::limits::Limits;
use crate::link::event::EndReason;
use crate::link::pump::Note;
use crate::link::{Link, TimerKind};
use crate::random::Random;
use crate::rate::Rate;
use crate::session::SessionError;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{Deny, Issued, Refresh, Refreshed};

/// What a session needs for new credentials.
#[derive(Debug)]
pub(super) enum LinkRenewing {
    Hub(Box<hub::HubRenewing>),
    Peer(Box<peer::PeerRenewing>),
}

/// What a frame about the credential led to.
#[derive(Debug)]
pub(super) enum RenewalStep {
    /// Nothing.
    Nothing,
    /// A question.
    Ask(Question),
    /// No.
    Deny(Code),
    /// The end.
    Broken(EndReason),
}

impl From<Result<Option<Question>, AuthError>> for RenewalStep {
    fn from(asked: Result<Option<Question>, AuthError>) -> Self {
        match asked {
            Ok(None) => Self::Nothing,
            Ok(Some(question)) => Self::Ask(question),
            Err(error) => Self::Broken(error.into()),
        }
    }
}

/// Takes a Refresh or a Refreshed.
pub(super) fn take(
    renewing: Option<&mut LinkRenewing>,
    frame: &Frame<'_>,
    random: &mut Random,
    now: Now,
) -> RenewalStep {
    match (renewing, frame) {
        (Some(LinkRenewing::Hub(hub)), Frame::Refresh(refresh)) => {
            match hub.message(refresh, random, now) {
                Ok(hub::RefreshStep::Ask(question)) => RenewalStep::Ask(question),
                Ok(hub::RefreshStep::Nothing) => RenewalStep::Nothing,
                Ok(hub::RefreshStep::TooSoon) => RenewalStep::Deny(Code::RateLimited),
                Err(error) => RenewalStep::Broken(error.into()),
            }
        }
        (Some(LinkRenewing::Peer(peer)), Frame::Refreshed(refreshed)) => {
            peer.refreshed(&refreshed.0).into()
        }
        // The method of this session has no credentials to renew.
        _ => RenewalStep::Broken(SessionError::Direction(frame.kind()).into()),
    }
}

/// How often a session asks for new credentials: what a hub mints may end at once, and each time
/// the disk is written.
pub(super) fn rate(limits: &Limits) -> Rate {
    Rate::every(limits.renewal_pause, limits.renewals)
}

/// Whether this denial is of a Refresh.
pub(super) fn denies(frame: &Frame<'_>) -> bool {
    matches!(frame, Frame::Deny(Deny { id: None, request: "refresh", .. }))
}

impl Link {
    /// The session begins: a peer asks for new credentials in time.
    pub(super) fn arm_refresh(&mut self) {
        if let Some(LinkRenewing::Peer(peer)) = &self.renewing {
            let wait = peer.due(self.now.unix, &mut self.random);
            self.timers.set(TimerKind::Refresh, self.now.mono.after(wait));
        }
    }

    /// New credentials are due.
    pub(super) fn refresh(&mut self) {
        let Some(LinkRenewing::Peer(peer)) = &mut self.renewing else { return };
        let rate = rate(&self.limits);
        let wait = self.asking.wait(&rate, 1, self.now.mono);
        if !wait.is_zero() {
            return self.timers.set(TimerKind::Refresh, self.now.mono.after(wait));
        }
        self.asking.spend(&rate, 1, self.now.mono);
        let again = self.now.mono.after(peer.again(self.now.unix));
        self.timers.set(TimerKind::Refresh, again);
        if let Some(question) = peer.ask() {
            self.ask(question);
        }
    }

    /// The hub gives no credentials now.
    pub(super) fn refresh_denied(&mut self) {
        if let Some(LinkRenewing::Peer(peer)) = &mut self.renewing {
            peer.denied();
        }
    }

    /// The answer to a question of the session's.
    pub(super) fn renewal_answered(&mut self, answer: Answer) {
        match &mut self.renewing {
            Some(LinkRenewing::Hub(hub)) => match hub.answer(answer, &mut self.random) {
                Ok(hub::HubRenewed::Ask(question)) => self.ask(question),
                Ok(hub::HubRenewed::Done(issued, expires)) => self.hand_out(issued, expires),
                Ok(hub::HubRenewed::Denied(code)) => self.deny_refresh(code),
                Err(error) => self.end(error.into(), None),
            },
            Some(LinkRenewing::Peer(peer)) => match peer.answer(answer) {
                peer::PeerRenewed::Send(body, proof) => {
                    let refresh = Frame::Refresh(Refresh { body: &body, proof: &proof });
                    if let Some(session) = self.session() {
                        // Where there is no room now, there is the next time.
                        let _ = session.push(&refresh);
                    }
                }
                peer::PeerRenewed::Until(expires) => {
                    self.goes_on(Some(expires));
                    self.arm_refresh();
                }
                peer::PeerRenewed::Nothing => {}
            },
            None => {}
        }
    }

    fn hand_out(&mut self, issued: Issued, expires: Option<u64>) {
        let refreshed = Frame::Refreshed(Refreshed(issued));
        // Where there is no room it asks again, and what it has is still good.
        if let Some(Ok(())) = self.session().map(|session| session.push(&refreshed)) {
            self.goes_on(expires);
        }
    }

    pub(super) fn deny_refresh(&mut self, code: Code) {
        let text = code.row().meaning;
        let deny = Deny { id: None, code, request: "refresh", required: None, text };
        if let Some(session) = self.session() {
            // It asks again where this is lost.
            let _ = session.push(&Frame::Deny(deny));
        }
    }

    /// The session ends at another date.
    fn goes_on(&mut self, expires: Option<u64>) {
        if let Some(session) = self.session() {
            session.set_expires(expires);
            self.timers.stop(TimerKind::Expiry);
            self.notes.push_back(Note::Renewed(expires));
            self.check_expiry();
        }
    }
}
