//! The table of the frames: a line for each, and beside it a file for each family.
//!
//! A family's file has a line for each key: what it holds, how that is spelled, what it is called.
//! From these lines follow the types, the reader, the writer and the schema that tools show
//! ([`Frame::TABLE`]). What comes in is the bytes of one message; what goes out is appended to
//! whatever the caller sends from.

pub mod admission;
pub mod call;
mod codec;
#[cfg(test)]
pub(crate) mod count;
pub mod flow;
pub mod life;
pub mod outcome;
mod proved;
pub mod register;
pub mod renewal;
pub mod schema;
mod table;

pub use admission::{
    AuthBody, Authenticate, Hello, HelloBody, Issued, Method, Purpose, Refuse, SessionLimits,
    Welcome, WelcomeBody,
};
pub use call::{Accepted, Call, Delivery, Target};
pub use flow::{Cancel, Input, Output, OutputStream, Window};
pub use life::{Goaway, Ping};
pub use outcome::{CallResult, Deny, Done, Status};
pub use register::{Argument, ArgumentKind, Command, Register, Registered};
pub use renewal::{Refresh, RefreshBody, Refreshed};

use crate::wire::error::{FrameMisread, WireError};
use crate::wire::read::Reader;
use crate::wire::write::{Length, Sink, Writer};

use schema::{FrameSchema, Sender};
use table::Body;

/// The enum of the frames. A line is a type on the wire, a name, the end that sends it, and the
/// variant with its body.
macro_rules! frames {
    (
        $(#[$meta:meta])*
        pub enum Frame<'a> {
            $(
                $(#[$doc:meta])*
                $number:literal $name:literal $sender:ident $variant:ident($body:ty),
            )*
        }
    ) => {
        $(#[$meta])*
        pub enum Frame<'a> {
            $(
                #[doc = concat!(stringify!($number), ": ")]
                $(#[$doc])*
                $variant($body),
            )*
            /// A type of 0x80 or above that this version does not know; to be ignored.
            Unknown(u8),
        }

        impl<'a> Frame<'a> {
            /// Every frame of this version, in the order of their types.
            pub const TABLE: &'static [FrameSchema] = &[$(FrameSchema {
                number: $number,
                name: $name,
                sender: Sender::$sender,
                body: <$body as Body<'a>>::SCHEMA,
            }),*];

            /// The frame's type on the wire.
            #[must_use]
            pub fn number(&self) -> u8 {
                match self {
                    $(Self::$variant(_) => $number,)*
                    Self::Unknown(number) => *number,
                }
            }

            /// The frame's name in lower case, for logs and denials.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    Self::Unknown(_) => "unknown",
                }
            }

            fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
                match self {
                    $(Self::$variant(body) => {
                        writer.array(<$body as Body<'a>>::PARTS);
                        writer.uint($number);
                        <$body as Body<'a>>::write_body(body, writer);
                    })*
                    Self::Unknown(number) => {
                        writer.array(2);
                        writer.uint((*number).into());
                        writer.map(0);
                    }
                }
            }

            /// Reads the type and what follows it, of an array of `parts`.
            fn read_parts(parts: u64, reader: &mut Reader<'a>) -> Result<Self, WireError> {
                if parts == 0 {
                    return Err(WireError::WrongLength);
                }
                match u8::try_from(reader.uint()?).map_err(|_| WireError::Range)? {
                    $($number if parts == <$body as Body<'a>>::PARTS as u64 => {
                        <$body as Body<'a>>::read_body(reader).map(Self::$variant)
                    })*
                    $($number)|* => Err(WireError::WrongLength),
                    number @ ..0x80 => Err(WireError::UnknownFrame(number)),
                    number => Self::skip_parts(parts, reader).map(|()| Self::Unknown(number)),
                }
            }
        }
    };
}

frames! {
    /// One message.
    ///
    /// Payloads, texts and proved bodies borrow from the message; nothing of the steady path
    /// allocates.
    #[derive(Clone, Debug, PartialEq)]
    #[non_exhaustive]
    pub enum Frame<'a> {
        /// who the hub is, and the nonce that everything later is bound to.
        0x01 "hello" Hub Hello(Hello<'a>),
        /// who the peer is, and the proof.
        0x02 "authenticate" Peer Authenticate(Authenticate<'a>),
        /// admitted, with the hub's own proof.
        0x03 "welcome" Hub Welcome(Welcome<'a>),
        /// not admitted.
        0x04 "refuse" Hub Refuse(Refuse<'a>),
        /// asks for a Pong with the same token.
        0x10 "ping" Both Ping(Ping),
        /// the answer.
        0x11 "pong" Both Pong(Ping),
        /// the commands that the sender serves.
        0x12 "register" Both Register(Register),
        /// they are known.
        0x13 "registered" Both Registered(Registered),
        /// run a command.
        0x20 "call" Both Call(Call<'a>),
        /// which peers a call went to.
        0x21 "accepted" Hub Accepted(Accepted),
        /// bytes that a command wrote.
        0x22 "output" Both Output(Output<'a>),
        /// how a call ended on one peer.
        0x23 "result" Both Result(CallResult<'a>),
        /// every target has answered.
        0x24 "done" Hub Done(Done),
        /// end a call.
        0x25 "cancel" Both Cancel(Cancel<'a>),
        /// more bytes of output or input may be sent.
        0x26 "window" Both Window(Window),
        /// bytes for a command's standard input.
        0x27 "input" Both Input(Input<'a>),
        /// new credentials, please.
        0x40 "refresh" Peer Refresh(Refresh<'a>),
        /// here they are.
        0x41 "refreshed" Hub Refreshed(Refreshed),
        /// a request was denied; the link goes on.
        0x50 "deny" Hub Deny(Deny<'a>),
        /// the link ends.
        0x51 "goaway" Both Goaway(Goaway<'a>),
    }
}

impl<'a> Frame<'a> {
    /// Reads one message. Nothing is copied but what [`Register`] and [`Accepted`] list.
    ///
    /// # Errors
    ///
    /// Whatever keeps the bytes from being the one spelling of a frame of this version
    /// (`spec/frames.md`). A frame of an unknown type of 0x80 and above is [`Frame::Unknown`].
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        #[cfg(test)]
        count::decoded();
        Reader::whole(message, Self::read)
    }

    /// As [`Frame::decode`], and says where an error was noticed.
    ///
    /// # Errors
    ///
    /// [`FrameMisread`].
    pub fn examine(message: &'a [u8]) -> Result<Self, FrameMisread> {
        Reader::located(message, Self::read)
    }

    /// Appends the one spelling of this frame to `out`: a `Vec<u8>` or a
    /// [`Buffer`](crate::buffer::Buffer). Nothing else is allocated, but for the lists of
    /// [`Register`] and [`Accepted`] and the capability of [`Deny`].
    ///
    /// Texts for a person are cut to [`TEXT`](crate::wire::bounds::TEXT) bytes; lists that must
    /// rise are sorted.
    pub fn encode<S: Sink>(&self, out: &mut S) {
        #[cfg(test)]
        count::encoded();
        self.write(&mut Writer::new(out));
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

    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let parts = reader.array_of(3)?;
        reader.inside(|reader| Self::read_parts(parts, reader))
    }

    /// Passes over what follows the type of a frame that this version does not know.
    fn skip_parts(parts: u64, reader: &mut Reader<'a>) -> Result<(), WireError> {
        match parts {
            2 => reader.map(|body| body.skip()),
            3 => reader.bytes().and_then(|_| reader.bytes()).map(drop),
            _ => Err(WireError::WrongLength),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
