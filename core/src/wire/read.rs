//! The strict reader: a cursor over one message that takes only the deterministic spelling.
//!
//! Every rule of form is held here and nowhere else: shortest numbers, definite lengths, no tags
//! and no null in [`Reader::head`]; rising, known and complete keys in [`Map`]; depth where values
//! and unknown keys are passed over; the end in [`Reader::whole`]. The frames say only which key
//! holds what. Nothing is copied: text and bytes are lent from the message.
//!
//! It does not know frames, and it builds no tree. Recursion is bounded by [`bounds::DEPTH`].

mod map;

pub(super) use map::Map;

use core::str::FromStr;

use crate::code::{Code, Use};
use crate::wire::bounds;
use crate::wire::error::{FrameMisread, WireError};
use crate::wire::float::{self, Shortest};

/// What is left of a message, and how many arrays and maps are open around it.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
    /// How much was left before the item that was begun last: where an error is noticed.
    item: usize,
}

/// The start of an item; of strings and containers, the length.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    Unsigned(u64),
    Negative(i64),
    Bytes(u64),
    Text(u64),
    Array(u64),
    Map(u64),
    Boolean(bool),
    Float(f64),
}

/// What the keys of a map inside an item may be.
#[derive(Clone, Copy, Debug)]
enum Keys {
    /// Text: what commands take and return.
    Text,
    /// Text or unsigned integers: whatever a newer version may have put there.
    Any,
}

