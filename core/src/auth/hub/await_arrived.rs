//! The hub waits for its own lock to say whether this connection may go on. Then Hello.

use std::sync::Arc;

use crate::arrival::Arrival;
use crate::ask::{Answer, LinkAnswer, LinkAsk};
use crate::auth::HubSnapshot;
use crate::auth::error::AuthError;
use crate::auth::hub::await_authenticate::AwaitAuthenticate;
use crate::auth::hub::{HubAuth, HubAuthState, HubAuthStep, HubAuthStop};
use crate::id::Nonce;
use crate::random::Random;
use crate::source::Source;
use crate::time::Now;

#[derive(Debug)]
pub(super) struct AwaitArrived {
    pub(super) snapshot: Arc<HubSnapshot>,
    pub(super) source: Source,
    pub(super) peer_nonce: Nonce,
}

impl AwaitArrived {
    pub(super) fn ask(self, arrival: Arrival) -> HubAuthStep {
        HubAuthStep::Ask(HubAuth(HubAuthState::Arrived(self)), LinkAsk::Arrive(arrival).into())
    }

    // spec: admission §4, "size → state → rate of this source", before Hello
    pub(super) fn answer(
        self,
        answer: Answer,
        random: &mut Random,
        now: Now,
        reply: &mut Vec<u8>,
    ) -> Result<HubAuthStep, HubAuthStop> {
        let way = match answer {
            Answer::Hub(LinkAnswer::Arrived(way)) => way,
            Answer::Hub(LinkAnswer::TurnedAway(away)) => {
                let retry_after = away.retry_after;
                return Err(HubAuthStop { error: AuthError::TurnedAway(away), retry_after });
            }
            Answer::Refused(no) => return Err(HubAuthStop::no(None, no)),
            _ => return Err(AuthError::OutOfTurn("answer").into()),
        };
        let Self { snapshot, source, peer_nonce } = self;
        let next = AwaitAuthenticate::greet(snapshot, source, way, peer_nonce, random, now, reply);
        Ok(HubAuthStep::Wait(HubAuth(HubAuthState::Authenticate(next))))
    }
}
