//! Making values and arguments: owned bytes that are in the right form from the start.

use crate::wire::bounds;
use crate::wire::value::{Arguments, Scalar, Value};
use crate::wire::write::{Writer, written};

/// Why something cannot be made into a value, an argument or a label.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// None where there must be one, or more than [`bounds::ARGUMENTS`] or [`bounds::LABELS`].
    #[error("too many, or none at all")]
    TooMany,
    /// NaN, an integer outside −2^63 … 2^64−1, or a label's value that is too long.
    #[error("outside of what a value can hold")]
    Range,
    /// A name that is empty or longer than [`bounds::NAME`].
    #[error("a name is empty or longer than 64 bytes")]
    Name,
    /// A name that is there already.
    #[error("a name stands twice")]
    Duplicate,
    /// Nested deeper than [`bounds::VALUE_DEPTH`].
    #[error("nested deeper than 5 arrays and maps")]
    TooDeep,
}

crate::debug_as_display!(ValueError);

/// A [`Value`] of its own.
#[derive(Clone, PartialEq)]
pub struct ValueBuf {
    item: Vec<u8>,
    /// Arrays and maps nested in it, itself included.
    depth: usize,
}

impl ValueBuf {
    /// A scalar.
    ///
    /// # Errors
    ///
    /// [`ValueError::Range`] for NaN and for integers outside −2^63 … 2^64−1.
    pub fn scalar(scalar: Scalar<'_>) -> Result<Self, ValueError> {
        let mut item = Vec::new();
        write_scalar(&mut item, scalar)?;
        Ok(Self { item, depth: 0 })
    }

    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { item: written(|writer| writer.text(text)), depth: 0 }
    }

    /// An unsigned integer.
    #[must_use]
    pub fn uint(value: u64) -> Self {
        Self { item: written(|writer| writer.uint(value)), depth: 0 }
    }

    /// True or false.
    #[must_use]
    pub fn boolean(value: bool) -> Self {
        Self { item: written(|writer| writer.boolean(value)), depth: 0 }
    }

    /// An array of `elements`.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooDeep`].
    pub fn array(elements: impl IntoIterator<Item = Self>) -> Result<Self, ValueError> {
        let elements: Vec<Self> = elements.into_iter().collect();
        let depth = one_deeper(elements.iter())?;
        let item = written(|writer| {
            writer.array(elements.len());
            elements.iter().for_each(|element| writer.encoded(&element.item));
        });
        Ok(Self { item, depth })
    }

    /// A map of `entries`, given in any order.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooDeep`]; [`ValueError::Duplicate`] for a key that stands twice.
    pub fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Self)>) -> Result<Self, ValueError> {
        let mut entries: Vec<(&str, Self)> = entries.into_iter().collect();
        entries.sort_by_key(|(key, _)| (key.len(), *key));
        if !entries.is_sorted_by(|(a, _), (b, _)| a != b) {
            return Err(ValueError::Duplicate);
        }
        let depth = one_deeper(entries.iter().map(|(_, value)| value))?;
        let item = written(|writer| {
            writer.map(entries.len());
            for (key, value) in &entries {
                writer.text(key);
                writer.encoded(&value.item);
            }
        });
        Ok(Self { item, depth })
    }

    /// The value, borrowed.
    #[must_use]
    pub fn as_value(&self) -> Value<'_> {
        Value { item: &self.item }
    }
}

/// The depth of an array or map around `elements`.
fn one_deeper<'v>(elements: impl Iterator<Item = &'v ValueBuf>) -> Result<usize, ValueError> {
    let depth = 1 + elements.map(|element| element.depth).max().unwrap_or(0);
    if depth > bounds::VALUE_DEPTH { Err(ValueError::TooDeep) } else { Ok(depth) }
}

/// [`Arguments`] of their own.
///
/// ```
/// use bowline_core::wire::value::{ArgumentsBuf, Scalar, ValueError};
///
/// let mut arguments = ArgumentsBuf::new();
/// arguments.push_text("nginx")?.named("wait", Scalar::Integer(5))?;
/// assert_eq!(arguments.as_arguments().positional().count(), 1);
/// assert_eq!(arguments.as_arguments().named().count(), 1);
/// # Ok::<(), ValueError>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct ArgumentsBuf {
    positional: Vec<u8>,
    named: Vec<u8>,
}

impl ArgumentsBuf {
    /// No arguments.
    #[must_use]
    pub const fn new() -> Self {
        Self { positional: Vec::new(), named: Vec::new() }
    }

    /// Appends a positional argument.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooMany`] where there are [`bounds::ARGUMENTS`] already.
    pub fn push_text(&mut self, text: &str) -> Result<&mut Self, ValueError> {
        self.push(Scalar::Text(text))
    }

