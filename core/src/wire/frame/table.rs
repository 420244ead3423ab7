//! What the table of the frames is written with: `record!` makes struct, reader, writer and schema
//! of a map from a line for each of its keys, so that one place says which key holds what.
//!
//! How a value is spelled is told by its [`Codec`]. `frames!` in the module above has a line for
//! each frame, and `proved!` beside this file takes those whose body is proved. A test compares the
//! schema with `spec/frames.md` and `spec/bowline.cddl`.
//!
//! A file with lines of the table takes everything from here: what the macros name is among it.

pub(super) use crate::wire::error::WireError;
pub(super) use crate::wire::frame::schema::{
    BodySchema, FieldKind, FieldSchema, Grammar, ProofSchema,
};
pub(super) use crate::wire::read::{Map, Reader};
pub(super) use crate::wire::write::{Sink, Writer};

/// How a `T` is spelled as one item. A type that is spelled in one way only is its own codec; where
/// there are several ways, a marker without values names each.
pub(super) trait Codec<'a, T> {
    const KIND: FieldKind;
    const GRAMMAR: Grammar;
    fn read(reader: &mut Reader<'a>) -> Result<T, WireError>;
    fn write<S: Sink>(value: &T, writer: &mut Writer<'_, S>);
}

/// A type for which a line need not name its codec.
pub(super) trait Spelled {
    type By;
}

/// A map with unsigned keys.
pub(super) trait Record<'a>: Sized {
    const FIELDS: &'static [FieldSchema];
    /// The rule of `spec/bowline.cddl`, where the map has one of its own.
    const RULE: Option<&'static str>;
    /// Takes the keys that it knows; what stands behind them is left to the map.
    fn read_keys(map: &mut Map<'_, 'a>) -> Result<Self, WireError>;
    fn write_map<S: Sink>(&self, writer: &mut Writer<'_, S>);
}

/// What follows the type in a frame.
pub(super) trait Body<'a>: Sized {
    const SCHEMA: BodySchema;
    /// Elements of the frame's array.
    const PARTS: usize = if Self::SCHEMA.proof.is_some() { 3 } else { 2 };
    fn read_body(reader: &mut Reader<'a>) -> Result<Self, WireError>;
    fn write_body<S: Sink>(&self, writer: &mut Writer<'_, S>);
}

impl<'a, R: Record<'a>> Body<'a> for R {
    const SCHEMA: BodySchema = BodySchema { rule: R::RULE, fields: R::FIELDS, proof: None };

    fn read_body(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(R::read_keys)
    }

    fn write_body<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        self.write_map(writer);
    }
}

impl<T: Spelled> Spelled for Option<T> {
    type By = T::By;
}

/// What may be absent is spelled as what it is where it is present; a `None` has no key.
impl<'a, T, C: Codec<'a, T>> Codec<'a, Option<T>> for C {
    const KIND: FieldKind = C::KIND;
    const GRAMMAR: Grammar = C::GRAMMAR;

    fn read(reader: &mut Reader<'a>) -> Result<Option<T>, WireError> {
        C::read(reader).map(Some)
    }

    fn write<S: Sink>(value: &Option<T>, writer: &mut Writer<'_, S>) {
        if let Some(value) = value {
            C::write(value, writer);
        }
    }
}

/// Whether a field has its key on the wire, by the word that its line has for it.
pub(super) mod present {
    pub(in crate::wire::frame) fn required<T>(_: &T) -> bool {
        true
    }

    /// What a field is by default is spelled by leaving its key out.
    pub(in crate::wire::frame) fn optional<T: Default + PartialEq>(value: &T) -> bool {
        *value != T::default()
    }
}

/// The codec that a line names, or its type's own.
macro_rules! codec_of {
    ($type:ty) => {
        <$type as Spelled>::By
    };
    ($type:ty, $codec:ty) => {
        $codec
    };
}

