//! Hello, Authenticate, Welcome, Refuse: the frames of admission.
//!
//! The first three are proved: what they carry is a body in its exact bytes, and a proof over
//! those bytes. This floor reads both apart and checks neither proof nor method; `auth` does.

mod authenticate;
mod hello;
mod issued;
mod welcome;

pub use authenticate::{AuthBody, Authenticate};
pub use hello::{Hello, HelloBody};
pub use issued::Issued;
pub use welcome::{Welcome, WelcomeBody};

use crate::code::Code;
use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer};

/// Bounds that a hub tells its peers. Encoded as a map: 0, 1, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// 0: bytes of the largest message.
    pub message: u64,
    /// 1: calls open in one direction.
    pub open_calls: u64,
    /// 2: the longest deadline of a call, milliseconds.
    pub call_deadline_ms: u64,
}

/// How a peer proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Method {
    /// No proof at all.
    Open = 0,
    /// The shared secret.
    Secret = 1,
    /// A join token.
    Join = 2,
    /// The certificate minted at join.
    Resume = 3,
    /// A refresh token.
    Refresh = 4,
    /// A room-scoped capability token.
    Pass = 5,
}

impl Method {
    /// Every method, in the order of their numbers.
    pub const ALL: &[Self] =
        &[Self::Open, Self::Secret, Self::Join, Self::Resume, Self::Refresh, Self::Pass];

    /// The method of this number, if this version knows it.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.number() == number)
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u64 {
        self as u64
    }

    /// The name in configuration, logs and `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Secret => "secret",
            Self::Join => "join",
            Self::Resume => "resume",
            Self::Refresh => "refresh",
            Self::Pass => "pass",
        }
    }
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// 0: routable and listed; one for each peer.
    Serve = 0,
    /// 1: calls and watches; any number.
    Operate = 1,
}

impl Purpose {
    /// Every purpose, in the order of their numbers.
    pub const ALL: &[Self] = &[Self::Serve, Self::Operate];

    /// The purpose of this number, if there is one.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|purpose| purpose.number() == number)
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u64 {
        self as u64
    }

    /// The name in logs and `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Operate => "operate",
        }
    }
}

/// 0x04 `[4, {0: code, 1: text, 2: unix time, ? 3: retry-after}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refuse<'a> {
    /// 0: the code's name; one that this version does not know is read as [`Code::Refused`].
    pub code: Code,
    /// 1: a sentence for a person; may be empty.
    pub text: &'a str,
    /// 2: the hub's clock, seconds since 1970.
    pub unix: u64,
    /// 3: seconds to wait before another try.
    pub retry_after: Option<u64>,
}

impl SessionLimits {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|map| {
            Ok(Self {
                message: map.required(0, Reader::uint)?,
                open_calls: map.required(1, Reader::uint)?,
                call_deadline_ms: map.required(2, Reader::uint)?,
            })
        })
    }

    fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3);
        writer.uint(0);
        writer.uint(self.message);
        writer.uint(1);
        writer.uint(self.open_calls);
        writer.uint(2);
        writer.uint(self.call_deadline_ms);
    }
}

impl<'a> Refuse<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                code: body.required(0, |reader| reader.code(Code::Refused))?,
                text: body.required(1, |reader| reader.text(bounds::TEXT))?,
                unix: body.required(2, Reader::uint)?,
                retry_after: body.optional(3, Reader::uint)?,
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3 + usize::from(self.retry_after.is_some()));
        writer.uint(0);
        writer.text(self.code.name());
        writer.uint(1);
        writer.sentence(self.text);
        writer.uint(2);
        writer.uint(self.unix);
        if let Some(seconds) = self.retry_after {
            writer.uint(3);
            writer.uint(seconds);
        }
    }
}