    /// Appends a positional argument.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooMany`] where there are [`bounds::ARGUMENTS`] already;
    /// [`ValueError::Range`] for a number that no value can hold.
    pub fn push(&mut self, scalar: Scalar<'_>) -> Result<&mut Self, ValueError> {
        let mut item = Vec::new();
        write_scalar(&mut item, scalar)?;
        self.push_value(Value { item: &item })
    }

    /// Appends a positional argument.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooMany`] where there are [`bounds::ARGUMENTS`] already.
    pub fn push_value(&mut self, value: Value<'_>) -> Result<&mut Self, ValueError> {
        self.one_more()?;
        let items: Vec<Value<'_>> =
            self.as_arguments().positional().chain(core::iter::once(value)).collect();
        self.positional = written(|writer| {
            writer.array(items.len());
            items.iter().for_each(|item| writer.encoded(item.item));
        });
        Ok(self)
    }

    /// Adds a named argument.
    ///
    /// # Errors
    ///
    /// As for [`ArgumentsBuf::named_value`], and [`ValueError::Range`] for a number that no value
    /// can hold.
    pub fn named(&mut self, name: &str, scalar: Scalar<'_>) -> Result<&mut Self, ValueError> {
        let mut item = Vec::new();
        write_scalar(&mut item, scalar)?;
        self.named_value(name, Value { item: &item })
    }

    /// Adds a named argument.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooMany`] where there are [`bounds::ARGUMENTS`] already;
    /// [`ValueError::Name`]; [`ValueError::Duplicate`] where the name is there already.
    pub fn named_value(&mut self, name: &str, value: Value<'_>) -> Result<&mut Self, ValueError> {
        self.one_more()?;
        if name.is_empty() || name.len() > bounds::NAME {
            return Err(ValueError::Name);
        }
        let mut entries: Vec<(&str, Value<'_>)> = self.as_arguments().named().collect();
        if entries.iter().any(|(known, _)| *known == name) {
            return Err(ValueError::Duplicate);
        }
        entries.push((name, value));
        entries.sort_by_key(|(name, _)| (name.len(), *name));
        self.named = written(|writer| {
            writer.map(entries.len());
            for (name, value) in &entries {
                writer.text(name);
                writer.encoded(value.item);
            }
        });
        Ok(self)
    }

    /// The arguments, borrowed.
    #[must_use]
    pub fn as_arguments(&self) -> Arguments<'_> {
        Arguments::from_checked(&self.positional, &self.named)
    }

    fn one_more(&self) -> Result<(), ValueError> {
        let arguments = self.as_arguments();
        let count = arguments.positional().count() + arguments.named().count();
        if count < bounds::ARGUMENTS { Ok(()) } else { Err(ValueError::TooMany) }
    }
}

impl From<Value<'_>> for ValueBuf {
    fn from(value: Value<'_>) -> Self {
        // What is nested in a checked value is checked, so its depth is only measured.
        fn depth(value: Value<'_>) -> usize {
            let items = value.items().into_iter().flatten();
            let entries = value.entries().into_iter().flatten().map(|(_, value)| value);
            let inner = items.chain(entries).map(depth).max().unwrap_or(0);
            if value.scalar().is_some() { 0 } else { 1 + inner }
        }
        Self { item: value.item.to_vec(), depth: depth(value) }
    }
}

impl From<Arguments<'_>> for ArgumentsBuf {
    fn from(arguments: Arguments<'_>) -> Self {
        let (positional, named) = arguments.as_bytes();
        Self { positional: positional.to_vec(), named: named.to_vec() }
    }
}

impl core::fmt::Debug for ValueBuf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ValueBuf({} bytes)", self.item.len())
    }
}

impl core::fmt::Debug for ArgumentsBuf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ArgumentsBuf({} bytes)", self.positional.len() + self.named.len())
    }
}

fn write_scalar(out: &mut Vec<u8>, scalar: Scalar<'_>) -> Result<(), ValueError> {
    let mut writer = Writer::new(out);
    match scalar {
        Scalar::Text(text) => writer.text(text),
        Scalar::Bytes(bytes) => writer.bytes(bytes),
        Scalar::Boolean(value) => writer.boolean(value),
        Scalar::Float(value) if value.is_nan() => return Err(ValueError::Range),
        Scalar::Float(value) => writer.float(value),
        Scalar::Integer(value) => match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => writer.uint(value),
            (_, Ok(value)) => writer.int(value),
            _ => return Err(ValueError::Range),
        },
    }
    Ok(())
}
