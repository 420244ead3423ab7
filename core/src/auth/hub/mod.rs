//! The hub's side of admission.
//!
//! ```text
//! AwaitAuthenticate ──proved──► AwaitReserved ──room──► AwaitRecorded ──on disk──► AwaitCommitted
//!        │                        ▲    │  └─ nothing to record ─────────────────────►   │
//!        │                        └────┼──────────────── stale ─────────────────────────┤
//!        └───── Refuse ────────────────┘                                     Welcome, admitted
//! ```
//!
//! The checks run in the order of `spec/admission.md` §4 and stop at the first failure. Size and
//! rate were checked before a message gets here; form, method, channel, MAC and possession are
//! checked in `AwaitAuthenticate`; the rest is asked for.

mod await_answer;
mod await_authenticate;

use std::sync::Arc;

use crate::auth::{Admitted, AuthError, HubSnapshot};
use crate::id::{Nonce, PeerId};
use crate::ledger::{Answer, No, Question};
use crate::random::Random;
use crate::source::Source;
use crate::time::Now;
use crate::wire::Frame;

use await_answer::{AwaitCommitted, AwaitRecorded, AwaitReserved};
use await_authenticate::AwaitAuthenticate;

/// The states, in the protocol's order.
#[derive(Debug)]
pub struct HubAuth(State);

#[derive(Debug)]
enum State {
    Authenticate(AwaitAuthenticate),
    Reserved(Box<AwaitReserved>),
    Recorded(Box<AwaitRecorded>),
    Committed(Box<AwaitCommitted>),
}

/// What a message or an answer led to.
#[derive(Debug)]
pub enum Step {
    /// Ask, and take no message until the answer.
    Ask(HubAuth, Question),
    /// Send the Welcome in `reply`; done.
    Admitted(Box<Admitted>),
}

/// Why a peer was not admitted: the audit gets the error, the remote its code.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// The exact reason.
    pub error: AuthError,
    /// Seconds to wait before another try.
    pub retry_after: Option<u64>,
}

impl<E: Into<AuthError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self { error: error.into(), retry_after: None }
    }
}

impl Stop {
    fn no(peer: Option<PeerId>, no: No) -> Self {
        Self { error: AuthError::Refused(peer, no.code), retry_after: no.retry_after }
    }
}

impl HubAuth {
    /// Writes Hello into `reply` and waits for Authenticate. `peer_nonce` came in the upgrade.
    #[must_use]
    pub fn new(
        snapshot: Arc<HubSnapshot>,
        source: Source,
        peer_nonce: Nonce,
        random: &mut Random,
        now: Now,
        reply: &mut Vec<u8>,
    ) -> Self {
        let state = AwaitAuthenticate::greet(snapshot, source, peer_nonce, random, now, reply);
        Self(State::Authenticate(state))
    }

    /// Takes one message.
    ///
    /// # Errors
    /// [`Stop`]: the peer is to be refused with its code.
    pub fn message(self, message: &[u8]) -> Result<Step, Stop> {
        match self.0 {
            State::Authenticate(state) => state.message(message),
            State::Reserved(_) | State::Recorded(_) | State::Committed(_) => {
                Err(AuthError::OutOfTurn(Frame::decode(message)?.kind()).into())
            }
        }
    }

    /// Takes the answer to the question asked. `random` draws the session's id; Welcome goes into
    /// `reply`.
    ///
    /// # Errors
    /// [`Stop`]: the answer was no, or not one to the question.
    pub fn answer(
        self,
        answer: Answer,
        random: &mut Random,
        reply: &mut Vec<u8>,
    ) -> Result<Step, Stop> {
        match self.0 {
            State::Reserved(state) => state.answer(answer, random),
            State::Recorded(state) => state.answer(answer),
            State::Committed(state) => state.answer(answer, reply),
            State::Authenticate(_) => Err(AuthError::OutOfTurn("answer").into()),
        }
    }
}
