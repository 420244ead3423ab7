//! Lists that may be longer than one answer: each page says what the next one goes on behind.

use core::fmt;
use core::marker::PhantomData;

use crate::control::ControlRequest;
use crate::control::field::{FieldMisread, FieldType, Item};
use crate::wire::value::{Value, ValueBuf, ValueError};

/// Bytes of one page, beyond which the rest is left for the next (256 KiB).
pub const PAGE: usize = 256 << 10;

/// A part of a list. Its entries are kept as they came, and read one by one.
#[derive(Clone, PartialEq)]
pub struct Page<T> {
    entries: Vec<ValueBuf>,
    of: PhantomData<fn() -> T>,
}

impl<T: Item> Page<T> {
    /// As many of `items`, from the first, as begin within [`PAGE`] bytes.
    ///
    /// # Errors
    /// As [`Item::to_value`].
    pub fn fill(items: impl IntoIterator<Item = T>) -> Result<Self, ValueError> {
        let (mut entries, mut size) = (Vec::new(), 0);
        for item in items {
            let entry = item.to_value()?;
            size += entry.as_value().as_bytes().len();
            entries.push(entry);
            if size >= PAGE {
                break;
            }
        }
        Ok(Self { entries, of: PhantomData })
    }

    /// The entries that this version can read, in their order.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        self.entries.iter().filter_map(|entry| T::read(entry.as_value()).ok())
    }

    /// What stands at a key of the last entry, whether or not the rest of it can be read: the next
    /// page goes on behind it.
    #[must_use]
    pub fn last<K: Item>(&self, key: &str) -> Option<K> {
        K::read(self.entries.last()?.as_value().entry(key)?).ok()
    }
}

impl<T: Item> Item for Page<T> {
    fn kind() -> FieldType {
        FieldType::List(Box::new(T::kind()))
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        ValueBuf::array(self.entries.iter().cloned())
    }

    /// Anything but an array is a page with nothing on it.
    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let entries = value.items().into_iter().flatten().map(ValueBuf::from).collect();
        Ok(Self { entries, of: PhantomData })
    }
}

impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({} entries)", self.entries.len())
    }
}

/// A request whose reply may be a part of what there is.
pub trait Paged: ControlRequest + PartialEq {
    /// The request for what comes behind a reply; none where nothing does.
    #[must_use]
    fn behind(&self, reply: &Self::Reply) -> Option<Self>;
}
