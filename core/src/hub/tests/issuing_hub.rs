//! A hub that issues join tokens, with the ledger that keeps them.

use super::control::{answered, operator};
use super::*;
use crate::ask::issuing::Issuing;
use crate::auth::may_refuse;
use crate::facts::TokenRecord;
use crate::id::{HubId, RefreshHash};
use crate::random::Seed;
use crate::wire::value::{ArgumentsBuf, Scalar};

/// A hub that issues tokens, its storage, and its operator.
pub(super) struct IssuingHub {
    pub(super) hub: Hub,
    pub(super) ledger: Issuing,
    pub(super) operator: LinkId,
    pub(super) now: Now,
    next: u64,
}

/// So late it is where nothing else is said, seconds since 1970.
pub(super) const NOON: u64 = 1_800_000_000;

impl IssuingHub {
    pub(super) fn new() -> Self {
        Self::with(Limits { admissions_per_second: 1_000_000, ..Limits::default() })
    }

    pub(super) fn with(limits: Limits) -> Self {
        let now = Now { mono: Mono(1_000_000_000), unix: NOON };
        let ledger = Issuing::new(HubId([9; 16]), 5, now);
        let config = HubConfig { limits, generation: 7, ..HubConfig::default() };
        let mut hub = Hub::new(config, ledger.memory.durable(), &Seed([7; 32]));
        let operator = operator(&mut hub);
        Self { hub, ledger, operator, now, next: 1 }
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now.mono = self.now.mono.after(Duration::from_secs(seconds));
        self.now.unix += seconds;
    }

    /// Calls a command, without what it leads to.
    pub(super) fn ask(&mut self, link: LinkId, name: &str, arguments: &ArgumentsBuf) {
        let (name, arguments) = (name.parse().unwrap(), arguments.as_arguments());
        let (id, target, delivery) = (CallId(self.next), Target::Hub, Default::default());
        self.next += 2;
        let call = Call { id, target, name, arguments, deadline_ms: 1000, window: 0, delivery };
        self.hub.input(link, &Frame::Call(call), self.now);
    }

    /// Has the ledger answer what the hub asks.
    pub(super) fn settle(&mut self) {
        while let Some((ask, question)) = self.hub.poll_ask() {
            let answer = self.ledger.store(&question, self.now);
            self.hub.answer_ask(ask, answer, self.now);
        }
    }

    /// Calls a command as the operator, and has it carried out.
    pub(super) fn say(
        &mut self,
        name: &str,
        arguments: &[(&str, Scalar<'_>)],
    ) -> Result<String, String> {
        self.say_as(self.operator, name, arguments)
    }

    pub(super) fn say_as(
        &mut self,
        link: LinkId,
        name: &str,
        arguments: &[(&str, Scalar<'_>)],
    ) -> Result<String, String> {
        let mut buf = ArgumentsBuf::new();
        for &(name, value) in arguments {
            buf.named(name, value).unwrap();
        }
        self.ask(link, name, &buf);
        self.settle();
        answered(&mut self.hub, link)
    }

    /// A token for one key and a day, made by the operator.
    pub(super) fn issue(&mut self) -> TokenRecord {
        self.issue_with(&[])
    }

    /// A token of these arguments, made by the operator.
    pub(super) fn issue_with(&mut self, arguments: &[(&str, Scalar<'_>)]) -> TokenRecord {
        let arguments = [&[("for", Scalar::Text("alice"))], arguments].concat();
        let told = self.say("issue-token", &arguments).unwrap();
        let (_, jti) = told.split_once("jti=").unwrap();
        let jti = jti.split(' ').next().unwrap().parse().unwrap();
        self.hub.members.token(jti).unwrap().clone()
    }

    /// A session by this token, to serve.
    pub(super) fn join(
        &mut self,
        token: &TokenRecord,
        peer: &str,
        key: u8,
    ) -> Result<LinkId, Code> {
        self.admit(&invited(token, peer, key))
    }

    pub(super) fn admit(&mut self, claim: &Claim) -> Result<LinkId, Code> {
        self.try_admit(claim).inspect_err(|code| {
            let method = claim.method;
            assert!(may_refuse(*code, method), "{code} is not met by '{}'", method.name());
        })
    }

    fn try_admit(&mut self, claim: &Claim) -> Result<LinkId, Code> {
        let link = self.hub.arrive(somewhere(), self.now).unwrap();
        let grant = self.reserve(link, claim)?;
        self.record(&grant)?;
        match self.commit(link, claim, grant) {
            Ok(LinkAnswer::Committed) => Ok(link),
            Err(no) => Err(no.code),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn reserve(&mut self, link: LinkId, claim: &Claim) -> Result<Grant, Code> {
        match self.hub.answer(link, &LinkAsk::Reserve(Box::new(claim.clone())), self.now) {
            Ok(LinkAnswer::Reserved(grant)) => Ok(*grant),
            Err(no) => Err(no.code),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn record(&mut self, grant: &Grant) -> Result<(), Code> {
        let Some(record) = grant.record.clone() else { return Ok(()) };
        match self.ledger.answer(&Question::Record(record)) {
            Some(Answer::Recorded) => Ok(()),
            Some(Answer::Refused(no)) => Err(no.code),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn commit(
        &mut self,
        link: LinkId,
        claim: &Claim,
        grant: Grant,
    ) -> Result<LinkAnswer, AskRefusal> {
        let reservation = Reservation { claim: claim.clone(), grant, session: SessionId([1; 16]) };
        self.hub.answer(link, &LinkAsk::Commit(Box::new(reservation)), self.now)
    }

    /// How the hub ends a link, where it does.
    pub(super) fn closing(&mut self, link: LinkId) -> Option<Code> {
        self.hub.take_outbox(link, &mut Outbox::default())
    }
}

/// The claim of a peer that this token invited, to serve.
pub(super) fn invited(token: &TokenRecord, peer: &str, key: u8) -> Claim {
    let invited = Box::new(token.claims());
    let evidence = Some(Evidence::Join { invited, fresh: RefreshHash([key; 32]) });
    Claim { method: Method::Join, evidence, ..claim(peer, key, Purpose::Serve) }
}
