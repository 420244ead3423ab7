//! The arguments of a call: an array of values and a map of text to value, as they came.

use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::value::{Items, Value};

/// The arguments of a call: an array of values, then a map of text to value, each checked; at most
/// [`bounds::ARGUMENTS`] together.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Arguments<'a> {
    /// The encoded array; no bytes where there are no positional arguments.
    positional: &'a [u8],
    /// The encoded map; no bytes where there are no named arguments.
    named: &'a [u8],
}

/// One of the two parts.
#[derive(Clone, Copy, Default, PartialEq)]
pub(in crate::wire) struct ArgumentsPart<'a> {
    item: &'a [u8],
    /// Number of arguments, where the part has just been read.
    count: u64,
}

impl<'a> Arguments<'a> {
    /// Checks an encoded array and an encoded map; either is no bytes at all where it has no
    /// elements.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being what a Call carries at its keys 3 and 4.
    pub fn parse(positional: &'a [u8], named: &'a [u8]) -> Result<Self, WireError> {
        let positional = match positional {
            [] => ArgumentsPart::default(),
            bytes => Reader::whole(bytes, Self::read_positional)?,
        };
        let named = match named {
            [] => ArgumentsPart::default(),
            bytes => Reader::whole(bytes, Self::read_named)?,
        };
        Self::join(positional, named)
    }

    /// The positional arguments, in order.
    #[must_use]
    pub fn positional(&self) -> Items<'a> {
        let mut reader = Reader::unfinished(self.positional);
        // No bytes have no head; the reader then stands at the end, which is right.
        let _ = reader.array_of(bounds::ARGUMENTS);
        Items { reader }
    }

    /// The named arguments, in the order of their encoded names (shorter names first).
    #[must_use]
    pub fn named(&self) -> Named<'a> {
        let mut reader = Reader::unfinished(self.named);
        // No bytes have no head; the reader then stands at the end, which is right.
        let _ = reader.map_of(bounds::ARGUMENTS);
        Named { reader }
    }

    /// Whether there is no argument at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positional.is_empty() && self.named.is_empty()
    }

    /// The encoded array and the encoded map, each no bytes where it has no elements.
    #[must_use]
    pub fn as_bytes(&self) -> (&'a [u8], &'a [u8]) {
        (self.positional, self.named)
    }

    /// Both parts.
    pub(in crate::wire) fn parts(&self) -> (ArgumentsPart<'a>, ArgumentsPart<'a>) {
        let part = |item| ArgumentsPart { item, count: 0 };
        (part(self.positional), part(self.named))
    }

    /// Bytes of both parts.
    pub(crate) fn len(&self) -> usize {
        self.positional.len() + self.named.len()
    }

    pub(in crate::wire) fn read_positional(
        reader: &mut Reader<'a>,
    ) -> Result<ArgumentsPart<'a>, WireError> {
        let mut count = 0;
        let item = reader.span(|reader| {
            count = reader.array_of(bounds::ARGUMENTS)?;
            (0..count).try_for_each(|_| Value::read(reader).map(drop))
        })?;
        ArgumentsPart::present(item, count)
    }

    pub(in crate::wire) fn read_named(
        reader: &mut Reader<'a>,
    ) -> Result<ArgumentsPart<'a>, WireError> {
        let mut count = 0;
        let item = reader.span(|reader| {
            count = reader.map_of(bounds::ARGUMENTS)?;
            reader.entries(
                count,
                |reader| reader.name().map(drop),
                |reader| Value::read(reader).map(drop),
            )
        })?;
        ArgumentsPart::present(item, count)
    }

    pub(in crate::wire) fn join(
        positional: ArgumentsPart<'a>,
        named: ArgumentsPart<'a>,
    ) -> Result<Self, WireError> {
        if positional.count + named.count > bounds::ARGUMENTS as u64 {
            return Err(WireError::TooMany);
        }
        Ok(Self { positional: positional.item, named: named.item })
    }

    /// Both parts, from whoever made them in the right form.
    pub(super) fn from_checked(positional: &'a [u8], named: &'a [u8]) -> Self {
        Self { positional, named }
    }
}

impl<'a> ArgumentsPart<'a> {
    /// The encoded array or map.
    pub(in crate::wire) fn as_bytes(&self) -> &'a [u8] {
        self.item
    }

    /// A part with nothing in it has no key; one spelling only.
    fn present(item: &'a [u8], count: u64) -> Result<Self, WireError> {
        if count == 0 { Err(WireError::Range) } else { Ok(Self { item, count }) }
    }
}

/// The entries of a map, or the named arguments of a call.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// Stands before the next name; empty behind the last entry.
    reader: Reader<'a>,
}

impl<'a> Named<'a> {
    pub(super) fn new(reader: Reader<'a>) -> Self {
        Self { reader }
    }
}

impl<'a> Iterator for Named<'a> {
    type Item = (&'a str, Value<'a>);
    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        // The map was checked when the value was made, so neither is ever an error.
        let name = self.reader.text(usize::MAX).ok()?;
        Some((name, Value::read(&mut self.reader).ok()?))
    }
}

impl core::fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Arguments({} bytes)", self.positional.len() + self.named.len())
    }
}
