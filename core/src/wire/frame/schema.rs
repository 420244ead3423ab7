//! The table of the frames as data: what a tool that shows them, and a test that holds the pages of
//! `spec/` to them, need to know.
//!
//! It follows from the same lines as the reader and the writer (`record!`), and
//! checks nothing by itself.

use core::fmt;

use crate::wire::error::FrameMisread;

/// A frame of this version.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FrameSchema {
    /// Type on the wire.
    pub number: u8,
    /// Name in lower case: its rule in `spec/bowline.cddl`.
    pub name: &'static str,
    /// End that sends it.
    pub sender: Sender,
    /// What follows the type.
    pub body: BodySchema,
}

/// The body of a frame.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BodySchema {
    /// Rule of the body in `spec/bowline.cddl`, where it has one of its own.
    pub rule: Option<&'static str>,
    /// Keys of the body, rising.
    pub fields: &'static [FieldSchema],
    /// Proof over the body; none where the body stands in the frame itself.
    pub proof: Option<ProofSchema>,
}

/// The end of a link that sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The hub alone.
    Hub,
    /// The peer alone.
    Peer,
    /// Either end.
    Both,
}

/// What proves a body that is carried in its exact bytes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProofSchema {
    /// Parts of the proof in their order, each with its length in bytes; the last ones may be
    /// absent.
    pub parts: &'static [(&'static str, usize)],
    /// Rule of the proof in `spec/bowline.cddl`.
    pub grammar: Grammar,
    /// Reader of the body, which says where an error was noticed.
    pub examine: fn(&[u8]) -> Result<(), FrameMisread>,
}

/// One key of a map.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldSchema {
    /// Key on the wire.
    pub key: u64,
    /// Whether the key may be absent.
    pub optional: bool,
    /// Name for a person.
    pub name: &'static str,
    /// Meaning of the value.
    pub kind: FieldKind,
    /// Type of the value in `spec/bowline.cddl`.
    pub grammar: Grammar,
}

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// A number that counts or names.
    Number,
    /// A number that chooses; what one means, if this version knows it.
    Choice(fn(u64) -> Option<&'static str>),
    /// A number of seconds after 1970.
    Date,
    /// A span in seconds.
    Seconds,
    /// A span in milliseconds.
    Millis,
    /// Text that has a grammar: an id, a name, a code.
    Name,
    /// Text that anyone may have written.
    Text,
    /// Bytes that identify something.
    Id,
    /// Bytes that are carried.
    Bytes,
    /// Bytes that let their holder in: not to be shown.
    Secret,
    /// A hub's identity key.
    Identity,
    /// Another Ed25519 key.
    Key,
    /// The hash of a TLS key.
    Pin,
    /// Present where something is so.
    Flag,
    /// A value of a command.
    Value,
    /// A map of text to text, or the name of a target.
    Labels,
    /// A list of one kind.
    List(&'static Self),
    /// A map with unsigned keys.
    Map(&'static [FieldSchema]),
}

/// A type of `spec/bowline.cddl`; printed as it stands there.
#[derive(Clone, Copy, Debug)]
pub enum Grammar {
    /// The name of a rule, or a type spelled out.
    Rule(&'static str),
    /// Text of so many bytes, from and to.
    Text(usize, usize),
    /// Bytes, so many of them, from and to.
    Bytes(usize, usize),
    /// An array of so many elements, from and to.
    List(usize, usize, &'static Self),
    /// A map of so many entries, from and to, with these keys and values.
    Map(usize, usize, &'static Self, &'static Self),
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => f.write_str(rule),
            Self::Text(least, most) => write!(f, "tstr .size ({least}..{most})"),
            Self::Bytes(least, most) if least == most => write!(f, "bstr .size {least}"),
            Self::Bytes(least, most) => write!(f, "bstr .size ({least}..{most})"),
            Self::List(least, most, element) => write!(f, "[{least}*{most} {element}]"),
            Self::Map(least, most, key, value) => {
                write!(f, "{{{least}*{most} {key} => {value}}}")
            }
        }
    }
}

impl FieldSchema {
    pub(in crate::wire) const fn required(
        key: u64,
        name: &'static str,
        kind: FieldKind,
        grammar: Grammar,
    ) -> Self {
        Self { key, optional: false, name, kind, grammar }
    }

    pub(in crate::wire) const fn optional(
        key: u64,
        name: &'static str,
        kind: FieldKind,
        grammar: Grammar,
    ) -> Self {
        Self { key, optional: true, name, kind, grammar }
    }
}
