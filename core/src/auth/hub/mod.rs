//! The hub's side of admission.
//!
//! ```text
//! AwaitArrived ──may go on: Hello──► AwaitAuthenticate ──proved──► AwaitReserved ──room──►
//!
//! ──► AwaitRecorded ──on disk──► AwaitCommitted ──► Welcome, admitted
//!       └ where nothing is to be recorded, straight on; from AwaitCommitted, where what was
//!         granted no longer holds, back to AwaitReserved; from each, with Refuse, to the end
//! ```
//!
//! The checks run in the order of `spec/admission.md` §4 and stop at the first failure. Size was
//! checked before a message gets here; the source is asked about first; form, method, channel, MAC
//! and possession are checked in `AwaitAuthenticate`; the rest is asked for.

mod await_answer;
mod await_arrived;
mod await_authenticate;
mod credential;
mod renew;

use std::sync::Arc;

use crate::arrival::Arrival;
use crate::ask::{Answer, AskRefusal, Question};
use crate::auth::{Admitted, AuthError, HubSnapshot};
use crate::id::{Nonce, PeerId};
use crate::random::Random;
use crate::source::Source;
use crate::time::Now;
use crate::wire::Frame;

use await_answer::{AwaitCommitted, AwaitRecorded, AwaitReserved};
use await_arrived::AwaitArrived;
use await_authenticate::AwaitAuthenticate;
pub use renew::{HubRenewed, HubRenewing, RefreshStep};

/// The states, in the protocol's order.
#[derive(Debug)]
pub struct HubAuth(HubAuthState);

#[derive(Debug)]
enum HubAuthState {
    Arrived(AwaitArrived),
    Authenticate(AwaitAuthenticate),
    Reserved(Box<AwaitReserved>),
    Recorded(Box<AwaitRecorded>),
    Committed(Box<AwaitCommitted>),
}

/// What a message or an answer led to.
#[derive(Debug)]
pub enum HubAuthStep {
    /// Send the Hello in `reply`, and wait for the next message.
    Wait(HubAuth),
    /// Ask, and take no message until the answer.
    Ask(HubAuth, Question),
    /// Send the Welcome in `reply`; done. With what the session needs for new credentials, where
    /// its method has any.
    Admitted(Box<Admitted>, Option<Box<HubRenewing>>),
}

/// Why a peer was not admitted: the audit gets the error, the remote its code.
#[derive(Clone, Debug, PartialEq)]
pub struct HubAuthStop {
    /// The exact reason.
    pub error: AuthError,
    /// Seconds to wait before another try.
    pub retry_after: Option<u64>,
}

impl<E: Into<AuthError>> From<E> for HubAuthStop {
    fn from(error: E) -> Self {
        Self { error: error.into(), retry_after: None }
    }
}

impl HubAuthStop {
    fn no(peer: Option<PeerId>, no: AskRefusal) -> Self {
        let error = match no.said {
            Some(said) => AuthError::Said(peer, no.code, said),
            None => AuthError::Refused(peer, no.code),
        };
        Self { error, retry_after: no.retry_after }
    }
}

impl HubAuth {
    /// Asks whether the connection may go on. `peer_nonce` and `arrival` came in the upgrade.
    #[must_use]
    pub fn begin(
        snapshot: Arc<HubSnapshot>,
        source: Source,
        peer_nonce: Nonce,
        arrival: Arrival,
    ) -> HubAuthStep {
        AwaitArrived { snapshot, source, peer_nonce }.ask(arrival)
    }

    /// Whether it has yet to be said that the connection may go on; no message is read before.
    #[must_use]
    pub fn is_arriving(&self) -> bool {
        matches!(self.0, HubAuthState::Arrived(_))
    }

    /// Takes one message. `shown` is the client certificate of the TLS handshake, in DER; `random`
    /// draws a refresh token where one may be handed out.
    ///
    /// # Errors
    /// [`HubAuthStop`]: the peer is to be refused with its code.
    pub fn message(
        self,
        message: &[u8],
        shown: Option<&[u8]>,
        random: &mut Random,
        now: Now,
    ) -> Result<HubAuthStep, HubAuthStop> {
        match self.0 {
            HubAuthState::Authenticate(state) => state.message(message, shown, random, now),
            HubAuthState::Arrived(_)
            | HubAuthState::Reserved(_)
            | HubAuthState::Recorded(_)
            | HubAuthState::Committed(_) => {
                Err(AuthError::OutOfTurn(Frame::decode(message)?.kind()).into())
            }
        }
    }

    /// Takes the answer to the question asked. `random` draws Hello's nonce and the session's id;
    /// Hello and Welcome go into `reply`.
    ///
    /// # Errors
    /// [`HubAuthStop`]: the answer was no, or not one to the question.
    pub fn answer(
        self,
        answer: Answer,
        random: &mut Random,
        now: Now,
        reply: &mut Vec<u8>,
    ) -> Result<HubAuthStep, HubAuthStop> {
        match self.0 {
            HubAuthState::Arrived(state) => state.answer(answer, random, now, reply),
            HubAuthState::Reserved(state) => state.answer(answer, random),
            HubAuthState::Recorded(state) => state.answer(answer),
            HubAuthState::Committed(state) => state.answer(answer, random, reply),
            HubAuthState::Authenticate(_) => Err(AuthError::OutOfTurn("answer").into()),
        }
    }
}
