//! Why bytes are not a frame.

use crate::code::Code;

/// Why bytes are not a frame, or not the one spelling of it.
///
/// The remote is told [`Code::ProtocolError`] and no more; the reason is for the operator. It
/// carries no content of the message beyond small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside an item.
    #[error("the bytes end inside an item")]
    Short,
    /// Something follows the item.
    #[error("bytes follow the end")]
    Trailing,
    /// An integer, a length or a float takes more bytes than it needs.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// An indefinite length, or its end mark.
    #[error("an indefinite length")]
    Indefinite,
    /// Additional information 28, 29 or 30 (RFC 8949 §3).
    #[error("a reserved initial byte")]
    Reserved,
    /// A tag.
    #[error("a tag")]
    Tag,
    /// Null, undefined, or another simple value that is neither true nor false.
    #[error("null, undefined or another simple value")]
    Simple,
    /// A float that is not a number.
    #[error("a float that is not a number")]
    NotANumber,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// Arrays and maps nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// The keys of a map do not rise, or one stands twice.
    #[error("the keys of a map do not rise")]
    KeyOrder,
    /// The elements of an ordered list do not rise, or one stands twice.
    #[error("the elements of a list do not rise")]
    ListOrder,
    /// A key below 0x80 that this version does not know.
    #[error("unknown key {0}")]
    UnknownKey(u64),
    /// A key that must be there is not.
    #[error("key {0} is missing")]
    MissingKey(u64),
    /// A known key that may not stand beside the others of this map.
    #[error("key {0} may not stand here")]
    MisplacedKey(u64),
    /// An item of another type than its place asks for.
    #[error("an item of the wrong type")]
    WrongType,
    /// An array or a byte string of a fixed length has another.
    #[error("an array or byte string of the wrong length")]
    WrongLength,
    /// More elements, or more bytes of text, than the bound of their place.
    #[error("more elements or bytes than allowed")]
    TooMany,
    /// A value that its place does not allow: an empty name, an unknown number, a malformed id.
    #[error("a value that is not allowed in its place")]
    Range,
    /// A frame's type below 0x80 that this version does not know.
    #[error("unknown frame type {0:#04x}")]
    UnknownFrame(u8),
}

impl WireError {
    /// What the remote may know.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::ProtocolError
    }
}

/// Why bytes are not a frame, and where that was noticed: for tools that show it to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}, at byte {at}")]
#[non_exhaustive]
pub struct FrameMisread {
    /// The reason.
    pub error: WireError,
    /// Where the item begins that was read last, counted from 0; for [`WireError::Trailing`], where
    /// the first byte too many stands. A key that is missing would have stood before this item.
    pub at: usize,
}
