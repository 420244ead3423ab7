//! Labels: a map of text to text.

use std::collections::BTreeMap;

use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::value::ValueError;
use crate::wire::write::{Sink, Writer, written};

/// Label tests: a checked map of text to text, not empty, at most [`bounds::LABELS`] entries; keys
/// of 1 to [`bounds::NAME`] bytes, values of at most [`bounds::TEXT`].
#[derive(Clone, Copy, PartialEq)]
pub struct Labels<'a> {
    map: &'a [u8],
}

impl<'a> Labels<'a> {
    /// Checks an encoded map.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being the deterministic spelling of labels.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        Reader::whole(bytes, Self::read)
    }

    /// The encoded map of `labels`, to be read with [`Labels::parse`].
    ///
    /// # Errors
    ///
    /// None at all or too many of them; a key or a value that is too long, or an empty key.
    pub fn encode(labels: &BTreeMap<String, String>) -> Result<Vec<u8>, ValueError> {
        if labels.is_empty() || labels.len() > bounds::LABELS {
            return Err(ValueError::TooMany);
        }
        if labels.keys().any(|key| key.is_empty() || key.len() > bounds::NAME) {
            return Err(ValueError::Name);
        }
        if labels.values().any(|value| value.len() > bounds::TEXT) {
            return Err(ValueError::Range);
        }
        Ok(written(|writer| write(labels, writer)))
    }

    /// The labels, in the order of their encoded keys (shorter keys first).
    #[must_use]
    pub fn iter(&self) -> LabelsIter<'a> {
        let mut reader = Reader::unfinished(self.map);
        // The map was checked when the labels were made, so this is never an error.
        let _ = reader.map_of(bounds::LABELS);
        LabelsIter { reader }
    }

    /// The encoded map.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.map
    }

    pub(in crate::wire) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let map = reader.span(|reader| {
            let count = reader.map_of(bounds::LABELS)?;
            if count == 0 {
                return Err(WireError::Range);
            }
            reader.entries(
                count,
                |reader| reader.name().map(drop),
                |reader| reader.text(bounds::TEXT).map(drop),
            )
        })?;
        Ok(Self { map })
    }
}

/// Writes `labels` in the order of their encoded keys.
pub(in crate::wire) fn write<S: Sink>(
    labels: &BTreeMap<String, String>,
    writer: &mut Writer<'_, S>,
) {
    let mut ordered: Vec<(&String, &String)> = labels.iter().collect();
    ordered.sort_by_key(|(key, _)| (key.len(), *key));
    writer.map(ordered.len());
    for (key, value) in ordered {
        writer.text(key);
        writer.text(value);
    }
}

impl<'a> IntoIterator for Labels<'a> {
    type Item = (&'a str, &'a str);
    type IntoIter = LabelsIter<'a>;
    fn into_iter(self) -> LabelsIter<'a> {
        self.iter()
    }
}

/// The entries of [`Labels`].
#[derive(Clone, Debug)]
pub struct LabelsIter<'a> {
    /// Stands before the next key; empty behind the last entry.
    reader: Reader<'a>,
}

impl<'a> Iterator for LabelsIter<'a> {
    type Item = (&'a str, &'a str);
    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        // The map was checked when the labels were made, so neither is ever an error.
        let key = self.reader.text(bounds::NAME).ok()?;
        Some((key, self.reader.text(bounds::TEXT).ok()?))
    }
}

impl core::fmt::Debug for Labels<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Labels({} bytes)", self.map.len())
    }
}
