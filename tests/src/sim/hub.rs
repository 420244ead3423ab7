//! The hub of a simulated world: the machine, its end of each connection, and its ledger, which
//! outlives it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bowline_core::ask::{Answer, AskId, Evidence, LinkAnswer, LinkAsk, Question, Reservation};
use bowline_core::auth::HubSnapshot;
use bowline_core::capability::Role;
use bowline_core::code::Code;
use bowline_core::facts::FactRecord;
use bowline_core::hub::{Hub, HubConfig, HubEvent, Lives, Outbox, Source};
use bowline_core::id::{LinkId, PeerId, PublicKey};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::random::Seed;
use bowline_core::session::SendError;
use bowline_core::time::{Mono, Now};
use bowline_core::wire::frame::Purpose;

use crate::sim::dice::Dice;
use crate::sim::durable::Durable;
use crate::sim::joins::{CERTIFICATE, JoinKeys};
use crate::sim::model::{Checked, Model, Violation, violated};

/// The longest that the disk takes.
const DISK: Duration = Duration::from_millis(300);

/// A link that a newer one took the place of has this long to say its last words.
const SUPERSEDED: Duration = Duration::from_secs(4);

/// A link looks at the date when something happens, and sleeps no longer than a heartbeat; then it
/// says its last words.
const EXPIRED: Duration = Duration::from_secs(15 + 4);

/// A record on its way to the disk.
#[derive(Debug)]
struct Writing {
    done: Mono,
    link: LinkId,
    ask: AskId,
    record: Question,
}

/// A hub that runs.
#[derive(Debug)]
pub struct HubNode {
    hub: Hub,
    snapshot: Arc<HubSnapshot>,
    /// Its end of each connection, by the connection's number.
    ends: BTreeMap<u64, HubEnd>,
    writing: VecDeque<Writing>,
    woken: BTreeSet<LinkId>,
    /// Which start this is, and whether it believes that its ledger was put back.
    generation: u64,
    believes: bool,
    /// Who was granted something, by what a token brings or not, until that was looked at.
    granted: Vec<(PublicKey, bool)>,
}

/// One end of a connection.
#[derive(Debug)]
pub struct HubEnd {
    id: LinkId,
    link: Link,
    outbox: Outbox,
    closing: Option<Code>,
    /// Whether a peer is at the other end, which may be admitted; somebody who sends again what
    /// another sent may not.
    peer: bool,
    admitted: bool,
    /// When its credential ends, seconds since 1970, and since when that has passed.
    expires: Option<u64>,
    over_since: Option<Mono>,
    /// Whom it serves for, and since when a newer one does.
    serves: Option<PeerId>,
    older_since: Option<Mono>,
    /// It told its end.
    pub ended: bool,
}

impl HubNode {
    /// A hub that starts.
    #[must_use]
    pub fn start(durable: &mut Durable, limits: &Limits) -> Self {
        durable.generation += 1;
        let config = HubConfig {
            limits: limits.clone(),
            secret_role: Role::Member,
            // As a hub decides where nobody says it: nowhere that tokens are taken.
            self_labels: durable.joins.is_none(),
            generation: durable.generation,
            allow_ips: Vec::new(),
            trusted_proxies: Vec::new(),
            lives: Lives { certificate: CERTIFICATE, ..Lives::default() },
        };
        let hub = Hub::new(config, durable.memory.durable(), &Seed([7; 32]));
        let snapshot = HubSnapshot {
            tls: durable.joins.map(JoinKeys::tls),
            secrets: durable.secret.clone().into(),
            joins: durable.joins.map(|joins| joins.joins(durable.id())),
            generation: durable.generation,
            limits: limits.clone(),
            ..HubSnapshot::new(durable.key(), "world")
        };
        Self {
            hub,
            snapshot: Arc::new(snapshot),
            ends: BTreeMap::new(),
            writing: VecDeque::new(),
            woken: BTreeSet::new(),
            generation: durable.generation,
            believes: durable.is_restored(),
            granted: Vec::new(),
        }
    }

    /// A connection comes; `false` where it is turned away.
    pub fn accept(&mut self, conn: u64, peer: bool, dice: &mut Dice, now: Now) -> bool {
        let source = Source::Network(([192, 0, 2, (conn % 200) as u8], 1).into());
        let Ok(id) = self.hub.arrive(source, now) else { return false };
        let link = Link::accept(self.snapshot.clone(), source, &Seed(dice.bytes()), now);
        let link = link.expect("a link");
        let (outbox, closing) = (Outbox::default(), None);
        let end = HubEnd {
            id,
            link,
            outbox,
            closing,
            peer,
            admitted: false,
            expires: None,
            over_since: None,
            serves: None,
            older_since: None,
            ended: false,
        };
        self.ends.insert(conn, end);
        true
    }

