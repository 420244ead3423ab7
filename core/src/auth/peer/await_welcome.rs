//! The peer waits for Welcome and checks that the hub holds the secret too.

use std::sync::Arc;

use crate::ask::{PeerUpdate, Question};
use crate::auth::error::AuthError;
use crate::auth::peer::{
    AwaitStored, PeerAuth, PeerAuthState, PeerAuthStep, PeerAuthStop, PeerRenewing, issued,
};
use crate::auth::proof::{AdmissionProof, HubProved};
use crate::auth::{Admitted, Credential, Dial, PeerCredentials};
use crate::id::HubId;
use crate::identity::Transcript;
use crate::trust::{Decision, SeenStart, StoreWhen};
use crate::wire::Frame;
use crate::wire::frame::{Issued, Welcome, WelcomeBody};

#[derive(Debug)]
pub(super) struct AwaitWelcome {
    pub(super) dial: Arc<Dial>,
    pub(super) hub: HubId,
    pub(super) transcript: Transcript,
    pub(super) decision: Decision,
    /// Its Hello, where that is of a later start than was kept.
    pub(super) seen: Option<SeenStart>,
}

impl AwaitWelcome {
    pub(super) fn message(self, message: &[u8]) -> Result<PeerAuthStep, PeerAuthStop> {
        let welcome = match Frame::decode(message)? {
            Frame::Welcome(welcome) => welcome,
            Frame::Refuse(refuse) => return Err(PeerAuthStop::Refused(refuse.into())),
            other => return Err(AuthError::OutOfTurn(other.kind()).into()),
        };
        let proved = self.hub_proved(&welcome)?;
        let body = WelcomeBody::decode(welcome.body)?;
        let assigned = matches!(self.dial.credential, Credential::Open);
        if !assigned && body.peer != self.dial.peer {
            return Err(AuthError::OtherPeer(body.peer).into());
        }
        let issued = body.issued.as_ref();
        let minted = issued.map(|issued| self.minted(issued)).transpose()?;
        let renewing = self.renewing(minted)?;
        let admitted = Box::new(Admitted {
            session: body.session,
            peer: body.peer,
            hub: self.hub,
            method: self.dial.credential.method(),
            purpose: self.dial.purpose,
            capabilities: body.capabilities.into_iter().collect(),
            expires: body.expires,
            limits: body.limits,
            heartbeat: body.heartbeat,
            proof: AdmissionProof::Peer(proved),
        });
        let entry = match self.decision.store {
            StoreWhen::Nothing => self.seen.is_some().then_some(self.decision.entry),
            StoreWhen::Admitted | StoreWhen::Proved => Some(self.decision.entry),
        };
        let kept = PeerUpdate { entry, seen: self.seen, issued: body.issued };
        if kept.entry.is_none() && kept.issued.is_none() {
            return Ok(PeerAuthStep::Admitted(admitted, renewing));
        }
        let next = PeerAuth(PeerAuthState::Stored(AwaitStored { admitted, renewing }));
        Ok(PeerAuthStep::Ask(next, Question::Store(Box::new(kept))))
    }

    fn minted(&self, issued: &Issued) -> Result<PeerCredentials, AuthError> {
        issued::check(issued, self.hub, (self.dial.peer, self.dial.key.public()))
    }

    /// What the session needs for new credentials, where its method has any.
    fn renewing(
        &self,
        minted: Option<PeerCredentials>,
    ) -> Result<Option<Box<PeerRenewing>>, AuthError> {
        let held = match (&self.dial.credential, minted) {
            (Credential::Join(_) | Credential::Refresh(_), None) => {
                return Err(AuthError::NotOurs("none came"));
            }
            (Credential::Open | Credential::Secret(_) | Credential::Withheld(_), Some(_)) => {
                return Err(AuthError::NotOurs("nobody asked for them"));
            }
            (Credential::Open | Credential::Secret(_) | Credential::Withheld(_), None) => {
                return Ok(None);
            }
            (Credential::Resume(held), None) => held.clone(),
            (
                Credential::Join(_) | Credential::Resume(_) | Credential::Refresh(_),
                Some(minted),
            ) => minted,
        };
        let (dial, transcript) = (self.dial.clone(), self.transcript);
        Ok(Some(Box::new(PeerRenewing::new(dial, self.hub, transcript, held))))
    }

    fn hub_proved(&self, welcome: &Welcome<'_>) -> Result<HubProved, AuthError> {
        let proved = match &self.dial.credential {
            // TLS and the signed Hello vouch for the hub.
            Credential::Open
            | Credential::Join(_)
            | Credential::Resume(_)
            | Credential::Refresh(_) => welcome.proof.is_empty(),
            // Nothing was asked for, so nothing can be given.
            Credential::Withheld(_) => false,
            Credential::Secret(secret) => {
                secret.hub_mac_is(&self.transcript, welcome.body, welcome.proof)
            }
        };
        if proved { Ok(HubProved(())) } else { Err(AuthError::HubNotProved) }
    }
}
