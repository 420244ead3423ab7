//! The hub waits for its own lock and its ledger: room, record, commit. Then Welcome.

use std::sync::Arc;

use crate::ask::{Answer, Claim, Evidence, Later, LinkAnswer, LinkAsk, Question, Reservation};
use crate::auth::error::AuthError;
use crate::auth::hub::{HubAuth, HubAuthState, HubAuthStep, HubAuthStop, HubRenewing};
use crate::auth::proof::{AdmissionProof, ChannelBound, PeerProved};
use crate::auth::{Admitted, HubSnapshot, RefreshToken};
use crate::id::{PeerId, SessionId};
use crate::identity::Transcript;
use crate::random::Random;
use crate::trust::SeenStart;
use crate::wire::Frame;
use crate::wire::frame::{Welcome, WelcomeBody};

/// A peer whose proofs hold.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) snapshot: Arc<HubSnapshot>,
    pub(super) transcript: Transcript,
    pub(super) claim: Claim,
    /// What it shows of a later start of this hub, until it was looked at.
    pub(super) later: Option<Vec<u8>>,
    pub(super) bound: ChannelBound,
    pub(super) proved: PeerProved,
    /// A refresh token that was drawn; it is handed out where that is granted.
    pub(super) fresh: Option<RefreshToken>,
}

impl Proved {
    fn peer(&self) -> Option<PeerId> {
        self.claim.identity.map(|(peer, _)| peer)
    }

    pub(super) fn reserve(self) -> HubAuthStep {
        let ask = LinkAsk::Reserve(Box::new(self.claim.clone()));
        HubAuthStep::Ask(HubAuth(HubAuthState::Reserved(Box::new(AwaitReserved(self)))), ask.into())
    }

    /// Looks at what is shown of a later start, once: it counts where this hub signed it, and is
    /// nothing otherwise. `// spec: admission §4.2`
    fn look_at_later(mut self) -> Self {
        let HubSnapshot { identity, generation, .. } = &*self.snapshot;
        let seen = self.later.take().and_then(|later| SeenStart::read(&later));
        let seen = seen.filter(|seen| seen.generation() > *generation);
        let seen = seen.filter(|seen| seen.is_signed_by(&identity.0.public()));
        self.claim.later = seen.map_or(Later::Nothing, |seen| Later::Verified(seen.generation()));
        self
    }
}

#[derive(Debug)]
pub(super) struct AwaitReserved(pub(super) Proved);

impl AwaitReserved {
    pub(super) fn answer(
        self,
        answer: Answer,
        random: &mut Random,
    ) -> Result<HubAuthStep, HubAuthStop> {
        let grant = match answer {
            Answer::Hub(LinkAnswer::Reserved(grant)) => *grant,
            Answer::Hub(LinkAnswer::LookAtLater) => return Ok(self.0.look_at_later().reserve()),
            Answer::Refused(no) => return Err(HubAuthStop::no(self.0.peer(), no)),
            _ => return Err(AuthError::OutOfTurn("answer").into()),
        };
        let record = grant.record.clone();
        let session = SessionId(random.bytes());
        let reservation = Reservation { claim: self.0.claim.clone(), grant, session };
        let next = AwaitCommitted { proved: self.0, reservation };
        Ok(match record {
            Some(record) => HubAuthStep::Ask(
                HubAuth(HubAuthState::Recorded(Box::new(AwaitRecorded(next)))),
                Question::Record(record),
            ),
            None => next.ask(),
        })
    }
}

#[derive(Debug)]
pub(super) struct AwaitRecorded(AwaitCommitted);

impl AwaitRecorded {
    pub(super) fn answer(self, answer: Answer) -> Result<HubAuthStep, HubAuthStop> {
        match answer {
            Answer::Recorded => Ok(self.0.ask()),
            Answer::Refused(no) => Err(HubAuthStop::no(self.0.proved.peer(), no)),
            _ => Err(AuthError::OutOfTurn("answer").into()),
        }
    }
}

#[derive(Debug)]
pub(super) struct AwaitCommitted {
    proved: Proved,
    reservation: Reservation,
}

impl AwaitCommitted {
    fn ask(self) -> HubAuthStep {
        let ask = LinkAsk::Commit(Box::new(self.reservation.clone()));
        HubAuthStep::Ask(HubAuth(HubAuthState::Committed(Box::new(self))), ask.into())
    }

    pub(super) fn answer(
        self,
        answer: Answer,
        random: &mut Random,
        reply: &mut Vec<u8>,
    ) -> Result<HubAuthStep, HubAuthStop> {
        match answer {
            Answer::Hub(LinkAnswer::Committed) => {
                let (admitted, renewing) = self.welcome(random, reply)?;
                Ok(HubAuthStep::Admitted(Box::new(admitted), renewing.map(Box::new)))
            }
            Answer::Hub(LinkAnswer::Stale) => Ok(self.proved.reserve()),
            Answer::Refused(no) => Err(HubAuthStop::no(self.proved.peer(), no)),
            _ => Err(AuthError::OutOfTurn("answer").into()),
        }
    }

    fn welcome(
        self,
        random: &mut Random,
        reply: &mut Vec<u8>,
    ) -> Result<(Admitted, Option<HubRenewing>), AuthError> {
        let Proved { snapshot, transcript, claim, bound, proved, fresh, .. } = self.proved;
        let Reservation { grant, session, .. } = self.reservation;
        let hub = snapshot.identity.id();
        let joins = snapshot.joins.as_ref();
        let renewing = match (joins, claim.identity, &claim.evidence) {
            (_, _, Some(Evidence::Secret(_)) | None) | (None, ..) | (_, None, _) => None,
            (Some(joins), Some(identity), Some(_)) => {
                Some(HubRenewing::new(joins.clone(), identity, transcript))
            }
        };
        let issued = match (joins, claim.identity, grant.issues, fresh) {
            (Some(joins), Some(identity), Some(issues), Some(fresh)) => {
                Some(joins.mint(random, identity, issues, fresh)?)
            }
            _ => None,
        };
        let heartbeat = snapshot.limits.heartbeat.as_secs();
        let limits = snapshot.session_limits();
        let body = WelcomeBody {
            session,
            peer: grant.peer,
            capabilities: grant.capabilities.iter().collect(),
            expires: grant.expires,
            heartbeat,
            limits,
            issued,
        }
        .encode();
        // By the secret that the peer proved to have.
        let secret = claim.secret().and_then(|number| snapshot.secrets.get(number));
        let mac = secret.map(|secret| secret.hub_mac(&transcript, &body));
        let proof = mac.as_ref().map_or(&[][..], |mac| mac);
        Frame::Welcome(Welcome { body: &body, proof }).encode(reply);
        let admitted = Admitted {
            session,
            peer: grant.peer,
            hub,
            method: claim.method,
            purpose: claim.purpose,
            capabilities: grant.capabilities,
            expires: grant.expires,
            limits,
            heartbeat,
            proof: AdmissionProof::Hub(bound, proved),
        };
        Ok((admitted, renewing))
    }
}