    /// Says Goaway to everybody.
    pub fn stop(&mut self, now: Now) {
        self.ends.values_mut().for_each(|end| end.link.close(Code::GoingAway, now));
    }

    /// Dies: what was on its way to the disk may have got there.
    pub fn crash(self, durable: &mut Durable, dice: &mut Dice) {
        for writing in self.writing {
            if !durable.full && dice.one_in(2) {
                durable.memory.answer(&writing.record);
            }
        }
    }

    /// The end of a connection.
    pub fn end(&mut self, conn: u64) -> Option<&mut HubEnd> {
        self.ends.get_mut(&conn)
    }

    /// What must hold at every moment.
    ///
    /// # Errors
    /// It does not.
    pub fn look(&mut self, Now { mono: now, unix }: Now) -> Checked {
        let newest: BTreeMap<PeerId, u64> =
            self.ends.iter().filter_map(|(conn, end)| Some((end.serves?, *conn))).collect();
        for (conn, end) in &mut self.ends {
            let over = !end.ended && end.expires.is_some_and(|expires| expires <= unix);
            let since = over.then(|| *end.over_since.get_or_insert(now));
            if since.is_some_and(|since| now > since.after(EXPIRED)) {
                return violated("a session outlives its credential", (conn, end.expires));
            }
            if !over {
                end.over_since = None;
            }
            let Some(peer) = end.serves.filter(|_| !end.ended) else { continue };
            if newest.get(&peer).is_some_and(|newest| newest > conn) {
                let since = *end.older_since.get_or_insert(now);
                if now > since.after(SUPERSEDED) {
                    return violated("two links serve for one peer", peer);
                }
            }
        }
        Ok(())
    }

    /// A connection is forgotten.
    pub fn forget(&mut self, conn: u64) {
        self.ends.remove(&conn);
    }

    /// When the hub has something to do by itself.
    #[must_use]
    pub fn next(&self) -> Option<Mono> {
        let links = self.ends.values().filter_map(|end| end.link.poll_timeout()).map(|(at, _)| at);
        let disk = self.writing.iter().map(|writing| writing.done);
        links.chain(disk).chain(self.hub.poll_timeout()).min()
    }

    /// Does what is due, and passes on what there is; whether anything moved.
    ///
    /// # Errors
    /// Something happened that must not.
    pub fn turn(
        &mut self,
        durable: &mut Durable,
        model: &mut Model,
        dice: &mut Dice,
        now: Now,
    ) -> Result<bool, Violation> {
        let mut moved = false;
        if self.hub.poll_timeout().is_some_and(|at| at <= now.mono) {
            self.hub.handle_timeout(now);
            moved = true;
        }
        if self.hub.has_work() {
            self.hub.work(now);
            moved = true;
        }
        while self.writing.front().is_some_and(|writing| writing.done <= now.mono) {
            moved |= self.wrote(durable, now);
        }
        for conn in self.ends.keys().copied().collect::<Vec<_>>() {
            moved |= self.turn_end(conn, model, dice, now)?;
            self.drain(durable, model, now)?;
        }
        self.drain(durable, model, now)?;
        Ok(moved)
    }

    /// Takes what the machine has to tell and to ask.
    fn drain(&mut self, durable: &mut Durable, model: &mut Model, now: Now) -> Checked {
        while let Some((ask, question)) = self.hub.poll_ask() {
            let answer = match durable.full {
                true => Err(Code::Unavailable.into()),
                false => durable.memory.store(&question),
            };
            self.hub.answer_ask(ask, answer, now);
        }
        while let Some(link) = self.hub.poll_wake() {
            self.woken.insert(link);
        }
        while let Some(event) = self.hub.poll_event() {
            match event {
                // A ledger that was put back does not know the latest tokens.
                HubEvent::Reused { peer } | HubEvent::Revoked { peer, .. }
                    if !model.line.was_put_back =>
                {
                    return violated("a peer that copied nothing was revoked", peer);
                }
                HubEvent::RolledBack { restored, own } => {
                    model.line.believed(restored, own)?;
                    self.believes = true;
                }
                _ => {}
            }
        }
        let (own, believes) = (self.generation, self.believes);
        let granted = core::mem::take(&mut self.granted);
        granted
            .into_iter()
            .try_for_each(|(key, by_token)| model.line.admitted(key, by_token, own, believes))
    }

    fn wrote(&mut self, durable: &mut Durable, now: Now) -> bool {
        let Some(writing) = self.writing.pop_front() else { return false };
        let recorded = Some(&mut durable.memory).filter(|_| !durable.full);
        let recorded = recorded.and_then(|memory| memory.answer(&writing.record));
        let answer = recorded.unwrap_or(Answer::Refused(Code::Unavailable.into()));
        let end = self.ends.values_mut().find(|end| end.id == writing.link);
        if let Some(end) = end {
            end.link.answer(writing.ask, answer, now);
        }
        true
    }

