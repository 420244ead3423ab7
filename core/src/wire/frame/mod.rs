//! One type for each frame, a file a family, and the table of their numbers.
//!
//! A family's file holds its types, and which key holds what; how an item is spelled is the
//! business of the reader and the writer. What comes in is the bytes of one message; what goes out
//! is appended to whatever the caller sends from.

pub mod admission;
pub mod call;
pub mod flow;
pub mod life;
pub mod outcome;
pub mod register;
pub mod renewal;

pub use admission::{
    AuthBody, Authenticate, Hello, HelloBody, Issued, Method, Purpose, Refuse, SessionLimits,
    Welcome, WelcomeBody,
};
pub use call::{Accepted, Call, Delivery, Target};
pub use flow::{Cancel, Input, Output, Source, Window};
pub use life::{Goaway, Ping};
pub use outcome::{CallResult, Deny, Done, Status};
pub use register::{Argument, ArgumentKind, Command, Register, Registered};
pub use renewal::{Refresh, RefreshBody, Refreshed};

use crate::wire::error::{Misread, WireError};
use crate::wire::read::Reader;
use crate::wire::write::{Length, Sink, Writer};

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
    /// 0x40, from the peer: new credentials, please.
    Refresh(Refresh<'a>),
    /// 0x41, from the hub: here they are.
    Refreshed(Refreshed),
    /// 0x50: a request was denied; the link goes on.
    Deny(Deny<'a>),
    /// 0x51: the link ends.
    Goaway(Goaway<'a>),
    /// A type of 0x80 or above that this version does not know; to be ignored.
    Unknown(u8),
}

impl<'a> Frame<'a> {
    /// Reads one message. Nothing is copied but what [`Register`] and [`Accepted`] list.
    ///
    /// # Errors
    ///
    /// Whatever keeps the bytes from being the one spelling of a frame of this version
    /// (`spec/frames.md`). A frame of an unknown type of 0x80 and above is [`Frame::Unknown`].
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        Reader::whole(message, Self::read)
    }

    /// As [`Frame::decode`], and says where an error was noticed.
    ///
    /// # Errors
    ///
    /// [`Misread`].
    pub fn examine(message: &'a [u8]) -> Result<Self, Misread> {
        Reader::located(message, Self::read)
    }

    /// Appends the one spelling of this frame to `out`: a `Vec<u8>` or a
    /// [`Buffer`](crate::buffer::Buffer). Nothing else is allocated, but for the lists of
    /// [`Register`] and [`Accepted`] and the capability of [`Deny`].
    ///
    /// Texts for a person are cut to [`TEXT`](crate::wire::bounds::TEXT) bytes; lists that must
    /// rise are sorted.
    pub fn encode<S: Sink>(&self, out: &mut S) {
        let mut writer = Writer::new(out);
        let parts = match self {
            Self::Hello(_) | Self::Authenticate(_) | Self::Welcome(_) | Self::Refresh(_) => 3,
            _ => 2,
        };
        writer.array(parts);
        writer.uint(self.number().into());
        match self {
            Self::Hello(frame) => frame.write(&mut writer),
            Self::Authenticate(frame) => frame.write(&mut writer),
            Self::Welcome(frame) => frame.write(&mut writer),
            Self::Refuse(frame) => frame.write(&mut writer),
            Self::Ping(frame) | Self::Pong(frame) => frame.write(&mut writer),
            Self::Register(frame) => frame.write(&mut writer),
            Self::Registered(frame) => frame.write(&mut writer),
            Self::Call(frame) => frame.write(&mut writer),
            Self::Accepted(frame) => frame.write(&mut writer),
            Self::Output(frame) => frame.write(&mut writer),
            Self::Result(frame) => frame.write(&mut writer),
            Self::Done(frame) => frame.write(&mut writer),
            Self::Cancel(frame) => frame.write(&mut writer),
            Self::Window(frame) => frame.write(&mut writer),
            Self::Input(frame) => frame.write(&mut writer),
            Self::Refresh(frame) => frame.write(&mut writer),
            Self::Refreshed(frame) => frame.write(&mut writer),
            Self::Deny(frame) => frame.write(&mut writer),
            Self::Goaway(frame) => frame.write(&mut writer),
            Self::Unknown(_) => writer.map(0),
        }
    }

    /// Whether a message is a Call, if it is a frame at all: nothing of it is read.
    pub(crate) fn is_call(message: &[u8]) -> bool {
        // An array of two, and 0x20 in its one spelling.
        message.starts_with(&[0x82, 0x18, 0x20])
    }

    /// How many bytes [`Frame::encode`] appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut length = Length::default();
        self.encode(&mut length);
        length.0
    }

    /// The frame's type on the wire.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.row().0
    }

    /// The frame's name in lower case, for logs and denials.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.row().1
    }

    fn row(&self) -> (u8, &'static str) {
        match self {
            Self::Hello(_) => (0x01, "hello"),
            Self::Authenticate(_) => (0x02, "authenticate"),
            Self::Welcome(_) => (0x03, "welcome"),
            Self::Refuse(_) => (0x04, "refuse"),
            Self::Ping(_) => (0x10, "ping"),
            Self::Pong(_) => (0x11, "pong"),
            Self::Register(_) => (0x12, "register"),
            Self::Registered(_) => (0x13, "registered"),
            Self::Call(_) => (0x20, "call"),
            Self::Accepted(_) => (0x21, "accepted"),
            Self::Output(_) => (0x22, "output"),
            Self::Result(_) => (0x23, "result"),
            Self::Done(_) => (0x24, "done"),
            Self::Cancel(_) => (0x25, "cancel"),
            Self::Window(_) => (0x26, "window"),
            Self::Input(_) => (0x27, "input"),
            Self::Refresh(_) => (0x40, "refresh"),
            Self::Refreshed(_) => (0x41, "refreshed"),
            Self::Deny(_) => (0x50, "deny"),
            Self::Goaway(_) => (0x51, "goaway"),
            Self::Unknown(number) => (*number, "unknown"),
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let parts = reader.array_of(3)?;
        reader.inside(|reader| Self::read_parts(parts, reader))
    }

    /// Reads the type and what follows it, of an array of `parts`.
    fn read_parts(parts: u64, reader: &mut Reader<'a>) -> Result<Self, WireError> {
        if parts == 0 {
            return Err(WireError::WrongLength);
        }
        let number = u8::try_from(reader.uint()?).map_err(|_| WireError::Range)?;
        let frame = match (number, parts) {
            (0x01, 3) => Self::Hello(Hello::read(reader)?),
            (0x02, 3) => Self::Authenticate(Authenticate::read(reader)?),
            (0x03, 3) => Self::Welcome(Welcome::read(reader)?),
            (0x04, 2) => Self::Refuse(Refuse::read(reader)?),
            (0x10, 2) => Self::Ping(Ping::read(reader)?),
            (0x11, 2) => Self::Pong(Ping::read(reader)?),
            (0x12, 2) => Self::Register(Register::read(reader)?),
            (0x13, 2) => Self::Registered(Registered::read(reader)?),
            (0x20, 2) => Self::Call(Call::read(reader)?),
            (0x21, 2) => Self::Accepted(Accepted::read(reader)?),
            (0x22, 2) => Self::Output(Output::read(reader)?),
            (0x23, 2) => Self::Result(CallResult::read(reader)?),
            (0x24, 2) => Self::Done(Done::read(reader)?),
            (0x25, 2) => Self::Cancel(Cancel::read(reader)?),
            (0x26, 2) => Self::Window(Window::read(reader)?),
            (0x27, 2) => Self::Input(Input::read(reader)?),
            (0x40, 3) => Self::Refresh(Refresh::read(reader)?),
            (0x41, 2) => Self::Refreshed(Refreshed::read(reader)?),
            (0x50, 2) => Self::Deny(Deny::read(reader)?),
            (0x51, 2) => Self::Goaway(Goaway::read(reader)?),
            (0x01..=0x04 | 0x10..=0x13 | 0x20..=0x27 | 0x40..=0x41 | 0x50..=0x51, _) => {
                return Err(WireError::WrongLength);
            }
            (..0x80, _) => return Err(WireError::UnknownFrame(number)),
            (0x80.., 2) => {
                reader.map(|body| body.skip())?;
                Self::Unknown(number)
            }
            (0x80.., 3) => {
                reader.bytes()?;
                reader.bytes()?;
                Self::Unknown(number)
            }
            (0x80.., _) => return Err(WireError::WrongLength),
        };
        Ok(frame)
    }
}

#[cfg(test)]
pub(crate) mod tests;
