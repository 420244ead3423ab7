//! Links come, are granted a session, and go.

use crate::arrival::Arrival;
use crate::ask::{Answer, Claim, Grant, No, Renewal, Reservation};
use crate::code::Code;
use crate::facts::{Record, Revocation};
use crate::hub::members::CONTEST;
use crate::hub::members::grant::{Denial, Granted};
use crate::hub::preauth::{Away, Counted, Intake};
use crate::hub::{Hub, HubEvent, Live, Source, Standing};
use crate::id::{LinkId, PeerId};
use crate::time::Now;
use crate::wire::frame::Purpose;

/// Seconds after which a full hub is worth another try.
const FULL: u64 = 10;

/// Why a peer is revoked whose refresh token came a second time.
const REUSED: &str = "a refresh token was used again after its successor: it may have been copied";

impl Hub {
    /// A connection has come. It counts as pending until it is admitted or gone; a local one does
    /// not count, so that strangers cannot keep the operator out. One that is not to be admitted
    /// is a link like any other until its Arrive is answered, so that the peer hears why.
    ///
    /// # Errors
    /// [`No`]: there is not even room for telling it. Close the socket.
    pub fn arrive(&mut self, source: Source, now: Now) -> Result<LinkId, No> {
        if source.is_local() && self.has_enough_local() {
            return Err(No::later(Code::RateLimited, Some(FULL)));
        }
        let standing = match self.preauth.knock(source, now) {
            Intake::Carried => Standing::Carried(source),
            Intake::Counted => Standing::Pending(source),
            Intake::TurnedAway(why) => {
                if let Some(summary) = self.preauth.tell(why, now) {
                    self.effects.event(summary.into());
                }
                if !self.preauth.turn_away() {
                    return Err(No::later(why.why.code(), why.retry_after));
                }
                Standing::TurnedAway(Away { source, why, counted: Counted::TurnedAway })
            }
        };
        Ok(self.links.add(standing))
    }

    // spec: admission §4.1
    pub(in crate::hub) fn arrived(&mut self, link: LinkId, arrival: &Arrival, now: Now) -> Answer {
        if let Some(no) = self.not_any_more(now) {
            return no;
        }
        let (source, arrived, counted) = match self.links.get(link) {
            Some(Standing::TurnedAway(away)) => return Answer::TurnedAway(away.why),
            Some(&Standing::Pending(source)) => {
                (source, self.preauth.arrive(source, now), Counted::Source)
            }
            Some(&Standing::Carried(proxy)) => {
                let (source, arrived) = self.preauth.arrive_carried(proxy, arrival, now);
                (source, arrived, Counted::Total)
            }
            Some(Standing::Reserved(..) | Standing::Live(_)) | None => {
                return Answer::No(Code::Refused.into());
            }
        };
        let (standing, answer) = match arrived {
            Ok(way) => (Standing::Pending(source), Answer::Arrived(way)),
            Err(why) => {
                if let Some(summary) = self.preauth.tell(why, now) {
                    self.effects.event(summary.into());
                }
                let away = Away { source, why, counted };
                (Standing::TurnedAway(away), Answer::TurnedAway(why))
            }
        };
        self.links.set(link, standing);
        answer
    }

    /// Where a link comes from: once its Arrive is answered, for whom a trusted proxy carries it.
    #[must_use]
    pub fn source(&self, link: LinkId) -> Option<Source> {
        Some(match self.links.get(link)? {
            Standing::TurnedAway(away) => away.source,
            Standing::Carried(source)
            | Standing::Pending(source)
            | Standing::Reserved(source, _) => *source,
            Standing::Live(live) => live.source,
        })
    }

    /// The admission of a link failed, by the peer's fault: it counts against its source.
    pub fn failed(&mut self, link: LinkId, now: Now) {
        if let Some(Standing::Pending(source) | Standing::Reserved(source, _)) =
            self.links.get(link)
        {
            self.preauth.failed(*source, now);
        }
    }