    fn turn_end(
        &mut self,
        conn: u64,
        model: &mut Model,
        dice: &mut Dice,
        now: Now,
    ) -> Result<bool, Violation> {
        let Self { hub, ends, writing, woken, granted, .. } = self;
        let Some(end) = ends.get_mut(&conn) else { return Ok(false) };
        if end.ended {
            return Ok(false);
        }
        let mut moved = tick(&mut end.link, now)?;
        if woken.remove(&end.id) || !end.outbox.is_empty() {
            moved |= end.pass_on(hub, now);
        }
        while let Some(event) = end.link.poll_event() {
            moved = true;
            match event {
                Event::Ask(ask, Question::Hub(wanted)) => {
                    let answer = hub.answer(end.id, &wanted, now);
                    let is_committed = answer == Ok(LinkAnswer::Committed);
                    match &wanted {
                        LinkAsk::Commit(reservation) if is_committed => {
                            granted.push(end.committed(model, reservation)?);
                        }
                        LinkAsk::Renewed(grant) if is_committed => {
                            if let Some(FactRecord::Refresh(refreshing)) = &grant.record {
                                granted.push((refreshing.key, true));
                            }
                        }
                        _ => {}
                    }
                    end.link.answer(ask, answer.into(), now);
                }
                Event::Ask(ask, record) => {
                    let time = Duration::from_micros(dice.below(DISK.as_micros() as u64));
                    let last = writing.back().map_or(now.mono, |writing: &Writing| writing.done);
                    let done = now.mono.after(time).max(last);
                    writing.push_back(Writing { done, link: end.id, ask, record });
                }
                Event::Admitted(_) if !end.admitted => {
                    return violated("a link was admitted that was not committed", conn);
                }
                Event::Admitted(admitted) => {
                    end.serves = (admitted.purpose == Purpose::Serve).then_some(admitted.peer);
                    end.expires = admitted.expires;
                }
                Event::Frame(frame) => {
                    if !end.admitted {
                        return violated("a frame was told before admission", frame.kind());
                    }
                    hub.input(end.id, &frame, now);
                }
                Event::Renewed(expires) => {
                    end.expires = expires;
                    model.renewed();
                }
                Event::RoundTrip(took) => hub.round_trip(end.id, took),
                Event::Ended(ended) => {
                    end.ended = true;
                    if !ended.admitted && ended.reason.is_failed_attempt() {
                        hub.failed(end.id, now);
                    }
                    model.link_ended();
                    hub.gone(end.id, now);
                }
                _ => {}
            }
        }
        Ok(moved)
    }
}

impl HubEnd {
    /// The link, for the network.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Its session begins: its key, and whether a token brought it.
    fn committed(
        &mut self,
        model: &mut Model,
        reservation: &Reservation,
    ) -> Result<(PublicKey, bool), Violation> {
        let claim = &reservation.claim;
        let (true, Some((peer, key))) = (self.peer, claim.identity) else {
            return violated("somebody was admitted who proved nothing", claim.identity);
        };
        self.admitted = true;
        if let Some(Evidence::Join { invited, .. }) = &claim.evidence {
            model.joined(invited.jti, invited.uses, key)?;
        }
        model.admitted(peer, key)?;
        let by_token =
            matches!(claim.evidence, Some(Evidence::Join { .. } | Evidence::Refresh { .. }));
        Ok((key, by_token))
    }

    fn pass_on(&mut self, hub: &mut Hub, now: Now) -> bool {
        let mut moved = false;
        loop {
            while let Some(frame) = self.outbox.first() {
                match self.link.send_encoded(frame) {
                    Ok(()) | Err(SendError::NotOpen(_) | SendError::Closed) => {}
                    Err(SendError::Full) => return moved,
                    Err(error) => panic!("the hub's own frame could not be sent: {error}"),
                }
                self.outbox.pop();
                moved = true;
            }
            let closing = hub.take_outbox(self.id, &mut self.outbox);
            self.closing = self.closing.or(closing);
            if self.outbox.is_empty() {
                break;
            }
        }
        if let Some(code) = self.closing.take() {
            self.link.close(code, now);
            moved = true;
        }
        moved
    }
}

/// Handles what is due on a link; whether anything was.
///
/// # Errors
/// The link asks for a moment that has passed.
pub fn tick(link: &mut Link, now: Now) -> Result<bool, Violation> {
    if link.poll_timeout().is_none_or(|(at, _)| at > now.mono) {
        return Ok(false);
    }
    link.handle_timeout(now);
    match link.poll_timeout() {
        Some((at, kind)) if at <= now.mono => violated("a timer does not move on", kind),
        _ => Ok(true),
    }
}
