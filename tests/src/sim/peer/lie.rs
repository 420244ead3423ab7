//! What a liar shows of a later start of the hub.

use bowline_core::id::Nonce;
use bowline_core::identity::{HubIdentity, SigningKey};
use bowline_core::random::{Random, Seed};
use bowline_core::trust::SeenStart;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{Hello, HelloBody};

/// A start that no hub comes to.
const NEVER: u64 = 1 << 40;

/// A kind of lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lie {
    /// The hub's Hello with another generation.
    Raised,
    /// The Hello of another hub, which that has signed.
    Another,
    /// The hub's Hello, for another nonce.
    Moved,
}

impl Lie {
    /// The one whose turn it is.
    pub(super) fn of(dials: u64) -> Self {
        match dials % 3 {
            0 => Self::Moved,
            1 => Self::Raised,
            _ => Self::Another,
        }
    }

    /// What is shown in place of this start.
    pub(super) fn tell(self, seen: &SeenStart) -> Option<SeenStart> {
        let (nonce, message) = seen.as_bytes().split_first_chunk::<32>()?;
        let nonce = Nonce(*nonce);
        let Ok(Frame::Hello(hello)) = Frame::decode(message) else { return None };
        let mut body = HelloBody::decode(hello.body).ok()?;
        let (nonce, signature) = match self {
            Self::Moved => (Nonce(nonce.0.map(|byte| !byte)), hello.signature.to_owned()),
            Self::Raised => {
                body.generation = NEVER;
                (nonce, hello.signature.to_owned())
            }
            Self::Another => {
                let mut random = Random::new(&Seed([0xba; 32]));
                let other = HubIdentity(SigningKey::generate(&mut random));
                (body.identity, body.generation) = (other.0.public(), NEVER);
                (nonce, other.sign_hello(&nonce, &body.encode()))
            }
        };
        let mut message = Vec::new();
        Frame::Hello(Hello { body: &body.encode(), signature: &signature }).encode(&mut message);
        SeenStart::of(&nonce, &message)
    }
}
