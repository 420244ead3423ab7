//! Output, Input, Window, Cancel: what flows while a call runs.

use crate::id::{CallId, PeerId};
use crate::wire::frame::codec::{Payload, PayloadOrNone, Positive};
use crate::wire::frame::table::*;

numbered! {
    /// Which of a command's outputs.
    pub enum OutputStream {
        /// Standard output.
        Out = 1 "standard output",
        /// Standard error.
        Err = 2 "standard error",
    }
}

codec!(
    OutputStream,
    Self::KIND,
    Grammar::Rule("1 / 2"),
    |r| Self::from_number(r.uint()?).ok_or(WireError::Range),
    |source, w| w.uint(source.number()),
);

record! {
    /// Bytes that a command wrote.
    #[derive(Clone, Copy, PartialEq)]
    pub struct Output<'a> {
        /// Call that the command runs for.
        0 required "call" id: CallId,
        /// Peer that the command runs on.
        1 required "peer" peer: PeerId,
        /// Output that the command wrote to.
        2 required "source" source: OutputStream,
        /// Place in this source where these bytes begin, counted from 0.
        3 required "offset" offset: u64,
        /// Bytes, at least one.
        4 required "bytes" bytes: &'a [u8] as Payload,
    }
}

record! {
    /// The end of a call, from its caller.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Cancel<'a> {
        /// Call that is to end.
        0 required "call" id: CallId,
        /// Sentence for a person; may be empty.
        1 required "reason" reason: &'a str,
    }
}

record! {
    /// From a call's caller, credit for output; from the one who runs it, credit for input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Window {
        /// Call that the credit is for.
        0 required "call" id: CallId,
        /// Bytes that may be sent in addition; at least one.
        1 required "more bytes" bytes: u64 as Positive,
    }
}

record! {
    /// Bytes for a command's standard input.
    #[derive(Clone, Copy, PartialEq)]
    pub struct Input<'a> {
        /// Call that the command runs for.
        0 required "call" id: CallId,
        /// Place where these bytes begin, counted from 0.
        1 required "offset" offset: u64,
        /// Bytes; none only with `end`.
        2 required "bytes" bytes: &'a [u8] as PayloadOrNone,
        /// Whether no more follows.
        3 optional "end" end: bool,
    }
    where |input| !input.bytes.is_empty() || input.end
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
