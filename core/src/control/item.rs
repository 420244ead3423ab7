//! What stands at keys and in lists: ids and words as texts, numbers, bytes, lists, maps.

use core::fmt;
use std::collections::BTreeMap;

use crate::ask::TokenText;
use crate::capability::{Capability, Role};
use crate::code::Code;
use crate::control::call_name::CallName;
use crate::control::field::{FieldMisread, FieldType, Item};
use crate::facts::Sign;
use crate::id::{CommandName, HubId, Jti, KeyId, PeerId, Pin};
use crate::wire::frame::Method;
use crate::wire::value::{Scalar, Value, ValueBuf, ValueError};

/// What is spelled as a text.
pub trait Text: Sized {
    /// Its spelling.
    fn spell(&self) -> String;

    /// What a text spells; none where it spells nothing of the type.
    fn spelled(text: &str) -> Option<Self>;
}

impl<T: Text> Item for T {
    fn kind() -> FieldType {
        FieldType::Text
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::text(&self.spell()))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        value.text().and_then(T::spelled).ok_or_else(FieldMisread::default)
    }
}

macro_rules! spelled_as_displayed {
    ($($type:ty),* $(,)?) => {
        $(impl Text for $type {
            fn spell(&self) -> String {
                self.to_string()
            }

            fn spelled(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}

spelled_as_displayed![
    String,
    PeerId,
    CommandName,
    HubId,
    Pin,
    Jti,
    KeyId,
    CallName,
    Capability,
    Role,
    Code,
    Sign,
];

impl Text for Method {
    fn spell(&self) -> String {
        self.name().to_owned()
    }

    fn spelled(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.name() == text)
    }
}

impl Text for TokenText {
    fn spell(&self) -> String {
        self.0.to_string()
    }

    fn spelled(text: &str) -> Option<Self> {
        Some(Self(text.to_owned().into()))
    }
}

/// A word of a reply: a later hub may have one that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<T> {
    /// One that is known.
    Known(T),
    /// Another.
    Other(String),
}

impl<T: PartialEq> Word<T> {
    /// Whether it is this one.
    pub fn is(&self, known: T) -> bool {
        *self == Self::Known(known)
    }
}

impl<T> From<T> for Word<T> {
    fn from(known: T) -> Self {
        Self::Known(known)
    }
}

impl<T: Text> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => f.pad(&known.spell()),
            Self::Other(text) => f.pad(text),
        }
    }
}

impl<T: Text> Item for Word<T> {
    fn kind() -> FieldType {
        FieldType::Text
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::text(&self.to_string()))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let text = value.text().ok_or_else(FieldMisread::default)?;
        Ok(T::spelled(text).map_or_else(|| Self::Other(text.to_owned()), Self::Known))
    }
}

/// An enum each of whose variants is a word.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $crate::control::item::Text for $name {
            fn spell(&self) -> String {
                match self {
                    $(Self::$variant => $word.to_owned(),)*
                }
            }

            fn spelled(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use words;

macro_rules! numbers {
    ($($type:ty => $kind:ident),*) => {
        $(impl Item for $type {
            fn kind() -> FieldType {
                FieldType::$kind
            }

            fn to_value(&self) -> Result<ValueBuf, ValueError> {
                ValueBuf::scalar(Scalar::Integer((*self).into()))
            }

            fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
                match value.scalar() {
                    Some(Scalar::Integer(number)) => Self::try_from(number).ok(),
                    _ => None,
                }
                .ok_or_else(FieldMisread::default)
            }
        })*
    };
}

numbers!(u32 => Unsigned, u64 => Unsigned, i64 => Integer);

impl Item for bool {
    fn kind() -> FieldType {
        FieldType::Boolean
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::boolean(*self))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        match value.scalar() {
            Some(Scalar::Boolean(flag)) => Ok(flag),
            _ => Err(FieldMisread::default()),
        }
    }
}

/// Bytes of a command's output. `Debug` says how many.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OutputBytes(pub Vec<u8>);

impl fmt::Debug for OutputBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutputBytes({} bytes)", self.0.len())
    }
}

impl Item for OutputBytes {
    fn kind() -> FieldType {
        FieldType::Bytes
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        ValueBuf::scalar(Scalar::Bytes(&self.0))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        match value.scalar() {
            Some(Scalar::Bytes(bytes)) => Ok(Self(bytes.to_vec())),
            _ => Err(FieldMisread::default()),
        }
    }
}

impl<T: Item> Item for Vec<T> {
    fn kind() -> FieldType {
        FieldType::List(Box::new(T::kind()))
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        let items: Result<Vec<_>, _> = self.iter().map(T::to_value).collect();
        ValueBuf::array(items?)
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        value.items().ok_or_else(FieldMisread::default)?.map(T::read).collect()
    }
}

impl<K: Text + Ord, T: Item> Item for BTreeMap<K, T> {
    fn kind() -> FieldType {
        FieldType::Map(Box::new(T::kind()))
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        let entries: Result<Vec<_>, _> =
            self.iter().map(|(key, item)| Ok((key.spell(), item.to_value()?))).collect();
        ValueBuf::map(entries?.iter().map(|(key, value)| (key.as_str(), value.clone())))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let entries = value.entries().ok_or_else(FieldMisread::default)?;
        let read = |(key, value)| {
            let key = K::spelled(key).ok_or_else(FieldMisread::default)?;
            Ok((key, T::read(value)?))
        };
        entries.map(read).collect()
    }
}
