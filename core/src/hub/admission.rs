//! How links are granted a session: what a link asks before it has one, and for its renewal.
//!
//! ```text
//!   accepted ─► Arrive ─► Reserve ─ the storage records ─► Commit ─► a session
//!                                                         Renew ─ the storage records ─► Renewed
//! ```

use crate::arrival::Arrival;
use crate::ask::{AskRefusal, Claim, Grant, LinkAnswer, Renewal, Reservation};
use crate::code::Code;
use crate::facts::{FactRecord, Revocation};
use crate::hub::calls::HubCalls;
use crate::hub::links::{Live, Sessions, Standing};
use crate::hub::members::CONTEST;
use crate::hub::members::grant::{Denial, Granted};
use crate::hub::members::operator::operator;
use crate::hub::preauth::{Counted, Intake, Preauth, Rejection};
use crate::hub::{HubEvent, Source};
use crate::id::{LinkId, PeerId};
use crate::limits::Limits;
use crate::wire::frame::Purpose;

/// Seconds after which a full hub is worth another try.
const FULL: u64 = 10;

/// Why a peer is revoked whose refresh token came a second time.
const REUSED: &str = "a refresh token was used again after its successor: it may have been copied";

/// What the admission of a link sees of the hub, and may do.
pub(super) struct Admission<'h> {
    pub(super) limits: &'h Limits,
    pub(super) preauth: &'h mut Preauth,
    pub(super) sessions: Sessions<'h>,
    pub(super) calls: &'h mut HubCalls,
    /// Seconds until a hub that stops has stopped.
    pub(super) stops: Option<u64>,
}

