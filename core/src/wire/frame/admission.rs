//! Hello, Authenticate, Welcome, Refuse: the frames of admission.
//!
//! The first three are proved. This floor checks neither proof nor method; `auth` does.

mod authenticate;
mod hello;
mod issued;
mod welcome;

pub use authenticate::{AuthBody, Authenticate};
pub use hello::{Hello, HelloBody};
pub use issued::Issued;
pub use welcome::{Welcome, WelcomeBody};

use crate::code::Code;
use crate::wire::frame::codec::{Millis, Refusal, Seconds, Unix};
use crate::wire::frame::table::*;

record! {
    /// Bounds that a hub tells its peers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SessionLimits named "limits" {
        /// Bytes of the largest message.
        0 required "largest message" message: u64,
        /// Calls open in one direction.
        1 required "open calls" open_calls: u64,
        /// Longest deadline of a call, milliseconds.
        2 required "longest deadline" call_deadline_ms: u64 as Millis,
    }
}

numbered! {
    /// How a peer proves itself.
    pub enum Method {
        /// No proof at all.
        Open = 0 "open",
        /// The shared secret.
        Secret = 1 "secret",
        /// A join token.
        Join = 2 "join",
        /// The certificate minted at join.
        Resume = 3 "resume",
        /// A refresh token.
        Refresh = 4 "refresh",
        /// A room-scoped capability token.
        Pass = 5 "pass",
    }
}

/// The number of a method, known or not.
pub(super) enum MethodNumber {}

codec!(MethodNumber: u64, Method::KIND, Grammar::Rule("uint"), |r| r.uint(), |n, w| w.uint(*n));

numbered! {
    /// What a session is for.
    pub enum Purpose {
        /// Routable and listed; one for each peer.
        Serve = 0 "serve",
        /// Calls and watches; any number.
        Operate = 1 "operate",
    }
}

codec!(
    Purpose,
    Self::KIND,
    Grammar::Rule("0 / 1"),
    |r| Self::from_number(r.uint()?).ok_or(WireError::Range),
    |purpose, w| w.uint(purpose.number()),
);

record! {
    /// Why a peer is not admitted.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Refuse<'a> {
        /// Code; one that this version does not know is read as [`Code::Refused`].
        0 required "code" code: Code as Refusal,
        /// Sentence for a person; may be empty.
        1 required "text" text: &'a str,
        /// Hub's clock, seconds since 1970.
        2 required "hub's clock" unix: u64 as Unix,
        /// Seconds to wait before another try.
        3 optional "retry after" retry_after: Option<u64> as Seconds,
    }
}