/// A struct that is a map on the wire. A line is a key, whether it must be there, its name for a
/// person, its field, and the codec where the field's type does not say it. An optional key is
/// absent where its field is the default. `where` is what must hold of all fields together.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(<$lifetime:lifetime>)? $(named $rule:literal)? {
            $(
                $(#[$doc:meta])*
                $key:literal $presence:ident $shown:literal
                $field:ident: $type:ty $(as $codec:ty)?,
            )*
        }
        $(where $holds:expr)?
    ) => {
        $(#[$meta])*
        $vis struct $name $(<$lifetime>)? {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nKey ", $key, ", ", stringify!($presence), ".")]
                $vis $field: $type,
            )*
        }

        impl<'a> Record<'a> for $name $(<$lifetime>)? {
            const FIELDS: &'static [FieldSchema] = &[$(FieldSchema::$presence(
                $key,
                $shown,
                <codec_of!($type $(, $codec)?) as Codec<'a, $type>>::KIND,
                <codec_of!($type $(, $codec)?) as Codec<'a, $type>>::GRAMMAR,
            )),*];
            const RULE: Option<&'static str> = [$(Some($rule),)? None][0];

            // Read into its frame, and not copied there: ids are long.
            #[inline]
            fn read_keys(map: &mut Map<'_, 'a>) -> Result<Self, WireError> {
                let record = Self {
                    $($field: map.$presence($key, |reader| {
                        <codec_of!($type $(, $codec)?) as Codec<'a, $type>>::read(reader)
                    })?,)*
                };
                $(
                    let holds: fn(&Self) -> bool = $holds;
                    if !holds(&record) {
                        return Err(WireError::Range);
                    }
                )?
                Ok(record)
            }

            fn write_map<S: Sink>(&self, writer: &mut Writer<'_, S>) {
                writer.map(0 $(+ usize::from(present::$presence(&self.$field)))*);
                $(
                    if present::$presence(&self.$field) {
                        writer.uint($key);
                        <codec_of!($type $(, $codec)?) as Codec<'a, $type>>::write(
                            &self.$field,
                            writer,
                        );
                    }
                )*
            }
        }
    };
}

/// A struct that is on the wire what another record is: read and written through it.
macro_rules! through {
    ($name:ty, $record:ty) => {
        impl<'a> Record<'a> for $name {
            const FIELDS: &'static [FieldSchema] = <$record>::FIELDS;
            const RULE: Option<&'static str> = <$record>::RULE;

            fn read_keys(map: &mut Map<'_, 'a>) -> Result<Self, WireError> {
                <$record>::read_keys(map)?.try_into()
            }

            fn write_map<S: Sink>(&self, writer: &mut Writer<'_, S>) {
                <$record>::from(self).write_map(writer);
            }
        }
    };
}

/// A codec and its type; then what the value means, its grammar, its reader and its writer.
macro_rules! codec {
    (
        $codec:ty: $type:ty, $kind:expr, $grammar:expr,
        |$reader:ident| $read:expr, |$value:pat_param, $writer:ident| $write:expr $(,)?
    ) => {
        impl<'a> Codec<'a, $type> for $codec {
            const KIND: FieldKind = $kind;
            const GRAMMAR: Grammar = $grammar;

            fn read($reader: &mut Reader<'a>) -> Result<$type, WireError> {
                $read
            }

            fn write<S: Sink>($value: &$type, $writer: &mut Writer<'_, S>) {
                $write;
            }
        }
    };
    // A type that is its own codec.
    (
        $type:ty, $kind:expr, $grammar:expr,
        |$reader:ident| $read:expr, |$value:pat_param, $writer:ident| $write:expr $(,)?
    ) => {
        codec!($type: $type, $kind, $grammar, |$reader| $read, |$value, $writer| $write);
        impl Spelled for $type {
            type By = Self;
        }
    };
}

/// An enum whose variants are numbers on the wire, each with a name for a person.
macro_rules! numbered {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $number:literal $shown:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $(
                #[doc = concat!($number, ": ")]
                $(#[$doc])*
                $variant = $number,
            )*
        }

        impl $name {
            /// Every one, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The one of this number, if this version knows it.
            #[must_use]
            pub fn from_number(number: u64) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.number() == number)
            }

            /// The number on the wire.
            #[must_use]
            pub fn number(self) -> u64 {
                self as u64
            }

            /// The name for a person, and in `--json`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $shown,)*
                }
            }

            /// What a number means.
            const KIND: FieldKind =
                FieldKind::Choice(|number| Self::from_number(number).map(Self::name));
        }
    };
}

pub(super) use {codec, codec_of, numbered, record, through};