impl Admission<'_> {
    /// A connection has come. It counts as pending until it is admitted or gone; a local one does
    /// not count, so that strangers cannot keep the operator out. One that is not to be admitted
    /// is a link like any other until its Arrive is answered, so that the peer hears why.
    ///
    /// # Errors
    /// [`AskRefusal`]: there is not even room for telling it. Close the socket.
    pub(super) fn arrive(&mut self, source: Source) -> Result<LinkId, AskRefusal> {
        if source.is_local() && self.sessions.links.local() >= self.limits.local_links {
            return Err(AskRefusal::later(Code::RateLimited, Some(FULL)));
        }
        let standing = match self.preauth.intake(source, self.sessions.now) {
            Intake::Carried => Standing::Carried(source),
            Intake::Counted => Standing::Pending(source),
            Intake::TurnedAway(why) => {
                if let Some(summary) = self.preauth.tell(why, self.sessions.now) {
                    self.sessions.effects.event(summary.into());
                }
                if !self.preauth.turn_away() {
                    return Err(AskRefusal::later(why.why.code(), why.retry_after));
                }
                Standing::TurnedAway(Rejection { source, why, counted: Counted::TurnedAway })
            }
        };
        Ok(self.sessions.links.add(standing))
    }

    // spec: admission §4.1
    pub(super) fn arrived(
        &mut self,
        link: LinkId,
        arrival: &Arrival,
    ) -> Result<LinkAnswer, AskRefusal> {
        self.goes_on()?;
        let (source, arrived, counted) = match self.sessions.links.get(link) {
            Some(Standing::TurnedAway(away)) => return Ok(LinkAnswer::TurnedAway(away.why)),
            Some(&Standing::Pending(source)) => {
                (source, self.preauth.arrive(source, self.sessions.now), Counted::Source)
            }
            Some(&Standing::Carried(proxy)) => {
                let (source, arrived) =
                    self.preauth.arrive_carried(proxy, arrival, self.sessions.now);
                (source, arrived, Counted::Total)
            }
            Some(Standing::Reserved(..) | Standing::Live(_)) | None => {
                return Err(Code::Refused.into());
            }
        };
        let (standing, answer) = match arrived {
            Ok(way) => (Standing::Pending(source), LinkAnswer::Arrived(way)),
            Err(why) => {
                if let Some(summary) = self.preauth.tell(why, self.sessions.now) {
                    self.sessions.effects.event(summary.into());
                }
                let away = Rejection { source, why, counted };
                (Standing::TurnedAway(away), LinkAnswer::TurnedAway(why))
            }
        };
        self.sessions.links.set(link, standing);
        Ok(answer)
    }

    // spec: admission §4, from "id and key"
    pub(super) fn reserve(
        &mut self,
        link: LinkId,
        claim: &Claim,
    ) -> Result<LinkAnswer, AskRefusal> {
        let source = match self.sessions.links.get(link) {
            Some(Standing::Pending(source) | Standing::Reserved(source, _)) => *source,
            Some(Standing::TurnedAway(_) | Standing::Carried(_) | Standing::Live(_)) | None => {
                return Err(Code::Refused.into());
            }
        };
        self.goes_on()?;
        let granted = match source.is_local() {
            true => operator(claim).map_err(Denial::from),
            false => self.sessions.members.granted(claim, self.sessions.now, self.sessions.effects),
        };
        let granted = match granted {
            Ok(granted) => granted,
            Err(denial) => return self.denied(denial),
        };
        let Granted { peer, capabilities, expires, record, issues } = granted;
        self.paced(link, peer, claim)?;
        let new = record.is_some().then_some(peer);
        let new = new.filter(|&peer| self.sessions.members.known(peer).is_none());
        if !source.is_local() && self.is_full(link, new) {
            return Err(AskRefusal::later(Code::Full, Some(FULL)));
        }
        self.sessions.links.set(link, Standing::Reserved(source, new));
        let epoch = self.sessions.members.epoch_of(peer);
        let grant = Grant { peer, capabilities, expires, record, issues, epoch };
        Ok(LinkAnswer::Reserved(Box::new(grant)))
    }

    pub(super) fn commit(
        &mut self,
        link: LinkId,
        reservation: &Reservation,
    ) -> Result<LinkAnswer, AskRefusal> {
        let Some(Standing::Reserved(source, _)) = self.sessions.links.get(link) else {
            return Err(Code::Refused.into());
        };
        self.goes_on()?;
        if reservation.grant.epoch != self.sessions.members.epoch_of(reservation.grant.peer) {
            return Ok(LinkAnswer::Stale);
        }
        let source = *source;
        let Reservation { claim, grant, session } = reservation;
        // Two may have been reserved for one unbound id: the first to be committed has it.
        if claim.identity.is_some_and(|(peer, key)| self.sessions.members.is_taken(peer, &key)) {
            return Err(Code::IdTaken.into());
        }
        // A guest's id is nobody's until now; where it has become somebody's, there are others.
        let guest = claim.identity.is_none() && !source.is_local();
        if guest && self.sessions.members.known(grant.peer).is_some() {
            return Ok(LinkAnswer::Stale);
        }
        if let Some(record) = &grant.record {
            self.sessions.members.recorded(record);
        }
        self.end_earlier(claim, grant);
        let live = Live {
            source,
            peer: grant.peer,
            session: *session,
            purpose: claim.purpose,
            secret: claim.secret(),
            capabilities: grant.capabilities.clone(),
            agent: claim.agent.clone(),
            claimed: claim.labels.clone(),
            since: self.sessions.now.unix,
            round_trip: None,
            left: false,
            serves: None,
        };
        self.sessions.links.set(link, Standing::Live(Box::new(live)));
        self.calls.link_began(link, grant.peer);
        self.sessions.effects.open(link);
        self.preauth.left(source, Counted::Source);
        if claim.purpose == Purpose::Serve
            && let Some(older) =
                self.sessions.members.serve(grant.peer, link, self.sessions.now.mono)
        {
            self.sessions.close(older, Code::Superseded);
        }
        let (peer, purpose) = (grant.peer, claim.purpose);
        self.sessions.effects.event(HubEvent::Online { link, peer, purpose });
        Ok(LinkAnswer::Committed)
    }

    /// A session asks for new credentials. `// spec: session §9`
    pub(super) fn renew(
        &mut self,
        link: LinkId,
        renewal: &Renewal,
    ) -> Result<LinkAnswer, AskRefusal> {
        let (peer, _) = renewal.identity;
        // What a session that was ended still brings is not judged: it may be from before a join.
        let heard =
            self.sessions.of(link).filter(|live| live.peer == peer && !self.sessions.is_cut(link));
        let Some(live) = heard else { return Err(Code::Refused.into()) };
        let capabilities = live.capabilities.clone();
        match self.sessions.members.renewal(renewal, capabilities, self.sessions.now) {
            Ok(grant) => Ok(LinkAnswer::Reserved(Box::new(grant))),
            Err(denial) => self.denied(denial),
        }
    }

    /// What was granted is on the disk: it holds from here on.
    pub(super) fn renewed(
        &mut self,
        link: LinkId,
        grant: &Grant,
    ) -> Result<LinkAnswer, AskRefusal> {
        if self.sessions.of(link).is_none() {
            return Err(Code::Refused.into());
        }
        if grant.epoch != self.sessions.members.epoch_of(grant.peer) {
            return Ok(LinkAnswer::Stale);
        }
        if let Some(record) = &grant.record {
            self.sessions.members.recorded(record);
        }
        Ok(LinkAnswer::Committed)
    }

    fn denied(&mut self, denial: Denial) -> Result<LinkAnswer, AskRefusal> {
        match denial {
            Denial::No(no) => Err(no),
            Denial::LookAtLater => Ok(LinkAnswer::LookAtLater),
            Denial::Reused(peer) => {
                self.sessions.effects.event(HubEvent::Reused { peer });
                let revocation =
                    Revocation { at: self.sessions.now.unix, reason: REUSED.to_owned() };
                self.sessions.revoke_at_once(vec![peer], revocation);
                Err(Code::Revoked.into())
            }
        }
    }

    /// Who joins leaves what it had before: sessions by that end, and come back by what it has. A
    /// session that serves is replaced by the one that begins, where that serves.
    fn end_earlier(&mut self, claim: &Claim, grant: &Grant) {
        let Some(FactRecord::Enrol(_)) = &grant.record else { return };
        self.sessions.end(Code::SessionExpired, |live| {
            let replaced = claim.purpose == Purpose::Serve && live.purpose == Purpose::Serve;
            live.peer == grant.peer && !live.source.is_local() && !replaced
        });
    }

    /// Whether it is this peer's turn: two that take each other's place have to stop, and so many
    /// sessions begin in a second. What is asked again, since it was stale, was counted before.
    fn paced(&mut self, link: LinkId, peer: PeerId, claim: &Claim) -> Result<(), AskRefusal> {
        let Some(Standing::Pending(source)) = self.sessions.links.get(link) else { return Ok(()) };
        if source.is_local() {
            return Ok(());
        }
        if claim.purpose == Purpose::Serve
            && self.sessions.members.contested(peer, self.sessions.now.mono)
        {
            if self.sessions.members.tell_contested(peer, self.sessions.now.mono) {
                self.sessions.effects.event(HubEvent::Contested { peer });
            }
            return Err(AskRefusal::later(Code::DuplicateId, Some(CONTEST.as_secs())));
        }
        self.preauth
            .admit(self.sessions.now)
            .map_err(|retry_after| AskRefusal::later(Code::RateLimited, Some(retry_after)))
    }

    /// A link has ended: its room is free. Whether it had a session.
    pub(super) fn gone(&mut self, link: LinkId) -> bool {
        self.sessions.effects.forget(link);
        let (source, counted) = match self.sessions.links.remove(link) {
            Some(Standing::Live(live)) => {
                self.session_ended(link, *live);
                return true;
            }
            Some(Standing::TurnedAway(away)) => (away.source, away.counted),
            Some(Standing::Carried(source)) => (source, Counted::Total),
            Some(Standing::Pending(source) | Standing::Reserved(source, _)) => {
                (source, Counted::Source)
            }
            None => return false,
        };
        self.preauth.left(source, counted);
        false
    }

    fn session_ended(&mut self, link: LinkId, live: Live) {
        let (peer, purpose) = (live.peer, live.purpose);
        if purpose == Purpose::Serve {
            self.sessions.members.leave(peer, link, live.claimed, self.sessions.now.unix);
        }
        self.sessions.effects.event(HubEvent::Offline { link, peer, purpose });
    }

    /// Whether there is no room for this link, or none for its id. What others hold counts; what it
    /// holds itself, from asking before, does not.
    fn is_full(&self, link: LinkId, new: Option<PeerId>) -> bool {
        let limits = self.limits;
        let (mut held, mut bound) = (0, self.sessions.members.bound_count());
        for (other, standing) in self.sessions.links.iter() {
            match standing {
                _ if other == link || standing.source().is_local() => {}
                Standing::TurnedAway(_) | Standing::Carried(_) | Standing::Pending(_) => {}
                Standing::Reserved(_, id) => {
                    held += 1;
                    bound += usize::from(id.is_some());
                }
                Standing::Live(_) => held += 1,
            }
        }
        held >= limits.sessions || (new.is_some() && bound >= limits.peers)
    }

    /// Nobody is admitted by a hub that stops.
    fn goes_on(&self) -> Result<(), AskRefusal> {
        self.stops.map_or(Ok(()), |left| Err(AskRefusal::later(Code::GoingAway, Some(left))))
    }
}
