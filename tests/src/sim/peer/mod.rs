//! A peer or an operator of a simulated world: its machine, its end of a connection, and what it
//! keeps, which outlives it.

mod end;
mod lie;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bowline_core::ask::{Answer, PeerUpdate, Question};
use bowline_core::auth::{
    Credential, Dial, JoinToken, PeerCredentials, Reconnect, SharedSecret, Transport, may_refuse,
};
use bowline_core::code::Code;
use bowline_core::id::{CallId, HubId, PeerId};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::link::{EndReason, Event, Link};
use bowline_core::peer::{BackoffSpans, LinkOutcome, NextDial, Peer};
use bowline_core::random::{Random, Seed};
use bowline_core::session::SendError;
use bowline_core::time::{Mono, Now};
use bowline_core::trust::{Entry, KnownHub, SeenStart};
use bowline_core::tunnel::ClientTls;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{
    Call, Cancel, Command, Delivery, Issued, Purpose, Register, Status, Target,
};
use bowline_core::wire::value::{ArgumentsBuf, Labels};

use crate::sim::came::Came;
use crate::sim::dice::Dice;
use crate::sim::hub::tick;
use crate::sim::model::{Goal, Model, Violation, violated};
use crate::sim::program::{INPUT, Run, Token, bytes};
use crate::sim::wish::{Whom, Wish};

use end::{Keeping, Made, PeerEnd};
use lie::Lie;

/// Who a peer is, and what it keeps.
#[derive(Debug)]
pub struct PeerNode {
    /// Its id.
    pub id: PeerId,
    /// Its key.
    pub key: Arc<PeerKey>,
    /// What its sessions are for.
    pub purpose: Purpose,
    /// Whether the hub must let it in, where nobody else has its id.
    pub honest: bool,
    /// Its label `zone`.
    pub zone: &'static str,
    secret: SharedSecret,
    limits: Limits,
    /// The join token that it was given, and TLS; none where it has the secret.
    pub token: Option<(JoinToken, HubId)>,
    /// The links of its world have TLS.
    pub tls: Option<ClientTls>,
    /// What the hub minted for it.
    held: Option<PeerCredentials>,
    issued: Option<Issued>,
    /// Its certificate was refused: the next time it refreshes.
    refreshes: bool,
    /// What it keeps of the hub.
    entry: Option<Entry>,
    /// The latest start of the hub that it keeps.
    seen: Option<SeenStart>,
    /// How often it dialled.
    dials: u64,
    /// Its process, while it runs.
    life: Option<Life>,
    /// Bytes that are read for no call.
    pub paused: bool,
}

/// What dies with a peer's process.
#[derive(Debug)]
struct Life {
    machine: Peer,
    /// The machine said that it is time to dial.
    due: bool,
    end: Option<PeerEnd>,
}

/// The longest that a peer's disk takes.
const DISK: Duration = Duration::from_millis(200);

impl PeerNode {
    /// A peer that starts.
    #[must_use]
    pub fn new(
        id: &str,
        purpose: Purpose,
        secret: SharedSecret,
        honest: bool,
        limits: &Limits,
        dice: &mut Dice,
    ) -> Self {
        let key = SigningKey::generate(&mut Random::new(&Seed(dice.bytes())));
        Self {
            id: id.parse().expect("an id"),
            key: Arc::new(PeerKey(key)),
            purpose,
            honest,
            zone: if id == "p2" { "b" } else { "a" },
            secret,
            limits: limits.clone(),
            token: None,
            tls: None,
            held: None,
            issued: None,
            refreshes: false,
            entry: None,
            seen: None,
            dials: 0,
            life: None,
            paused: false,
        }
    }

    /// Its process begins.
    pub fn start(&mut self, dice: &mut Dice, now: Now) {
        let (entry, seen) = (self.entry, self.seen.clone());
        let known = KnownHub { hub: "world".to_owned(), entry, seen, ..KnownHub::default() };
        let machine = Peer::new(known, BackoffSpans::default(), &Seed(dice.bytes()), now);
        self.life = Some(Life { machine, due: false, end: None });
    }

