//! `peers`: who serves here, who did, and who is enrolled. `// spec: control §1`

use crate::control::{
    Binding, CommandAnswer, ControlError, Enrolled, Handler, Listed, Page, PeerEntry, PeerSession,
    PeerSummary, PeersRequest, Presence, Revoked,
};
use crate::hub::control::Control;
use crate::hub::links::Live;
use crate::id::PeerId;

impl Handler<PeersRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: PeersRequest,
    ) -> Result<CommandAnswer<Page<PeerSummary>>, ControlError> {
        let members = &*self.sessions.members;
        let (after, which) = (request.after, request.which.unwrap_or_default());
        let listed: Box<dyn Iterator<Item = PeerId>> = match which {
            Listed::Bound => Box::new(members.bound(after)),
            Listed::Served => Box::new(members.listed(after)),
        };
        let entries = listed.map(|peer| self.listed(peer, which));
        Ok(CommandAnswer::Now(Page::fill(entries)?))
    }
}

impl Control<'_> {
    fn listed(&self, peer: PeerId, which: Listed) -> PeerSummary {
        let live = self.sessions.members.serving(peer).and_then(|link| self.sessions.of(link));
        let commands = live.map(|live| {
            let commands = live.serves.iter().flat_map(|register| &register.commands);
            commands.map(|command| command.name).collect()
        });
        let peer = match which {
            Listed::Bound => self.entry(peer),
            Listed::Served => PeerEntry { binding: None, enrolment: None, ..self.entry(peer) },
        };
        PeerSummary { commands, peer }
    }

    /// What is known of a peer, its session, and its enrolment; nothing of a guest's.
    pub(super) fn entry(&self, peer: PeerId) -> PeerEntry {
        let known = self.sessions.members.known(peer);
        let live = self.sessions.members.serving(peer).and_then(|link| self.sessions.of(link));
        let state = if live.is_some() { Presence::Online } else { Presence::Offline };
        let left = self.sessions.members.left(peer);
        let labels = self.sessions.members.labels_of(peer, self.sessions.links);
        let (counted, claimed) = (labels.all_counted(), labels.only_claimed());
        let enrolled = known.and_then(|known| known.enrolled.as_ref());
        PeerEntry {
            id: peer,
            state: state.into(),
            since: live.map(|live| live.since).or(left),
            labels: (live.is_some() || !counted.is_empty()).then_some(counted),
            claimed: (!claimed.is_empty()).then_some(claimed),
            revoked: known
                .and_then(|known| known.revoked.as_ref())
                .map(|revocation| Revoked { at: revocation.at, reason: revocation.reason.clone() }),
            session: live.map(session),
            binding: known.map(|known| Binding {
                method: known.binding.method.into(),
                key: known.binding.key.pin(),
                public_key: known.binding.key.to_string(),
                first_seen: known.binding.first_seen,
                serves: known.binding.serves,
            }),
            enrolment: enrolled.map(|enrolled| Enrolled {
                jti: enrolled.jti,
                issue: enrolled.issue,
                role: enrolled.role.into(),
                capabilities: enrolled.capabilities.iter().map(Into::into).collect(),
                token_labels: enrolled.labels.clone(),
            }),
        }
    }
}

fn session(live: &Live) -> PeerSession {
    PeerSession {
        ready: live.serves.is_some(),
        agent: live.agent.clone(),
        session: live.session.to_string(),
        remote: live.source.to_string(),
        rtt_us: live.round_trip.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
    }
}
