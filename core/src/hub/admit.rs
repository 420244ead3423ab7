//! Links come, are granted a session, and go.

use crate::arrival::Arrival;
use crate::code::Code;
use crate::hub::door::{Away, Counted, Knock};
use crate::hub::grant::{Denial, Granted};
use crate::hub::job::Feeding;
use crate::hub::registry::CONTEST;
use crate::hub::routes::Routes;
use crate::hub::{Hub, HubEvent, Live, Outbox, Source, Standing};
use crate::id::{CallId, LinkId, PeerId};
use crate::ledger::{Answer, Claim, Grant, No, Reservation};
use crate::time::Now;
use crate::wire::frame::Purpose;

/// Seconds after which a full hub is worth another try.
const FULL: u64 = 10;

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
        let standing = match self.door.knock(source, now) {
            Knock::Carried => Standing::Carried(source),
            Knock::Counted => Standing::Pending(source),
            Knock::TurnedAway(why) => {
                self.events.extend(self.door.tell(why, now).map(HubEvent::from));
                if !self.door.turn_away() {
                    return Err(No::later(why.why.code(), why.retry_after));
                }
                Standing::TurnedAway(Away { source, why, counted: Counted::TurnedAway })
            }
        };
        let link = LinkId(self.next_link);
        self.next_link += 1;
        self.links.insert(link, standing);
        Ok(link)
    }

    // spec: admission §4.1
    pub(super) fn arrived(&mut self, link: LinkId, arrival: &Arrival, now: Now) -> Answer {
        if let Some(no) = self.not_any_more(now) {
            return no;
        }
        let (source, arrived, counted) = match self.links.get(&link) {
            Some(Standing::TurnedAway(away)) => return Answer::TurnedAway(away.why),
            Some(&Standing::Pending(source)) => {
                (source, self.door.arrive(source, now), Counted::Source)
            }
            Some(&Standing::Carried(proxy)) => {
                let (source, arrived) = self.door.arrive_carried(proxy, arrival, now);
                (source, arrived, Counted::Total)
            }
            Some(Standing::Reserved(..) | Standing::Live(_)) | None => {
                return Answer::No(Code::Refused.into());
            }
        };
        let (standing, answer) = match arrived {
            Ok(way) => (Standing::Pending(source), Answer::Arrived(way)),
            Err(why) => {
                self.events.extend(self.door.tell(why, now).map(HubEvent::from));
                let away = Away { source, why, counted };
                (Standing::TurnedAway(away), Answer::TurnedAway(why))
            }
        };
        self.links.insert(link, standing);
        answer
    }

    /// Where a link comes from: once its Arrive is answered, for whom a trusted proxy carries it.
    #[must_use]
    pub fn source(&self, link: LinkId) -> Option<Source> {
        Some(match self.links.get(&link)? {
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
            self.links.get(&link)
        {
            self.door.failed(*source, now);
        }
    }

    // spec: admission §4, from "id and key"
    pub(super) fn reserve(&mut self, link: LinkId, claim: &Claim, now: Now) -> Answer {
        let source = match self.links.get(&link) {
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
            false => self.granted(claim, now),
        };
        let granted = match granted {
            Ok(granted) => granted,
            Err(Denial::No(no)) => return Answer::No(no),
            Err(Denial::LookAtLater) => return Answer::LookAtLater,
        };
        let Granted { peer, capabilities, expires, record, issues } = granted;
        if let Err(no) = self.paced(link, peer, claim, now) {
            return Answer::No(no);
        }
        let new = record.is_some().then_some(peer);
        let new = new.filter(|&peer| self.registry.known(peer).is_none());
        if !source.is_local() && self.is_full(link, new) {
            return Answer::No(No::later(Code::Full, Some(FULL)));
        }
        self.links.insert(link, Standing::Reserved(source, new));
        let epoch = self.epoch_of(peer);
        let grant = Grant { peer, capabilities, expires, record, issues, epoch };
        Answer::Reserved(Box::new(grant))
    }

    pub(super) fn commit(&mut self, link: LinkId, reservation: &Reservation, now: Now) -> Answer {
        let Some(Standing::Reserved(source, _)) = self.links.get(&link) else {
            return Answer::No(Code::Refused.into());
        };
        if let Some(no) = self.not_any_more(now) {
            return no;
        }
        if reservation.grant.epoch != self.epoch_of(reservation.grant.peer) {
            return Answer::Stale;
        }
        let source = *source;
        let Reservation { claim, grant, session } = reservation;
        // Two may have been reserved for one unbound id: the first to be committed has it.
        if claim.identity.is_some_and(|(peer, key)| self.is_taken(peer, &key)) {
            return Answer::No(Code::IdTaken.into());
        }
        // A guest's id is nobody's until now; where it has become somebody's, there are others.
        let guest = claim.identity.is_none() && !source.is_local();
        if guest && self.registry.known(grant.peer).is_some() {
            return Answer::Stale;
        }
        self.apply(grant);
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
            outbox: Outbox::default(),
            made: Routes::default(),
            runs: Routes::default(),
            next_call: CallId(2),
            credit: 0,
            feeding: Feeding::default(),
        };
        self.links.insert(link, Standing::Live(Box::new(live)));
        self.door.left(source, Counted::Source);
        if claim.purpose == Purpose::Serve
            && let Some(older) = self.registry.serve(grant.peer, link, now.mono)
        {
            self.close(older, Code::Superseded);
        }
        let (peer, purpose) = (grant.peer, claim.purpose);
        self.events.push_back(HubEvent::Online { link, peer, purpose });
        Answer::Committed
    }

    /// Whether it is this peer's turn: two that take each other's place have to stop, and so many
    /// sessions begin in a second. What is asked again, since it was stale, was counted before.
    fn paced(&mut self, link: LinkId, peer: PeerId, claim: &Claim, now: Now) -> Result<(), No> {
        let Some(Standing::Pending(source)) = self.links.get(&link) else { return Ok(()) };
        if source.is_local() {
            return Ok(());
        }
        if claim.purpose == Purpose::Serve && self.registry.contested(peer, now.mono) {
            if self.registry.tell_contested(peer, now.mono) {
                self.events.push_back(HubEvent::Contested { peer });
            }
            return Err(No::later(Code::DuplicateId, Some(CONTEST.as_secs())));
        }
        self.pace
            .admit(now.mono)
            .map_err(|retry_after| No::later(Code::RateLimited, Some(retry_after)))
    }

    /// A link has ended, admitted or not: its room is free, its calls end with `lost`.
    pub fn gone(&mut self, link: LinkId, now: Now) {
        self.unix = now.unix;
        self.abandon_calls(link);
        let live = match self.links.remove(&link) {
            Some(Standing::Live(live)) => live,
            Some(Standing::Pending(source) | Standing::Reserved(source, _)) => {
                return self.door.left(source, Counted::Source);
            }
            Some(Standing::Carried(source)) => return self.door.left(source, Counted::Total),
            Some(Standing::TurnedAway(away)) => return self.door.left(away.source, away.counted),
            None => return,
        };
        if live.purpose == Purpose::Serve {
            self.registry.leave(live.peer, link, live.claimed, now.unix);
        }
        let (peer, purpose) = (live.peer, live.purpose);
        self.events.push_back(HubEvent::Offline { link, peer, purpose });
        self.one_less();
        self.settle_drain();
    }

    /// Whether there is no room for this link, or none for its id. What others hold counts; what it
    /// holds itself, from asking before, does not.
    fn is_full(&self, link: LinkId, new: Option<PeerId>) -> bool {
        let limits = &self.config.limits;
        let (mut held, mut bound) = (0, self.registry.len());
        for (&other, standing) in &self.links {
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