    // spec: admission §4, from "id and key"
    pub(in crate::hub) fn reserve(&mut self, link: LinkId, claim: &Claim, now: Now) -> Answer {
        let source = match self.links.get(link) {
            Some(Standing::Pending(source) | Standing::Reserved(source, _)) => *source,
            Some(Standing::TurnedAway(_) | Standing::Carried(_) | Standing::Live(_)) | None => {
                return Answer::No(Code::Refused.into());
            }
        };
        if let Some(no) = self.not_any_more(now) {
            return no;
        }
        let granted = match source.is_local() {
            true => Self::operator(claim).map_err(Denial::from),
            false => self.members.granted(claim, now, &mut self.effects),
        };
        let granted = match granted {
            Ok(granted) => granted,
            Err(denial) => return self.denied(denial, now),
        };
        let Granted { peer, capabilities, expires, record, issues } = granted;
        if let Err(no) = self.paced(link, peer, claim, now) {
            return Answer::No(no);
        }
        let new = record.is_some().then_some(peer);
        let new = new.filter(|&peer| self.members.known(peer).is_none());
        if !source.is_local() && self.is_full(link, new) {
            return Answer::No(No::later(Code::Full, Some(FULL)));
        }
        self.links.set(link, Standing::Reserved(source, new));
        let epoch = self.members.epoch_of(peer);
        let grant = Grant { peer, capabilities, expires, record, issues, epoch };
        Answer::Reserved(Box::new(grant))
    }

    pub(in crate::hub) fn commit(
        &mut self,
        link: LinkId,
        reservation: &Reservation,
        now: Now,
    ) -> Answer {
        let Some(Standing::Reserved(source, _)) = self.links.get(link) else {
            return Answer::No(Code::Refused.into());
        };
        if let Some(no) = self.not_any_more(now) {
            return no;
        }
        if reservation.grant.epoch != self.members.epoch_of(reservation.grant.peer) {
            return Answer::Stale;
        }
        let source = *source;
        let Reservation { claim, grant, session } = reservation;
        // Two may have been reserved for one unbound id: the first to be committed has it.
        if claim.identity.is_some_and(|(peer, key)| self.members.is_taken(peer, &key)) {
            return Answer::No(Code::IdTaken.into());
        }
        // A guest's id is nobody's until now; where it has become somebody's, there are others.
        let guest = claim.identity.is_none() && !source.is_local();
        if guest && self.members.known(grant.peer).is_some() {
            return Answer::Stale;
        }
        if let Some(record) = &grant.record {
            self.members.recorded(record);
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
            since: now.unix,
            round_trip: None,
            left: false,
            serves: None,
        };
        self.links.set(link, Standing::Live(Box::new(live)));
        self.calls.link_began(link, grant.peer);
        self.effects.open(link);
        self.preauth.left(source, Counted::Source);
        if claim.purpose == Purpose::Serve
            && let Some(older) = self.members.serve(grant.peer, link, now.mono)
        {
            self.close(older, Code::Superseded);
        }
        let (peer, purpose) = (grant.peer, claim.purpose);
        self.effects.event(HubEvent::Online { link, peer, purpose });
        Answer::Committed
    }

    /// A session asks for new credentials. `// spec: session §9`
    pub(in crate::hub) fn renew(&mut self, link: LinkId, renewal: &Renewal, now: Now) -> Answer {
        let (peer, _) = renewal.identity;
        // What a session that was ended still brings is not judged: it may be from before a join.
        let heard = self.live(link).filter(|live| live.peer == peer && !self.is_cut(link));
        let Some(live) = heard else { return Answer::No(Code::Refused.into()) };
        let capabilities = live.capabilities.clone();
        match self.members.renewal(renewal, capabilities, now) {
            Ok(grant) => Answer::Reserved(Box::new(grant)),
            Err(denial) => self.denied(denial, now),
        }
    }

