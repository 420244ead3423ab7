//! The peer waits for Welcome and checks that the hub holds the secret too.

use std::sync::Arc;

use crate::auth::error::AuthError;
use crate::auth::peer::{AwaitKept, PeerAuth, State, Step, Stop};
use crate::auth::proof::{HubProved, Proof};
use crate::auth::{Admitted, Credential, Dial};
use crate::id::HubId;
use crate::identity::Transcript;
use crate::ledger::Question;
use crate::trust::{Decision, Keep};
use crate::wire::Frame;
use crate::wire::frame::{Welcome, WelcomeBody};

#[derive(Debug)]
pub(super) struct AwaitWelcome {
    pub(super) dial: Arc<Dial>,
    pub(super) hub: HubId,
    pub(super) transcript: Transcript,
    pub(super) decision: Decision,
}

impl AwaitWelcome {
    pub(super) fn message(self, message: &[u8]) -> Result<Step, Stop> {
        let welcome = match Frame::decode(message)? {
            Frame::Welcome(welcome) => welcome,
            Frame::Refuse(refuse) => return Err(Stop::Refused(refuse.into())),
            other => return Err(AuthError::OutOfTurn(other.kind()).into()),
        };
        let proved = self.hub_proved(&welcome)?;
        let body = WelcomeBody::decode(welcome.body)?;
        let assigned = matches!(self.dial.credential, Credential::Open);
        if !assigned && body.peer != self.dial.peer {
            return Err(AuthError::OtherPeer(body.peer).into());
        }
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
            proof: Proof::Peer(proved),
        });
        Ok(match self.decision.keep {
            Keep::Nothing => Step::Admitted(admitted),
            Keep::Admitted | Keep::Proved => Step::Ask(
                PeerAuth(State::Kept(AwaitKept { admitted })),
                Question::Keep(self.decision.entry),
            ),
        })
    }

    fn hub_proved(&self, welcome: &Welcome<'_>) -> Result<HubProved, AuthError> {
        let proved = match &self.dial.credential {
            Credential::Open => welcome.proof.is_empty(),
            // Nothing was asked for, so nothing can be given.
            Credential::Withheld(_) => false,
            Credential::Secret(secret) => {
                secret.hub_mac_is(&self.transcript, welcome.body, welcome.proof)
            }
        };
        if proved { Ok(HubProved(())) } else { Err(AuthError::HubNotProved) }
    }
}
