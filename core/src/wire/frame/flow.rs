//! Output, Input, Window, Cancel: what flows while a call runs.

use crate::id::{CallId, PeerId};
use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::write::{Sink, Writer};

/// Which of a command's outputs; the number is its spelling on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Source {
    /// 1: standard output.
    Out = 1,
    /// 2: standard error.
    Err = 2,
}

/// 0x22 `[0x22, {0: id, 1: peer, 2: source, 3: offset, 4: bytes}]`.
#[derive(Clone, Copy, PartialEq)]
pub struct Output<'a> {
    /// 0.
    pub id: CallId,
    /// 1: who wrote it.
    pub peer: PeerId,
    /// 2.
    pub source: Source,
    /// 3: where these bytes begin in this source, counted from 0.
    pub offset: u64,
    /// 4: at least one byte.
    pub bytes: &'a [u8],
}

/// 0x25 `[0x25, {0: id, 1: reason}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cancel<'a> {
    /// 0.
    pub id: CallId,
    /// 1: a sentence for a person; may be empty.
    pub reason: &'a str,
}

/// 0x26 `[0x26, {0: id, 1: bytes}]`: from a call's caller, credit for output; from the one who
/// runs it, credit for input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// 0.
    pub id: CallId,
    /// 1: bytes that may be sent in addition; at least one.
    pub bytes: u64,
}

/// 0x27 `[0x27, {0: id, 1: offset, 2: bytes, ? 3: end}]`.
#[derive(Clone, Copy, PartialEq)]
pub struct Input<'a> {
    /// 0.
    pub id: CallId,
    /// 1: where these bytes begin, counted from 0.
    pub offset: u64,
    /// 2: empty only with `end`.
    pub bytes: &'a [u8],
    /// 3: present, and `true`, where no more follows.
    pub end: bool,
}

impl Source {
    /// Both sources, in the order of their numbers.
    pub const ALL: &[Self] = &[Self::Out, Self::Err];

    /// The source of this number, if there is one.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.number() == number)
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u64 {
        self as u64
    }
}

impl<'a> Output<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            let id = CallId(body.required(0, Reader::uint)?);
            let peer = body.required(1, Reader::parsed)?;
            let source = body.required(2, Reader::uint)?;
            let source = Source::from_number(source).ok_or(WireError::Range)?;
            let offset = body.required(3, Reader::uint)?;
            let bytes = body.required(4, Reader::bytes)?;
            if bytes.is_empty() {
                return Err(WireError::Range);
            }
            Ok(Self { id, peer, source, offset, bytes })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(5);
        writer.uint(0);
        writer.uint(self.id.0);
        writer.uint(1);
        writer.text(self.peer.as_str());
        writer.uint(2);
        writer.uint(self.source.number());
        writer.uint(3);
        writer.uint(self.offset);
        writer.uint(4);
        writer.bytes(self.bytes);
    }
}

impl<'a> Cancel<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                id: CallId(body.required(0, Reader::uint)?),
                reason: body.required(1, |reader| reader.text(bounds::TEXT))?,
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(2);
        writer.uint(0);
        writer.uint(self.id.0);
        writer.uint(1);
        writer.sentence(self.reason);
    }
}

impl Window {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                id: CallId(body.required(0, Reader::uint)?),
                bytes: body.required(1, Reader::positive)?,
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(2);
        writer.uint(0);
        writer.uint(self.id.0);
        writer.uint(1);
        writer.uint(self.bytes);
    }
}

impl<'a> Input<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            let id = CallId(body.required(0, Reader::uint)?);
            let offset = body.required(1, Reader::uint)?;
            let bytes = body.required(2, Reader::bytes)?;
            let end = body.optional(3, Reader::flag)?.unwrap_or(false);
            if bytes.is_empty() && !end {
                return Err(WireError::Range);
            }
            Ok(Self { id, offset, bytes, end })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3 + usize::from(self.end));
        writer.uint(0);
        writer.uint(self.id.0);
        writer.uint(1);
        writer.uint(self.offset);
        writer.uint(2);
        writer.bytes(self.bytes);
        if self.end {
            writer.uint(3);
            writer.boolean(true);
        }
    }
}

impl core::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Output")
            .field("id", &self.id.0)
            .field("peer", &self.peer)
            .field("source", &self.source)
            .field("offset", &self.offset)
            .field("len", &self.bytes.len())
            .finish()
    }
}

impl core::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Input")
            .field("id", &self.id.0)
            .field("offset", &self.offset)
            .field("len", &self.bytes.len())
            .field("end", &self.end)
            .finish()
    }
}