    /// What was granted is on the disk: it holds from here on.
    pub(in crate::hub) fn renewed(&mut self, link: LinkId, grant: &Grant) -> Answer {
        if self.live(link).is_none() {
            return Answer::No(Code::Refused.into());
        }
        if grant.epoch != self.members.epoch_of(grant.peer) {
            return Answer::Stale;
        }
        if let Some(record) = &grant.record {
            self.members.recorded(record);
        }
        Answer::Committed
    }

    fn denied(&mut self, denial: Denial, now: Now) -> Answer {
        match denial {
            Denial::No(no) => Answer::No(no),
            Denial::LookAtLater => Answer::LookAtLater,
            Denial::Reused(peer) => {
                self.effects.event(HubEvent::Reused { peer });
                let revocation = Revocation { at: now.unix, reason: REUSED.to_owned() };
                self.revoke_at_once(vec![peer], revocation);
                Answer::No(Code::Revoked.into())
            }
        }
    }

    /// Who joins leaves what it had before: sessions by that end, and come back by what it has. A
    /// session that serves is replaced by the one that begins, where that serves.
    fn end_earlier(&mut self, claim: &Claim, grant: &Grant) {
        let Some(Record::Enrol(_)) = &grant.record else { return };
        self.end_sessions(Code::SessionExpired, |live| {
            let replaced = claim.purpose == Purpose::Serve && live.purpose == Purpose::Serve;
            live.peer == grant.peer && !live.source.is_local() && !replaced
        });
    }

    /// Whether it is this peer's turn: two that take each other's place have to stop, and so many
    /// sessions begin in a second. What is asked again, since it was stale, was counted before.
    fn paced(&mut self, link: LinkId, peer: PeerId, claim: &Claim, now: Now) -> Result<(), No> {
        let Some(Standing::Pending(source)) = self.links.get(link) else { return Ok(()) };
        if source.is_local() {
            return Ok(());
        }
        if claim.purpose == Purpose::Serve && self.members.contested(peer, now.mono) {
            if self.members.tell_contested(peer, now.mono) {
                self.effects.event(HubEvent::Contested { peer });
            }
            return Err(No::later(Code::DuplicateId, Some(CONTEST.as_secs())));
        }
        self.preauth
            .admit(now)
            .map_err(|retry_after| No::later(Code::RateLimited, Some(retry_after)))
    }

    /// A link has ended, admitted or not: its room is free, its calls end with `lost`.
    pub fn gone(&mut self, link: LinkId, now: Now) {
        self.unix = now.unix;
        self.calling(now).link_ended(link);
        self.effects.forget(link);
        let live = match self.links.remove(link) {
            Some(Standing::Live(live)) => live,
            Some(Standing::Pending(source) | Standing::Reserved(source, _)) => {
                return self.preauth.left(source, Counted::Source);
            }
            Some(Standing::Carried(source)) => return self.preauth.left(source, Counted::Total),
            Some(Standing::TurnedAway(away)) => {
                return self.preauth.left(away.source, away.counted);
            }
            None => return,
        };
        if live.purpose == Purpose::Serve {
            self.members.leave(live.peer, link, live.claimed, now.unix);
        }
        let (peer, purpose) = (live.peer, live.purpose);
        self.effects.event(HubEvent::Offline { link, peer, purpose });
        self.drain.session_ended(&mut self.effects);
        self.settle_drain();
    }

    /// Whether there is no room for this link, or none for its id. What others hold counts; what it
    /// holds itself, from asking before, does not.
    fn is_full(&self, link: LinkId, new: Option<PeerId>) -> bool {
        let limits = &self.config.limits;
        let (mut held, mut bound) = (0, self.members.bound_count());
        for (other, standing) in self.links.iter() {
            match standing {
                _ if other == link || standing.is_local() => {}
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
}
