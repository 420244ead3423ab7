//! Rows of a record: a key, a type, and whether the key may be missing. From the rows follow both
//! directions of the codec and what a page or a help says of them.
//!
//! A request is read strictly: another key than its rows name is an error. A reply is read past
//! keys that this version does not know: a later hub may say more.

use core::fmt;

use crate::wire::value::{Value, ValueBuf, ValueError};

/// One value of a control command, at a key or in a list.
pub trait Item: Sized {
    /// What kind of value it is.
    fn kind() -> FieldType;

    /// The value.
    ///
    /// # Errors
    /// [`ValueError`]: it is nested deeper than values may be.
    fn to_value(&self) -> Result<ValueBuf, ValueError>;

    /// The item that a value spells.
    ///
    /// # Errors
    /// [`FieldMisread`]: the value is of another kind, or out of range.
    fn read(value: Value<'_>) -> Result<Self, FieldMisread>;
}

/// What stands at a key: an [`Item`], or an item that may be missing.
pub trait Field: Sized {
    /// Whether the key may be missing.
    const OPTIONAL: bool;

    /// What kind of value stands there.
    fn kind() -> FieldType;

    /// The value; none where the key is left out.
    ///
    /// # Errors
    /// As [`Item::to_value`].
    fn to_value(&self) -> Result<Option<ValueBuf>, ValueError>;

    /// What the value at the key says; `None` where there is no such key.
    ///
    /// # Errors
    /// [`FieldMisread`]: the key is missing and may not be, or as [`Item::read`].
    fn read(value: Option<Value<'_>>) -> Result<Self, FieldMisread>;
}

impl<T: Item> Field for T {
    const OPTIONAL: bool = false;

    fn kind() -> FieldType {
        T::kind()
    }

    fn to_value(&self) -> Result<Option<ValueBuf>, ValueError> {
        Item::to_value(self).map(Some)
    }

    fn read(value: Option<Value<'_>>) -> Result<Self, FieldMisread> {
        value.ok_or_else(FieldMisread::default).and_then(Item::read)
    }
}

impl<T: Item> Field for Option<T> {
    const OPTIONAL: bool = true;

    fn kind() -> FieldType {
        T::kind()
    }

    fn to_value(&self) -> Result<Option<ValueBuf>, ValueError> {
        self.as_ref().map(Item::to_value).transpose()
    }

    fn read(value: Option<Value<'_>>) -> Result<Self, FieldMisread> {
        value.map(Item::read).transpose()
    }
}

/// A boolean that is left out where it is false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Field for Flag {
    const OPTIONAL: bool = true;

    fn kind() -> FieldType {
        FieldType::Boolean
    }

    fn to_value(&self) -> Result<Option<ValueBuf>, ValueError> {
        Ok(self.0.then(|| ValueBuf::boolean(true)))
    }

    fn read(value: Option<Value<'_>>) -> Result<Self, FieldMisread> {
        value.map_or(Ok(false), Item::read).map(Self)
    }
}

/// A struct whose fields stand at the keys of a map: its own, or that of a record that it is a part
/// of.
pub trait ControlRecord: Sized {
    /// Appends its rows.
    fn rows(rows: &mut Vec<FieldRow>);

    /// Appends its keys and their values.
    ///
    /// # Errors
    /// As [`Item::to_value`].
    fn write(&self, entries: &mut Entries) -> Result<(), ValueError>;

    /// Takes its fields from the keys of a map.
    ///
    /// # Errors
    /// [`FieldMisread`]: the first key that is missing and may not be, or whose value is of another
    /// type.
    fn read(fields: &Fields<'_>) -> Result<Self, FieldMisread>;
}

/// A record that may be missing as a whole: it is there where its first key is.
impl<R: ControlRecord> ControlRecord for Option<R> {
    fn rows(rows: &mut Vec<FieldRow>) {
        rows.extend(rows_of::<R>().into_iter().map(|row| FieldRow { optional: true, ..row }));
    }

    fn write(&self, entries: &mut Entries) -> Result<(), ValueError> {
        self.as_ref().map_or(Ok(()), |record| record.write(entries))
    }

