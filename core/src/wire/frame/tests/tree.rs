//! CBOR as a loose tree, read and written by minicbor: an oracle that shares no code with the
//! reader, and a way to spell things wrong.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Uint(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    /// Bytes as they stand: whatever nothing here looks into, and whatever is spelled wrong.
    Raw(Vec<u8>),
}

impl Item {
    /// Reads one item that the frame reader has accepted.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut decoder = Decoder::new(bytes);
        let item = Self::read(&mut decoder);
        assert_eq!(decoder.position(), bytes.len());
        item
    }

    fn read(decoder: &mut Decoder<'_>) -> Self {
        match decoder.datatype().unwrap() {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => Self::Uint(decoder.u64().unwrap()),
            Type::Bytes => Self::Bytes(decoder.bytes().unwrap().to_vec()),
            Type::String => Self::Text(decoder.str().unwrap().to_owned()),
            Type::Array => {
                let count = decoder.array().unwrap().unwrap();
                Self::Array((0..count).map(|_| Self::read(decoder)).collect())
            }
            Type::Map => {
                let count = decoder.map().unwrap().unwrap();
                Self::Map((0..count).map(|_| (Self::read(decoder), Self::read(decoder))).collect())
            }
            _ => {
                let start = decoder.position();
                decoder.skip().unwrap();
                Self::Raw(decoder.input()[start..decoder.position()].to_vec())
            }
        }
    }

    /// The bytes, in the order and with the mistakes that the tree has.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut encoder = Encoder::new(&mut *out);
        match self {
            Self::Uint(value) => drop(encoder.u64(*value).unwrap()),
            Self::Bytes(bytes) => drop(encoder.bytes(bytes).unwrap()),
            Self::Text(text) => drop(encoder.str(text).unwrap()),
            Self::Array(elements) => {
                encoder.array(elements.len() as u64).unwrap();
                elements.iter().for_each(|element| element.write(out));
            }
            Self::Map(entries) => {
                encoder.map(entries.len() as u64).unwrap();
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }

    /// Every tree that differs from this one in a single place, as `change` says for that place.
    pub(super) fn changed(&self, change: &dyn Fn(&Self) -> Vec<Self>) -> Vec<Self> {
        self.changed_inside(0, &|item, _| change(item))
    }

    /// The same, where `change` is told how many arrays and maps stand around the place; around
    /// this tree stand `depth`.
    pub(super) fn changed_inside(
        &self,
        depth: usize,
        change: &dyn Fn(&Self, usize) -> Vec<Self>,
    ) -> Vec<Self> {
        let mut trees = change(self, depth);
        match self {
            Self::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    for other in element.changed_inside(depth + 1, change) {
                        let mut elements = elements.clone();
                        elements[at] = other;
                        trees.push(Self::Array(elements));
                    }
                }
            }
            Self::Map(entries) => {
                for (at, (key, value)) in entries.iter().enumerate() {
                    for other in key.changed_inside(depth + 1, change) {
                        let mut entries = entries.clone();
                        entries[at].0 = other;
                        trees.push(Self::Map(entries));
                    }
                    for other in value.changed_inside(depth + 1, change) {
                        let mut entries = entries.clone();
                        entries[at].1 = other;
                        trees.push(Self::Map(entries));
                    }
                }
            }
            Self::Uint(_) | Self::Bytes(_) | Self::Text(_) | Self::Raw(_) => {}
        }
        trees
    }

    /// The entries of a map with unsigned keys.
    pub(super) fn fields(&self) -> Option<&Vec<(Self, Self)>> {
        match self {
            Self::Map(entries) if matches!(entries.first(), Some((Self::Uint(_), _))) => {
                Some(entries)
            }
            _ => None,
        }
    }

    /// The value of `key`, in a map with unsigned keys.
    pub(super) fn field(&self, key: u64) -> Option<&Self> {
        self.fields()?.iter().find_map(|(k, value)| (*k == Self::Uint(key)).then_some(value))
    }

    /// Whether a map anywhere in this has an unsigned key of 0x80 and above.
    pub(super) fn has_high_key(&self) -> bool {
        match self {
            Self::Array(elements) => elements.iter().any(Self::has_high_key),
            Self::Map(entries) => entries
                .iter()
                .any(|(key, value)| matches!(key, Self::Uint(0x80..)) || value.has_high_key()),
            Self::Uint(_) | Self::Bytes(_) | Self::Text(_) | Self::Raw(_) => false,
        }
    }
}
