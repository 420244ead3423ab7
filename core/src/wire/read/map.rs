//! A map with unsigned keys, taken key by key.
//!
//! Frames ask for the keys they know in rising order, so one look at the next key tells what is
//! missing, what is unknown, and what is out of order. Nothing else looks at keys.

use crate::wire::error::WireError;
use crate::wire::read::Reader;

/// An open map with unsigned keys, standing behind the next key.
#[derive(Debug)]
pub(in crate::wire) struct Map<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// Entries whose key has not been read.
    left: u64,
    /// The key that has been read and whose value has not.
    next: Option<u64>,
}

impl<'r, 'a> Map<'r, 'a> {
    /// Opens a map of `count` entries, whose head has been read.
    pub(super) fn open(reader: &'r mut Reader<'a>, count: u64) -> Result<Self, WireError> {
        let mut map = Self { reader, left: count, next: None };
        map.advance()?;
        Ok(map)
    }

    /// The value of `key`.
    pub(in crate::wire) fn required<T>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        if self.is_next(key)? { self.value(read) } else { Err(WireError::MissingKey(key)) }
    }

    /// The value of `key`; where it is absent, the default.
    pub(in crate::wire) fn optional<T: Default>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        if self.is_next(key)? { self.value(read) } else { Ok(T::default()) }
    }

    /// Whether the next key is `key`, and not one before it, which nobody knows.
    fn is_next(&self, key: u64) -> Result<bool, WireError> {
        match self.next {
            Some(next) if next < key => Err(WireError::UnknownKey(next)),
            next => Ok(next == Some(key)),
        }
    }

    fn value<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        let value = read(self.reader)?;
        self.advance()?;
        Ok(value)
    }

    fn advance(&mut self) -> Result<(), WireError> {
        let last = self.next.take();
        if self.left > 0 {
            self.left -= 1;
            let key = self.reader.uint()?;
            if last.is_some_and(|last| key <= last) {
                return Err(WireError::KeyOrder);
            }
            self.next = Some(key);
        }
        Ok(())
    }

    /// Skips every key that is left: the body of a frame that this version does not know.
    pub(in crate::wire) fn skip(&mut self) -> Result<(), WireError> {
        while self.next.is_some() {
            self.reader.anything()?;
            self.advance()?;
        }
        Ok(())
    }

    /// Skips the keys that are left, which an older version must be able to do without.
    pub(super) fn end(&mut self) -> Result<(), WireError> {
        match self.next {
            // The keys rise, so all that follow are skippable too.
            Some(key) if key < SKIPPABLE => Err(WireError::UnknownKey(key)),
            _ => self.skip(),
        }
    }
}

/// The first key that an older version may skip. What may be skipped always stands at the end of a
/// map.
const SKIPPABLE: u64 = 0x80;
