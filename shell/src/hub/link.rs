//! What the events of a hub's link mean: questions to the machine and the ledger, frames to route.

use std::sync::Arc;
use std::task::Context;

use bowline_core::ask::{Answer, AskId, LinkAsk, Question};
use bowline_core::code::Code;
use bowline_core::hub::Outbox;
use bowline_core::id::{LinkId, PeerId};
use bowline_core::link::{Event, Link};
use bowline_core::session::SendError;
use bowline_core::time::Now;

use crate::driver::{Mailbox, Owner, Posted};
use crate::hub::shared::Shared;
use crate::ledger::LedgerError;
use crate::notice::ShellEvent;

/// One link of a hub.
pub(super) struct HubLink {
    pub(super) shared: Arc<Shared>,
    pub(super) link: LinkId,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) outbox: Outbox,
    pub(super) remote: String,
    /// Who it is, once admitted.
    pub(super) peer: Option<PeerId>,
    pub(super) began: Now,
    pub(super) traffic: (u64, u64),
    /// The link is to end once the outbox is empty.
    pub(super) closing: Option<Code>,
}

impl Owner for HubLink {
    fn feed(&mut self, link: &mut Link, now: Now, cx: &Context<'_>) {
        let mut letters = Posted::default();
        self.mailbox.collect(cx, &mut letters);
        self.traffic = link.traffic();
        for (ask, answer) in letters.answers {
            link.answer(ask, answer, now);
        }
        self.closing = self.closing.or(letters.close);
        loop {
            if !self.pass_on(link, now) {
                // Who does not read what there is does not put off the end.
                if let Some(code) = self.shared.with(|hub| hub.cut_off(self.link)) {
                    link.close(code, now);
                }
                return;
            }
            let closing = self.shared.with(|hub| hub.take_outbox(self.link, &mut self.outbox));
            self.closing = self.closing.or(closing);
            if self.outbox.is_empty() {
                break;
            }
        }
        self.outbox.rest();
        if let Some(code) = self.closing {
            link.close(code, now);
        }
    }

    fn event(&mut self, event: Event<'_>, now: Now) -> Option<(AskId, Answer)> {
        let link = Some(self.link);
        match event {
            Event::Secured(security) => self.tell(ShellEvent::Secured { link, security }),
            Event::Upgraded => self.tell(ShellEvent::Upgraded { link }),
            Event::Ask(ask, Question::Record(record)) => {
                let mailbox = self.mailbox.clone();
                self.shared.ledger.record(record, move |recorded| {
                    mailbox.answer(ask, answer(recorded));
                });
            }
            Event::Ask(ask, Question::Hub(wanted)) => {
                let answer = self.shared.with(|hub| hub.answer(self.link, &wanted, now));
                if matches!(wanted, LinkAsk::Arrive(_)) {
                    self.locate();
                }
                return Some((ask, answer.into()));
            }
            Event::Ask(ask, _) => return Some((ask, Answer::Refused(Code::Refused.into()))),
            Event::Admitted(admitted) => {
                let took = now.mono.since(self.began.mono);
                let traffic = self.traffic;
                self.peer = Some(admitted.peer);
                self.tell(ShellEvent::Admitted { link, admitted, took, traffic });
            }
            Event::Frame(frame) => self.shared.with(|hub| hub.input(self.link, &frame, now)),
            Event::RoundTrip(took) => self.shared.with(|hub| hub.round_trip(self.link, took)),
            Event::Failed => self.shared.with(|hub| hub.failed(self.link, now)),
            Event::HeldBack(measure) => {
                if let Some(peer) = self.peer {
                    self.tell(ShellEvent::HeldBack { link: self.link, peer, measure });
                }
            }
            Event::Ended(ended) => {
                let (remote, traffic) = (self.remote.clone(), self.traffic);
                self.tell(ShellEvent::Ended { link, remote, ended, traffic });
            }
            _ => {}
        }
        None
    }
}

impl HubLink {
    /// The upgrade may have told that a proxy carries this link for another.
    fn locate(&mut self) {
        let source = self.shared.with(|hub| hub.source(self.link));
        let Some(remote) = source.map(|source| source.to_string()) else { return };
        if remote != self.remote {
            let proxy = std::mem::replace(&mut self.remote, remote.clone());
            self.tell(ShellEvent::Forwarded { link: self.link, proxy, remote });
        }
    }

    /// Sends what was taken from the hub; `false` where the link has no room for all of it.
    fn pass_on(&mut self, link: &mut Link, now: Now) -> bool {
        while let Some(frame) = self.outbox.first() {
            match link.send_encoded(frame) {
                // A call that has ended meanwhile takes no more frames, and needs none.
                Ok(()) | Err(SendError::NotOpen(_) | SendError::Closed) => {}
                Err(SendError::Full) => return false,
                Err(error) => {
                    // The hub's ids follow each other: after one that was left out none is right.
                    tracing::error!(%error, ?frame, "a frame could not be passed on");
                    link.close(Code::Overload, now);
                }
            }
            self.outbox.pop();
        }
        true
    }

    fn tell(&self, notice: ShellEvent) {
        self.shared.subscriber.tell(notice);
    }
}

/// If a fact cannot be recorded, the answer is no.
fn answer(recorded: Result<(), LedgerError>) -> Answer {
    match recorded {
        Ok(()) => Answer::Recorded,
        Err(LedgerError::Refused(code)) => Answer::Refused(code.into()),
        Err(error) => {
            tracing::error!(%error, "the ledger could not record a peer; it was not admitted");
            Answer::Refused(error.code().into())
        }
    }
}