// spec: frames §2.
impl<'a> Reader<'a> {
    /// Reads all of `bytes` as what `read` makes of them.
    pub(super) fn whole<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        Self::located(bytes, read).map_err(|misread| misread.error)
    }

    /// As [`Reader::whole`], and says where an error was noticed.
    pub(super) fn located<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<T, FrameMisread> {
        let mut reader = Self::unfinished(bytes);
        let read = read(&mut reader);
        let at = |left: usize| bytes.len().saturating_sub(left);
        match read {
            Ok(value) if reader.rest.is_empty() => Ok(value),
            Ok(_) => Err(FrameMisread { error: WireError::Trailing, at: at(reader.rest.len()) }),
            Err(error) => Err(FrameMisread { error, at: at(reader.item) }),
        }
    }

    /// A reader that may stop before the end of `bytes`.
    pub(super) fn unfinished(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, depth: 0, item: bytes.len() }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The start of the next item.
    pub(super) fn head(&mut self) -> Result<Head, WireError> {
        self.item = self.rest.len();
        let [initial] = self.fixed()?;
        let (major, info) = (initial >> 5, initial & 0x1F);
        if major == 7 {
            return self.simple_or_float(info);
        }
        let argument = self.argument(info)?;
        match major {
            0 => Ok(Head::Unsigned(argument)),
            1 => {
                let magnitude = i64::try_from(argument).map_err(|_| WireError::Range)?;
                Ok(Head::Negative(-1 - magnitude))
            }
            2 => Ok(Head::Bytes(argument)),
            3 => Ok(Head::Text(argument)),
            4 => Ok(Head::Array(argument)),
            5 => Ok(Head::Map(argument)),
            _ => Err(WireError::Tag),
        }
    }

    /// An unsigned integer.
    pub(super) fn uint(&mut self) -> Result<u64, WireError> {
        let Head::Unsigned(value) = self.head()? else { return Err(WireError::WrongType) };
        Ok(value)
    }

    /// An unsigned integer that is not zero.
    pub(super) fn positive(&mut self) -> Result<u64, WireError> {
        match self.uint()? {
            0 => Err(WireError::Range),
            value => Ok(value),
        }
    }

    /// A signed integer.
    pub(super) fn int(&mut self) -> Result<i64, WireError> {
        match self.head()? {
            Head::Unsigned(value) => i64::try_from(value).map_err(|_| WireError::Range),
            Head::Negative(value) => Ok(value),
            _ => Err(WireError::WrongType),
        }
    }

    /// A flag, which is `true` where it is present.
    pub(super) fn flag(&mut self) -> Result<bool, WireError> {
        match self.head()? {
            Head::Boolean(true) => Ok(true),
            Head::Boolean(false) => Err(WireError::Range),
            _ => Err(WireError::WrongType),
        }
    }

    /// Bytes.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let Head::Bytes(len) = self.head()? else { return Err(WireError::WrongType) };
        self.take(len)
    }

    /// Exactly `N` bytes.
    pub(super) fn exact<const N: usize>(&mut self) -> Result<&'a [u8; N], WireError> {
        self.bytes()?.try_into().map_err(|_| WireError::WrongLength)
    }

    /// Text of at most `most` bytes.
    pub(super) fn text(&mut self, most: usize) -> Result<&'a str, WireError> {
        let Head::Text(len) = self.head()? else { return Err(WireError::WrongType) };
        if len > most as u64 {
            return Err(WireError::TooMany);
        }
        self.utf8(len)
    }

    /// Text of 1 to [`bounds::NAME`] bytes.
    pub(super) fn name(&mut self) -> Result<&'a str, WireError> {
        let name = self.text(bounds::NAME)?;
        if name.is_empty() { Err(WireError::Range) } else { Ok(name) }
    }

    /// A name that is a `T`.
    pub(super) fn parsed<T: FromStr>(&mut self) -> Result<T, WireError> {
        self.name()?.parse().map_err(|_| WireError::Range)
    }

    /// A code; one that this version does not know, or that is never sent, reads as `catch_all`,
    /// so that a newer hub may say more than an older peer can tell apart.
    pub(super) fn code(&mut self, catch_all: Code) -> Result<Code, WireError> {
        let code = self.name()?.parse().unwrap_or(catch_all);
        Ok(if code.row().used_in == Use::Local { catch_all } else { code })
    }

    /// A list of at most `most` elements.
    pub(super) fn list<T>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let count = self.array_of(most)?;
        let mut elements = Vec::new();
        self.inside(|reader| {
            for _ in 0..count {
                elements.push(read(reader)?);
            }
            Ok(elements)
        })
    }

    /// A list of at most `most` elements that rise.
    pub(super) fn rising<T: PartialOrd>(
        &mut self,
        most: usize,
        read: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let elements = self.list(most, read)?;
        if elements.is_sorted_by(|a, b| a < b) { Ok(elements) } else { Err(WireError::ListOrder) }
    }

    /// The start of an array of at most `most` items; how many it has.
    pub(super) fn array_of(&mut self, most: usize) -> Result<u64, WireError> {
        match self.head()? {
            Head::Array(count) if count > most as u64 => Err(WireError::TooMany),
            Head::Array(count) => Ok(count),
            _ => Err(WireError::WrongType),
        }
    }

    /// The start of a map of at most `most` entries; how many it has.
    pub(super) fn map_of(&mut self, most: usize) -> Result<u64, WireError> {
        match self.head()? {
            Head::Map(count) if count > most as u64 => Err(WireError::TooMany),
            Head::Map(count) => Ok(count),
            _ => Err(WireError::WrongType),
        }
    }

    /// A map with unsigned keys. `read` takes the keys that it knows, in rising order; what it
    /// leaves must be of 0x80 and above, and is skipped.
    pub(super) fn map<T>(
        &mut self,
        read: impl FnOnce(&mut Map<'_, 'a>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        let count = self.map_of(usize::MAX)?;
        self.inside(|reader| {
            let mut map = Map::open(reader, count)?;
            let value = read(&mut map)?;
            map.end()?;
            Ok(value)
        })
    }

    /// Reads what an array or map holds, one level deeper. Frames nest seven deep by themselves;
    /// only what they leave to others can go deeper, and that is bounded where it is skipped.
    pub(super) fn inside<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// The bytes of whatever `read` takes.
    pub(super) fn span(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), WireError>,
    ) -> Result<&'a [u8], WireError> {
        let before = self.rest;
        read(self)?;
        // A reader only moves forward, so this is never short.
        before.get(..before.len() - self.rest.len()).ok_or(WireError::Short)
    }

    /// One value of a command: any item with text keys; its bytes.
    pub(super) fn value(&mut self) -> Result<&'a [u8], WireError> {
        self.span(|reader| reader.skip(Keys::Text, bounds::VALUE_DEPTH))
    }

    /// `count` entries whose keys rise in the order of their encoding (RFC 8949 §4.2.1).
    pub(super) fn entries(
        &mut self,
        count: u64,
        mut key: impl FnMut(&mut Self) -> Result<(), WireError>,
        mut value: impl FnMut(&mut Self) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        let mut last: &[u8] = &[];
        for _ in 0..count {
            let spelled = self.span(&mut key)?;
            if spelled <= last {
                return Err(WireError::KeyOrder);
            }
            last = spelled;
            value(self)?;
        }
        Ok(())
    }

    /// The byte string that comes; none where something else does, which is skipped.
    pub(super) fn bytes_if_any(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        let item = self.span(Self::anything)?;
        Ok(Self::unfinished(item).bytes().ok())
    }

    /// The unsigned number that comes; none where something else does, which is skipped.
    pub(super) fn uint_if_any(&mut self) -> Result<Option<u64>, WireError> {
        let item = self.span(Self::anything)?;
        Ok(Self::unfinished(item).uint().ok())
    }

    /// The text that comes; none where something else does, which is skipped.
    pub(super) fn text_if_any(&mut self) -> Result<Option<&'a str>, WireError> {
        let item = self.span(Self::anything)?;
        Ok(Self::unfinished(item).text(bounds::TEXT).ok())
    }

    /// One item of any type, whatever it is, inside the arrays and maps that are open.
    fn anything(&mut self) -> Result<(), WireError> {
        self.skip(Keys::Any, bounds::DEPTH.saturating_sub(self.depth))
    }

    fn skip(&mut self, keys: Keys, room: usize) -> Result<(), WireError> {
        match self.head()? {
            Head::Unsigned(_) | Head::Negative(_) | Head::Boolean(_) | Head::Float(_) => Ok(()),
            Head::Bytes(len) => self.take(len).map(drop),
            Head::Text(len) => self.utf8(len).map(drop),
            Head::Array(count) => {
                let room = room.checked_sub(1).ok_or(WireError::TooDeep)?;
                (0..count).try_for_each(|_| self.skip(keys, room))
            }
            Head::Map(count) => {
                let room = room.checked_sub(1).ok_or(WireError::TooDeep)?;
                self.entries(count, |reader| reader.key(keys), |reader| reader.skip(keys, room))
            }
        }
    }

    fn key(&mut self, keys: Keys) -> Result<(), WireError> {
        match (self.head()?, keys) {
            (Head::Text(len), _) => self.utf8(len).map(drop),
            (Head::Unsigned(_), Keys::Any) => Ok(()),
            _ => Err(WireError::WrongType),
        }
    }

    /// The argument of an initial byte (RFC 8949 §3), in its shortest form.
    fn argument(&mut self, info: u8) -> Result<u64, WireError> {
        let (argument, least) = match info {
            ..24 => return Ok(u64::from(info)),
            24 => (u64::from(u8::from_be_bytes(self.fixed()?)), 24),
            25 => (u64::from(u16::from_be_bytes(self.fixed()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.fixed()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.fixed()?), 1 << 32),
            31 => return Err(WireError::Indefinite),
            _ => return Err(WireError::Reserved),
        };
        if argument < least { Err(WireError::NotShortest) } else { Ok(argument) }
    }

    fn simple_or_float(&mut self, info: u8) -> Result<Head, WireError> {
        let (value, form) = match info {
            20 => return Ok(Head::Boolean(false)),
            21 => return Ok(Head::Boolean(true)),
            25 => {
                let bits = u16::from_be_bytes(self.fixed()?);
                (float::from_half(bits), Shortest::Half(bits))
            }
            26 => {
                let bits = u32::from_be_bytes(self.fixed()?);
                (f64::from(f32::from_bits(bits)), Shortest::Single(bits))
            }
            27 => {
                let bits = u64::from_be_bytes(self.fixed()?);
                (f64::from_bits(bits), Shortest::Double(bits))
            }
            28..=30 => return Err(WireError::Reserved),
            31 => return Err(WireError::Indefinite),
            _ => return Err(WireError::Simple),
        };
        if value.is_nan() {
            return Err(WireError::NotANumber);
        }
        if Shortest::of(value) == form {
            Ok(Head::Float(value))
        } else {
            Err(WireError::NotShortest)
        }
    }

    fn utf8(&mut self, len: u64) -> Result<&'a str, WireError> {
        core::str::from_utf8(self.take(len)?).map_err(|_| WireError::Utf8)
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], WireError> {
        let len = usize::try_from(len).map_err(|_| WireError::Short)?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(*taken)
    }
}

/// Says how much is left, never what: it may be secret.
impl core::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Reader({} bytes)", self.rest.len())
    }
}
