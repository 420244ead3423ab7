//! One type for each frame, a file a family, and the table of their numbers.

pub mod admission;
pub mod call;
pub mod flow;
pub mod life;
pub mod register;

pub use admission::{
    AuthBody, Authenticate, Hello, HelloBody, Method, Purpose, Refuse, SessionLimits, Welcome,
    WelcomeBody,
};
pub use call::{Accepted, Call, CallResult, Deny, Done, Status, Target};
pub use flow::{Cancel, Input, Output, Source, Window};
pub use life::{Goaway, Ping};
pub use register::{Argument, ArgumentKind, Command, Register, Registered};

/// One message.
///
/// Payloads, texts and proved bodies borrow from the message; nothing of the steady path
/// allocates.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// 0x01, from the hub: who it is, and the nonce that everything later is bound to.
    Hello(Hello<'a>),
    /// 0x02, from the peer: who it is, and the proof.
    Authenticate(Authenticate<'a>),
    /// 0x03, from the hub: admitted, with the hub's own proof.
    Welcome(Welcome<'a>),
    /// 0x04, from the hub: not admitted.
    Refuse(Refuse<'a>),
    /// 0x10: asks for a Pong with the same token.
    Ping(Ping),
    /// 0x11: the answer.
    Pong(Ping),
    /// 0x12: the commands that the sender serves.
    Register(Register),
    /// 0x13: they are known.
    Registered(Registered),
    /// 0x20: run a command.
    Call(Call<'a>),
    /// 0x21, from the hub: which peers a call went to.
    Accepted(Accepted),
    /// 0x22: bytes that a command wrote.
    Output(Output<'a>),
    /// 0x23: how a call ended on one peer.
    Result(CallResult<'a>),
    /// 0x24, from the hub: every target has answered.
    Done(Done),
    /// 0x25: end a call.
    Cancel(Cancel<'a>),
    /// 0x26: more bytes of output or input may be sent.
    Window(Window),
    /// 0x27: bytes for a command's standard input.
    Input(Input<'a>),
    /// 0x50: a request was denied; the link goes on.
    Deny(Deny<'a>),
    /// 0x51: the link ends.
    Goaway(Goaway<'a>),
    /// A type of 0x80 or above that this version does not know; to be ignored.
    Unknown(u8),
}
