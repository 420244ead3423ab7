//! Values that commands take and return: one CBOR item, kept as its checked bytes.
//!
//! Arguments and values are the only place where floats, booleans, negative integers and text keys
//! may stand. They are passed through a hub as they came, and read without a copy; [`ArgumentsBuf`]
//! and [`ValueBuf`] make new ones.

mod arguments;
mod build;
mod labels;

pub(super) use arguments::ArgumentsPart;
pub use arguments::{Arguments, Named};
pub use build::{ArgumentsBuf, ValueBuf, ValueError};
pub(super) use labels::write as write_labels;
pub use labels::{Labels, LabelsIter};

use crate::wire::error::WireError;
use crate::wire::read::{Head, Reader};

/// One checked CBOR item, borrowed: a scalar, an array, or a map with text keys, nested at most
/// [`VALUE_DEPTH`](crate::wire::bounds::VALUE_DEPTH) deep.
#[derive(Clone, Copy, PartialEq)]
pub struct Value<'a> {
    item: &'a [u8],
}

/// A scalar inside a [`Value`].
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A whole number, −2^63 … 2^64−1.
    Integer(i128),
    /// A number that is not whole, or was sent as a float; never NaN.
    Float(f64),
    /// True or false.
    Boolean(bool),
}

impl<'a> Value<'a> {
    /// Checks that `bytes` are one value and nothing else.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being the deterministic spelling of a value.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        Reader::whole(bytes, Self::read)
    }

    /// The encoded item.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.item
    }

    /// The scalar that this value is; `None` for an array or a map.
    #[must_use]
    pub fn scalar(&self) -> Option<Scalar<'a>> {
        let mut reader = Reader::unfinished(self.item);
        match reader.clone().head().ok()? {
            Head::Unsigned(value) => Some(Scalar::Integer(value.into())),
            Head::Negative(value) => Some(Scalar::Integer(value.into())),
            Head::Bytes(_) => reader.bytes().ok().map(Scalar::Bytes),
            Head::Text(_) => reader.text(usize::MAX).ok().map(Scalar::Text),
            Head::Boolean(value) => Some(Scalar::Boolean(value)),
            Head::Float(value) => Some(Scalar::Float(value)),
            Head::Array(_) | Head::Map(_) => None,
        }
    }

    /// The text that this value is, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        match self.scalar()? {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if this value is an array.
    #[must_use]
    pub fn items(&self) -> Option<Items<'a>> {
        let mut reader = Reader::unfinished(self.item);
        reader.array_of(usize::MAX).ok()?;
        Some(Items { reader })
    }

    /// The entries in the order of their encoded keys, if this value is a map.
    #[must_use]
    pub fn entries(&self) -> Option<Named<'a>> {
        let mut reader = Reader::unfinished(self.item);
        reader.map_of(usize::MAX).ok()?;
        Some(Named::new(reader))
    }

    /// The value of `key`, if this value is a map that has it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Self> {
        self.entries()?.find_map(|(name, value)| (name == key).then_some(value))
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.value().map(|item| Self { item })
    }
}

/// The elements of an array, or the positional arguments of a call.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    /// Stands before the next element; empty behind the last, because what is read is one
    /// container and nothing else.
    reader: Reader<'a>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;
    fn next(&mut self) -> Option<Value<'a>> {
        if self.reader.is_empty() {
            return None;
        }
        // The item was checked when the value was made, so this is never an error.
        Value::read(&mut self.reader).ok()
    }
}

impl core::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Value({} bytes)", self.item.len())
    }
}

/// Says the type, and of strings the length: values may be secret.
impl core::fmt::Debug for Scalar<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Integer(_) => f.write_str("Integer"),
            Self::Float(_) => f.write_str("Float"),
            Self::Boolean(_) => f.write_str("Boolean"),
        }
    }
}

#[cfg(test)]
mod tests;
