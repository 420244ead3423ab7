//! Values that commands take and return: one CBOR item, kept as its checked bytes.
//!
//! Arguments and values are the only place where floats, booleans, negative integers and text keys
//! may stand. They are passed through a hub as they came.

/// One checked CBOR item, borrowed.
#[derive(Clone, Copy, PartialEq)]
pub struct Value<'a> {
    item: &'a [u8],
}

/// The arguments of a call: an array of values, then a map of text to value, each checked.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Arguments<'a> {
    positional: &'a [u8],
    named: &'a [u8],
}

/// Label tests: a checked map of text to text, not empty.
#[derive(Clone, Copy, PartialEq)]
pub struct Labels<'a> {
    map: &'a [u8],
}

/// A scalar inside a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq)]
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

impl core::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Value({} bytes)", self.item.len())
    }
}

impl core::fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Arguments({} bytes)", self.positional.len() + self.named.len())
    }
}

impl core::fmt::Debug for Labels<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Labels({} bytes)", self.map.len())
    }
}