    /// Its process dies; the connection that it had.
    pub fn crash(&mut self, model: &mut Model, dice: &mut Dice) -> Option<u64> {
        let mut end = self.life.take()?.end.filter(|end| !end.ended)?;
        model.link_ended();
        // What was on its way to the disk may have got there.
        if let Some(keeping) = end.keeping.take().filter(|_| dice.one_in(2)) {
            self.keep(&keeping.kept);
        }
        end.made.values().for_each(|made| model.caller_died(made.token));
        Some(end.conn)
    }

    /// Whether its process runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.life.is_some()
    }

    /// Whether it is in a session, and callable where it serves.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.end_ref().is_some_and(|end| {
            end.admitted && !end.ended && (end.registered || self.purpose == Purpose::Operate)
        })
    }

    /// How many calls it runs.
    #[must_use]
    pub fn running(&self) -> usize {
        self.end_ref().map_or(0, |end| end.runs.len())
    }

    fn end_ref(&self) -> Option<&PeerEnd> {
        self.life.as_ref()?.end.as_ref()
    }

    /// Its link, for the network, and whether it has ended.
    pub fn link(&mut self, conn: u64) -> Option<(&mut Link, bool)> {
        let end = self.life.as_mut()?.end.as_mut()?;
        (end.conn == conn).then_some((&mut end.link, end.ended))
    }

    /// Whether it wants to dial at this moment.
    pub fn wants_to_dial(&mut self, now: Now) -> bool {
        let Some(life) = &mut self.life else { return false };
        core::mem::take(&mut life.due) || life.machine.next(now) == NextDial::Dial
    }

    /// The connection that it asked for: none where nobody listens.
    pub fn dialled(&mut self, conn: Option<u64>, dice: &mut Dice, now: Now) {
        self.dials += 1;
        let dial = self.dial(now);
        let Some(life) = &mut self.life else { return };
        let Some(conn) = conn else {
            life.machine.ended(LinkOutcome { is_retryable: true, retry_after: None }, now);
            return;
        };
        let link = Link::connect(Arc::new(dial), &Seed(dice.bytes()), now);
        life.end = Some(PeerEnd {
            conn,
            link: link.expect("a link"),
            admitted: false,
            registered: false,
            keeping: None,
            runs: BTreeMap::new(),
            made: BTreeMap::new(),
            ended: false,
        });
    }

    fn dial(&self, now: Now) -> Dial {
        let token_issuer = self.token.as_ref().map(|(_, hub)| *hub);
        let transport = self.tls.clone().map_or(Transport::Plain, Transport::Tls);
        let hub = "world".to_owned();
        Dial {
            known: KnownHub {
                hub,
                entry: self.entry,
                seen: self.shows(),
                token_issuer,
                ..KnownHub::default()
            },
            credential: self.credential(now),
            purpose: self.purpose,
            labels: [("zone".to_owned(), self.zone.to_owned())].into(),
            limits: self.limits.clone(),
            ..Dial::new("hub:7777", transport, self.id, self.key.clone())
        }
    }

    /// Whether what it shows of the hub is a lie: the peers of zone `b` do.
    #[must_use]
    pub fn lies(&self) -> bool {
        self.zone == "b"
    }

    /// The start of the hub that it would show, and can.
    #[must_use]
    pub fn would_show(&self) -> Option<u64> {
        self.seen.as_ref().filter(|_| !self.lies()).map(SeenStart::generation)
    }

    fn shows(&self) -> Option<SeenStart> {
        let seen = self.seen.as_ref()?;
        if self.lies() { Lie::of(self.dials).tell(seen) } else { Some(seen.clone()) }
    }

    /// It was given another join token, and forgets what the one before brought. Its process is to
    /// start again.
    pub fn join_anew(&mut self, token: Option<(JoinToken, HubId)>) {
        (self.token, self.held, self.issued, self.refreshes) = (token, None, None, false);
    }

    fn credential(&self, now: Now) -> Credential {
        match (&self.token, &self.held) {
            (None, _) => Credential::Secret(self.secret.clone()),
            (Some((token, _)), None) => Credential::Join(token.clone()),
            (Some(_), Some(held)) => match held.way(now.unix) {
                Reconnect::Resume if !self.refreshes => Credential::Resume(held.clone()),
                Reconnect::Resume | Reconnect::Refresh | Reconnect::Ended => {
                    Credential::Refresh(held.clone())
                }
            },
        }
    }

    fn keep(&mut self, kept: &PeerUpdate) {
        self.entry = kept.entry.or(self.entry);
        self.seen = kept.seen.clone().or(self.seen.take());
        if let Some(issued) = &kept.issued {
            self.refreshes = false;
            self.issued = Some(issued.clone());
            self.held = Some(PeerCredentials::read(issued).expect("checked").2);
        }
    }

    /// When it has something to do by itself.
    #[must_use]
    pub fn next(&mut self, now: Now) -> Option<Mono> {
        let life = self.life.as_mut()?;
        let dial = match life.machine.next(now) {
            NextDial::Wait(at) => Some(at),
            NextDial::Dial => {
                life.due = true;
                Some(now.mono)
            }
            NextDial::Busy => None,
        };
        let end = life.end.as_ref().filter(|end| !end.ended);
        let link = end.and_then(|end| end.link.poll_timeout()).map(|(at, _)| at);
        let disk = end.and_then(|end| end.keeping.as_ref()).map(|keeping| keeping.done);
        let runs = end.into_iter().flat_map(|end| end.runs.values().map(Run::next));
        runs.chain(dial).chain(link).chain(disk).min()
    }

    /// Does what is due and takes what came; whether anything moved.
    ///
    /// # Errors
    /// Something happened that must not.
    pub fn turn(
        &mut self,
        genuine: &BTreeSet<u64>,
        model: &mut Model,
        dice: &mut Dice,
        now: Now,
    ) -> Result<bool, Violation> {
        let (paused, id) = (self.paused, self.id);
        self.kept(now);
        let Some(life) = &mut self.life else { return Ok(false) };
        let Some(end) = life.end.as_mut().filter(|end| !end.ended) else { return Ok(false) };
        let mut moved = tick(&mut end.link, now)?;
        moved |= end.run(id, model, now);
        if !paused {
            end.read();
        }
        loop {
            let Some(event) = end.link.poll_event() else { break };
            moved = true;
            match event {
                Event::Ask(ask, Question::Load) => end.link.answer(ask, Answer::Loaded(None), now),
                Event::Ask(ask, question) => {
                    let kept = match question {
                        Question::Store(kept) => kept,
                        Question::Load => {
                            let held = self.issued.clone().map(Box::new);
                            end.link.answer(ask, Answer::Loaded(held), now);
                            continue;
                        }
                        question => panic!("{question:?}"),
                    };
                    kept.entry.map_or(Ok(()), |entry| model.trusts(entry.identity))?;
                    let time = Duration::from_micros(dice.below(DISK.as_micros() as u64));
                    let done = now.mono.after(time);
                    end.keeping = Some(Keeping { done, ask, kept });
                }
                Event::Admitted(admitted) => {
                    model.trusts(admitted.hub)?;
                    if !genuine.contains(&end.conn) {
                        return violated("a hub was used that is none", end.conn);
                    }
                    end.admitted = true;
                    life.machine.admitted(now);
                    if admitted.purpose == Purpose::Serve {
                        let name = "run".parse().expect("a name");
                        let (description, arguments) = (String::new(), Vec::new());
                        let commands = vec![Command { name, description, arguments }];
                        match end.link.send(&Frame::Register(Register { commands })) {
                            // A credential may have ended while its session began.
                            Ok(()) | Err(SendError::Closed) => {}
                            Err(error) => return violated("no room for the first frame", error),
                        }
                    }
                }
                Event::Frame(frame) => {
                    if !end.admitted {
                        return violated("a peer was told a frame before Welcome", frame.kind());
                    }
                    let came = Came::of(&frame, id, model, now)?;
                    end.take(came, model, now)?;
                }
                Event::Ended(ended) => {
                    model.link_ended();
                    end.ended = true;
                    end.abandon(model, now)?;
                    let reason = &ended.reason;
                    if let (EndReason::Refused(refusal), Some(method)) = (reason, ended.method)
                        && genuine.contains(&end.conn)
                        && !may_refuse(refusal.code, method)
                    {
                        return violated("a refusal that its method never meets", refusal.code);
                    }
                    self.refreshes |= matches!(reason.code(), Code::Expired | Code::NotYetValid);
                    let outcome = LinkOutcome {
                        is_retryable: reason.is_retryable(),
                        retry_after: reason.retry_after(),
                    };
                    life.machine.ended(outcome, now);
                    break;
                }
                _ => {}
            }
        }
        Ok(moved)
    }

    /// What has got to the disk.
    fn kept(&mut self, now: Now) {
        let end = self.life.as_mut().and_then(|life| life.end.as_mut());
        let due = |keeping: &mut Keeping| keeping.done <= now.mono;
        let Some(keeping) = end.and_then(|end| end.keeping.take_if(due)) else { return };
        self.keep(&keeping.kept);
        let Some(life) = &mut self.life else { return };
        life.machine.stored(&Question::Store(keeping.kept), &Answer::Stored);
        if let Some(end) = &mut life.end {
            end.link.answer(keeping.ask, Answer::Stored, now);
        }
    }

    /// Makes a call, where there is a session: of one peer, of a zone, or of all.
    pub fn call(&mut self, wish: &Wish, goal: Goal, model: &mut Model, now: Now) -> Option<Token> {
        let end = self.live_end()?;
        let id = end.link.next_call()?;
        let detached = wish.delivery == Delivery::Detached;
        let token = model.call(goal, detached, now.mono, wish.within);
        let mut arguments = ArgumentsBuf::new();
        arguments.push_text(&format!("{} {}", token.0, wish.plan.0)).expect("an argument");
        let labels = wish.whom.zone().map(|zone| [("zone".to_owned(), zone.to_owned())].into());
        let labels = labels.map(|labels| Labels::encode(&labels).expect("labels"));
        let target = match (&wish.whom, &labels) {
            (Whom::Peer(peer), _) => Target::Peer(*peer),
            (_, Some(labels)) => Target::Labels(Labels::parse(labels).expect("labels")),
            (_, None) => Target::All,
        };
        let call = Call {
            id,
            target,
            name: "run".parse().expect("a name"),
            arguments: arguments.as_arguments(),
            deadline_ms: u64::try_from(wish.within.as_millis()).unwrap_or(u64::MAX),
            window: wish.window,
            delivery: wish.delivery,
        };
        match end.link.send(&Frame::Call(call)) {
            Ok(()) => {
                let many = !detached && !matches!(wish.whom, Whom::Peer(_));
                let got = BTreeMap::new();
                let made = Made { token, many, got, fed: 0, input_ended: false, unread: 0 };
                end.made.insert(id, made);
            }
            // It was never made, and so it has ended.
            Err(_) => {
                let told = model.told(token, Status::Failed(Code::Busy), [0; 2], now.mono);
                told.expect("a call that was not made");
            }
        }
        Some(token)
    }

    /// Cancels one of its calls.
    pub fn cancel(&mut self, nth: usize, model: &mut Model) {
        let Some((id, made, link)) = self.nth_made(nth) else { return };
        let cancel = Cancel { id, reason: "enough" };
        if link.send(&Frame::Cancel(cancel)).is_ok() {
            model.cancel(made.token);
        }
    }

    /// Feeds all its calls so many bytes and the end, as far as there is credit for it.
    pub fn feed_all(&mut self, total: u64) {
        let Some(end) = self.live_end() else { return };
        for (id, made) in end.made.iter_mut().filter(|(_, made)| !made.input_ended) {
            let rest = total.saturating_sub(made.fed) as usize;
            let piece = bytes(made.token, INPUT, made.fed, rest.min(end.link.room(*id)));
            let is_last = piece.len() == rest;
            if let Ok(taken) = end.link.input(*id, &piece, is_last) {
                made.fed += taken as u64;
                made.input_ended = is_last && taken == piece.len();
            }
        }
    }

    /// Feeds one of its calls so many bytes, and ends its input where asked to.
    pub fn feed(&mut self, nth: usize, len: usize, end: bool) {
        let Some((id, made, link)) = self.nth_made(nth) else { return };
        if made.input_ended {
            return;
        }
        let bytes = bytes(made.token, INPUT, made.fed, len);
        if let Ok(taken) = link.input(id, &bytes, end) {
            made.fed += taken as u64;
            made.input_ended = end && taken == len;
        }
    }

    fn nth_made(&mut self, nth: usize) -> Option<(CallId, &mut Made, &mut Link)> {
        let end = self.live_end()?;
        let count = end.made.len();
        let (id, made) = end.made.iter_mut().nth(nth.checked_rem(count)?)?;
        Some((*id, made, &mut end.link))
    }

    fn live_end(&mut self) -> Option<&mut PeerEnd> {
        self.life.as_mut()?.end.as_mut().filter(|end| end.admitted && !end.ended)
    }
}
