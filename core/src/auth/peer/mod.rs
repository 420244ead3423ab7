//! The peer's side of admission.
//!
//! ```text
//! AwaitHello ──Hello: trusted──► AwaitWelcome ──Welcome: proved──► AwaitKept ──Kept──► admitted
//!     │                              │                                 │
//!     └────────── Refuse, or an error: the link ends ─────────────────┘
//! ```
//!
//! Trust is decided on Hello, before anything is sent. What was learnt of the hub is kept only
//! after Welcome, and with a shared secret only after the hub's MAC; what the hub minted, with it.

mod await_hello;
mod await_stored;
mod await_welcome;
mod issued;
mod renew;

use std::sync::Arc;

use crate::ask::{Answer, Question};
use crate::auth::{Admitted, AuthError, Dial};
use crate::code::Code;
use crate::id::{HubId, Nonce, Pin};
use crate::text::Line;
use crate::time::Now;
use crate::trust::How;
use crate::tunnel::Served;
use crate::wire::Frame;
use crate::wire::frame::{Method, Refuse};

use await_hello::AwaitHello;
use await_stored::AwaitStored;
use await_welcome::AwaitWelcome;
pub use renew::{PeerRenewed, PeerRenewing};

/// The states, in the protocol's order.
#[derive(Debug)]
pub struct PeerAuth(PeerAuthState);

#[derive(Debug)]
enum PeerAuthState {
    Hello(AwaitHello),
    Welcome(Box<AwaitWelcome>),
    Stored(AwaitStored),
}

/// What a message or an answer led to.
#[derive(Debug)]
pub enum PeerAuthStep {
    /// Send `reply` if there is any, tell what was learnt, and wait for the next message.
    Wait(PeerAuth, Box<HubInfo>),
    /// Ask, and read no message until the answer.
    Ask(PeerAuth, Question),
    /// Done. With what the session needs for new credentials, where its method has any.
    Admitted(Box<Admitted>, Option<Box<PeerRenewing>>),
}

/// Why admission ended.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerAuthStop {
    /// The hub said no.
    Refused(Refusal),
    /// This peer said no.
    Failed(AuthError),
    /// This peer only looked, see [`Withheld`](crate::auth::Credential::Withheld).
    Looked(Box<HubInfo>),
}

impl<E: Into<AuthError>> From<E> for PeerAuthStop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What the hub said in Refuse. Nothing proves that it was the hub: it is told, never acted on
/// beyond waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// The hub's sentence.
    pub text: Line,
    /// The hub's clock, seconds since 1970.
    pub unix: u64,
    /// Seconds to wait before another try.
    pub retry_after: Option<u64>,
}

impl From<Refuse<'_>> for Refusal {
    fn from(refuse: Refuse<'_>) -> Self {
        Self {
            code: refuse.code,
            text: refuse.text.into(),
            unix: refuse.unix,
            retry_after: refuse.retry_after,
        }
    }
}

/// What Hello taught, once trust has been decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubInfo {
    /// The hub's id.
    pub hub: HubId,
    /// Its display name, as it says.
    pub name: Line,
    /// The methods that it offers, of those known here; ascending.
    pub methods: Vec<Method>,
    /// The pin of the TLS key served; none in `plain`.
    pub pin: Option<Pin>,
    /// What vouched for it.
    pub how: How,
    /// The hub's clock, seconds since 1970.
    pub unix: u64,
}

impl PeerAuth {
    /// Waits for Hello. `nonce` is the one that went out in the upgrade.
    #[must_use]
    pub fn new(dial: Arc<Dial>, nonce: Nonce) -> Self {
        Self(PeerAuthState::Hello(AwaitHello { dial, nonce }))
    }

    /// Takes one message. `served` is what the tunnel saw; what has to be sent goes into `reply`.
    ///
    /// # Errors
    /// [`PeerAuthStop`]: the link ends. Nothing is in `reply`.
    pub fn message(
        self,
        message: &[u8],
        served: Option<&Served>,
        now: Now,
        reply: &mut Vec<u8>,
    ) -> Result<PeerAuthStep, PeerAuthStop> {
        match self.0 {
            PeerAuthState::Hello(state) => state.message(message, served, now, reply),
            PeerAuthState::Welcome(state) => state.message(message),
            PeerAuthState::Stored(_) => {
                Err(AuthError::OutOfTurn(Frame::decode(message)?.kind()).into())
            }
        }
    }

    /// Takes the answer to the question asked; ignored in any other state.
    ///
    /// # Errors
    /// [`PeerAuthStop`]: what was learnt could not be kept.
    pub fn answer(self, answer: &Answer) -> Result<PeerAuthStep, PeerAuthStop> {
        match self.0 {
            PeerAuthState::Stored(state) => state.answer(answer),
            PeerAuthState::Hello(_) | PeerAuthState::Welcome(_) => Err(AuthError::NotKept.into()),
        }
    }
}
