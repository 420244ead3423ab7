//! Ping, Pong, Goaway: the life and the end of a link.

use crate::code::Code;
use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer};

/// 0x10 and 0x11 `[type, {0: token}]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// 0: the sender's; comes back in Pong.
    pub token: u64,
}

/// 0x51 `[0x51, {0: code, 1: text, ? 2: reconnect-after}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goaway<'a> {
    /// 0: the code's name; one that this version does not know is read as [`Code::GoingAway`].
    pub code: Code,
    /// 1: a sentence for a person; may be empty.
    pub text: &'a str,
    /// 2: seconds to wait before reconnecting.
    pub reconnect_after: Option<u64>,
}

impl Ping {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| Ok(Self { token: body.required(0, Reader::uint)? }))
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(1);
        writer.uint(0);
        writer.uint(self.token);
    }
}

impl<'a> Goaway<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                code: body.required(0, |reader| reader.code(Code::GoingAway))?,
                text: body.required(1, |reader| reader.text(bounds::TEXT))?,
                reconnect_after: body.optional(2, Reader::uint)?,
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(2 + usize::from(self.reconnect_after.is_some()));
        writer.uint(0);
        writer.text(self.code.name());
        writer.uint(1);
        writer.sentence(self.text);
        if let Some(seconds) = self.reconnect_after {
            writer.uint(2);
            writer.uint(seconds);
        }
    }
}