    fn read(fields: &Fields<'_>) -> Result<Self, FieldMisread> {
        let rows = rows_of::<R>();
        let is_there = rows.first().is_some_and(|row| fields.get(row.key).is_some());
        is_there.then(|| R::read(fields)).transpose()
    }
}

/// The rows of a record, those of its groups among them.
#[must_use]
pub fn rows_of<R: ControlRecord>() -> Vec<FieldRow> {
    let mut rows = Vec::new();
    R::rows(&mut rows);
    rows
}

/// A map in the making, in any order.
pub type Entries = Vec<(&'static str, ValueBuf)>;

/// The keys of a map, as they came.
#[derive(Clone, Debug)]
pub struct Fields<'a>(pub Vec<(&'a str, Value<'a>)>);

impl<'a> Fields<'a> {
    /// The value at a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The field at a key.
    ///
    /// # Errors
    /// As [`Field::read`]; the error names the key.
    pub fn take<F: Field>(&self, key: &'static str) -> Result<F, FieldMisread> {
        F::read(self.get(key)).map_err(|misread| misread.at(key))
    }
}

/// One row of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRow {
    /// The key.
    pub key: &'static str,
    /// What stands there.
    pub kind: FieldType,
    /// Whether the key may be missing.
    pub optional: bool,
}

impl FieldRow {
    /// The row of a field at a key.
    #[must_use]
    pub fn of<F: Field>(key: &'static str) -> Self {
        Self { key, kind: F::kind(), optional: F::OPTIONAL }
    }
}

/// The kind of a value, printed as `spec/control.md` has it.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// A text.
    Text,
    /// A whole number of 0 or more.
    Unsigned,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// Bytes.
    Bytes,
    /// An array.
    List(Box<Self>),
    /// A map whose keys are names that its maker chose.
    Map(Box<Self>),
    /// A map of these rows.
    Record(Vec<FieldRow>),
    /// The first, or the second.
    Either(Box<Self>, Box<Self>),
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Unsigned => f.write_str("uint"),
            Self::Integer => f.write_str("int"),
            Self::Boolean => f.write_str("bool"),
            Self::Bytes => f.write_str("bytes"),
            Self::List(kind) => write!(f, "array of {kind}"),
            Self::Map(kind) => write!(f, "map of {kind}"),
            Self::Record(_) => f.write_str("map"),
            Self::Either(one, other) => write!(f, "{one} or {other}"),
        }
    }
}

/// Why a value is not what it was taken for. Says nothing of what was found: it may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FieldMisread {
    /// The key that it stands at, the outermost first; none of a whole reply.
    pub keys: Vec<&'static str>,
    /// What was expected, in a sentence, where there is more to say than its kind.
    pub said: Option<String>,
}

impl FieldMisread {
    /// With a sentence that says what was expected.
    #[must_use]
    pub fn because(said: String) -> Self {
        Self { keys: Vec::new(), said: Some(said) }
    }

    /// The same with this sentence, where it has none.
    #[must_use]
    pub fn or_because(mut self, said: &str) -> Self {
        self.said.get_or_insert_with(|| said.to_owned());
        self
    }

    /// The same, of the value at a key.
    #[must_use]
    pub fn at(mut self, key: &'static str) -> Self {
        self.keys.insert(0, key);
        self
    }
}

impl fmt::Display for FieldMisread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.said, &self.keys[..]) {
            (Some(said), _) => f.write_str(said),
            (None, []) => f.write_str("the value is not of its type"),
            (None, keys) => write!(f, "'{}' is missing, or not of its type", keys.join(".")),
        }
    }
}

impl core::error::Error for FieldMisread {}
crate::debug_as_display!(FieldMisread);

/// A struct and its rows: `field: Type` stands at the key of its name, `field as "key"` at another;
/// a sentence behind `=>` says what was expected where something else stands there.
/// The records behind `with` have no key: theirs stand among the others.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$doc:meta])*
            $field:ident $(as $key:literal)?: $type:ty $(=> $said:literal)?,)*
        }
        $(with { $($(#[$part_doc:meta])* $part:ident: $record:ty,)* })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            $($($(#[$part_doc])* pub $part: $record,)*)?
        }

        #[allow(unused_variables, reason = "a record may have no rows")]
        impl $crate::control::field::ControlRecord for $name {
            fn rows(rows: &mut Vec<$crate::control::field::FieldRow>) {
                $(rows.push($crate::control::field::FieldRow::of::<$type>(
                    $crate::control::field::key!($field $($key)?),
                ));)*
                $($(<$record as $crate::control::field::ControlRecord>::rows(rows);)*)?
            }

            fn write(
                &self,
                entries: &mut $crate::control::field::Entries,
            ) -> Result<(), $crate::wire::value::ValueError> {
                $(
                    let value = $crate::control::field::Field::to_value(&self.$field)?;
                    let key = $crate::control::field::key!($field $($key)?);
                    entries.extend(value.map(|value| (key, value)));
                )*
                $($($crate::control::field::ControlRecord::write(&self.$part, entries)?;)*)?
                Ok(())
            }

            fn read(
                fields: &$crate::control::field::Fields<'_>,
            ) -> Result<Self, $crate::control::field::FieldMisread> {
                Ok(Self {
                    $($field: fields
                        .take($crate::control::field::key!($field $($key)?))
                        $(.map_err(|misread| misread.or_because($said)))?
                        ?,)*
                    $($($part: $crate::control::field::ControlRecord::read(fields)?,)*)?
                })
            }
        }

        impl $crate::control::field::Item for $name {
            fn kind() -> $crate::control::field::FieldType {
                $crate::control::field::FieldType::Record($crate::control::field::rows_of::<Self>())
            }

            fn to_value(
                &self,
            ) -> Result<$crate::wire::value::ValueBuf, $crate::wire::value::ValueError> {
                let mut entries = Vec::new();
                $crate::control::field::ControlRecord::write(self, &mut entries)?;
                $crate::wire::value::ValueBuf::map(entries)
            }

            fn read(
                value: $crate::wire::value::Value<'_>,
            ) -> Result<Self, $crate::control::field::FieldMisread> {
                let entries = value.entries().ok_or_else($crate::control::field::FieldMisread::default)?;
                let fields = $crate::control::field::Fields(entries.collect());
                $crate::control::field::ControlRecord::read(&fields)
            }
        }
    };
}

/// The key of a field: its name, or another.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

pub(crate) use {key, record};
