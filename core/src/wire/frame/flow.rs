//! Output, Input, Window, Cancel: what flows while a call runs.

use crate::id::{CallId, PeerId};

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
