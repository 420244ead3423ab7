//! How the values of the keys are spelled, each with its meaning and its type in the grammar.
//!
//! Families have codecs of their own beside the types that only they know. What is wrong with an
//! item is noticed by its codec; what several keys mean together, by their record.

use core::marker::PhantomData;
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::capability::Capability;
use crate::code::Code;
use crate::id::{CallId, CommandName, Nonce, PeerId, Pin, PublicKey, SessionId};
use crate::wire::bounds;
use crate::wire::frame::table::*;
use crate::wire::value::{Labels, Value, write_labels};
use crate::wire::write::sorted;

use FieldKind as Kind;
use Grammar::Rule;

/// An unsigned number that counts or names.
pub(super) enum Uint {}
/// The same, and not zero.
pub(super) enum Positive {}
/// Seconds since 1970.
pub(super) enum Unix {}
/// A span in seconds.
pub(super) enum Seconds {}
/// A span in milliseconds.
pub(super) enum Millis {}

codec!(Uint: u64, Kind::Number, Rule("uint"), |r| r.uint(), |n, w| w.uint(*n));
codec!(Positive: u64, Kind::Number, Rule("positive"), |r| r.positive(), |n, w| w.uint(*n));
codec!(Unix: u64, Kind::Date, Rule("unix"), |r| r.uint(), |n, w| w.uint(*n));
codec!(Seconds: u64, Kind::Seconds, Rule("uint"), |r| r.uint(), |n, w| w.uint(*n));
codec!(Millis: u64, Kind::Millis, Rule("uint"), |r| r.uint(), |n, w| w.uint(*n));
codec!(CallId, Kind::Number, Rule("uint"), |r| r.uint().map(CallId), |id, w| w.uint(id.0));

impl Spelled for u64 {
    type By = Uint;
}

/// An exit code, which has a sign.
pub(super) enum ExitCode {}

codec!(ExitCode: i64, Kind::Value, Rule("exit-code"), |r| r.int(), |n, w| w.int(*n));

// A flag is `true` where it is present.
codec!(bool, Kind::Flag, Rule("true"), |r| r.flag(), |flag, w| w.boolean(*flag));

/// Text that is written whole, because it has a grammar or came from a reader.
pub(super) enum Name {}
/// Text for a person, cut to [`bounds::TEXT`]; better told in part than taken for an error.
pub(super) enum Sentence {}
/// A sentence that is absent where it is empty.
pub(super) enum Reason {}
/// The program and its version.
pub(super) enum Agent {}

codec!(Name: &'a str, Kind::Text, Rule("name"), |r| r.name(), |text, w| w.text(text));
codec!(PeerId, Kind::Name, Rule("peer-id"), |r| r.parsed(), |id, w| w.text(id.as_str()));
codec!(CommandName, Kind::Name, Rule("command-name"), |r| r.parsed(), |id, w| w.text(id.as_str()));
codec!(
    Sentence: &'a str, Kind::Text, Rule("sentence"),
    |r| r.text(bounds::TEXT), |text, w| w.sentence(text),
);
codec!(
    Sentence: String, Kind::Text, Rule("sentence"),
    |r| r.text(bounds::TEXT).map(str::to_owned), |text, w| w.sentence(text),
);
codec!(
    Reason: &'a str, Kind::Text, Grammar::Text(1, bounds::TEXT),
    |r| not_empty(r.text(bounds::TEXT)?), |text, w| w.sentence(text),
);
codec!(
    Agent: String, Kind::Text, Grammar::Text(0, bounds::AGENT),
    |r| r.text(bounds::AGENT).map(str::to_owned), |text, w| w.cut(text, bounds::AGENT),
);

impl Spelled for &str {
    type By = Sentence;
}

impl Spelled for String {
    type By = Sentence;
}

/// A code, and what one that this version does not know, or that is never sent, is read as.
macro_rules! code {
    ($codec:ident, $catch_all:ident) => {
        #[doc = concat!("A code; an unknown one is read as [`Code::", stringify!($catch_all), "`].")]
        pub(super) enum $codec {}
        codec!(
            $codec: Code, Kind::Name, Rule("code"),
            |r| r.code(Code::$catch_all), |code, w| w.text(code.name()),
        );
    };
}

code!(Refusal, Refused);
code!(Ending, GoingAway);
code!(Failure, Failed);
code!(Denial, Denied);

// Capabilities, rising by their spelling. Those that this version does not know are left out.
codec!(
    Capability: Vec<Capability>, Kind::List(&Kind::Text),
    Grammar::List(0, bounds::CAPABILITIES, &Rule("sentence")),
    |r| {
        let spelled = r.rising(bounds::CAPABILITIES, |r| r.text(bounds::TEXT))?;
        Ok(spelled.iter().filter_map(|text| text.parse().ok()).collect())
    },
    |capabilities, w| {
        let spelled: Vec<String> = capabilities.iter().map(Capability::to_string).collect();
        let spelled = sorted(&spelled);
        w.array(spelled.len());
        spelled.iter().for_each(|capability| w.text(capability));
    },
);
codec!(
    Capability: Option<Capability>, Kind::Text, Rule("sentence"),
    |r| Ok(r.text(bounds::TEXT)?.parse().ok()),
    |capability, w| w.text(&capability.map(|known| known.to_string()).unwrap_or_default()),
);

/// An Ed25519 key that is a hub's identity.
pub(super) enum Identity {}

/// Exactly `N` bytes in a type of their own.
macro_rules! exact {
    ($codec:ty: $type:ident, $kind:expr, $grammar:expr) => {
        codec!(
            $codec: $type, $kind, $grammar,
            |r| r.exact().copied().map($type), |bytes, w| w.bytes(&bytes.0),
        );
    };
    ($type:ident, $kind:expr, $grammar:expr) => {
        exact!($type: $type, $kind, $grammar);
        impl Spelled for $type {
            type By = Self;
        }
    };
}

exact!(Identity: PublicKey, Kind::Identity, Rule("public-key"));
exact!(PublicKey, Kind::Key, Rule("public-key"));
exact!(Pin, Kind::Pin, Rule("pin"));
exact!(Nonce, Kind::Id, Grammar::Bytes(32, 32));
exact!(SessionId, Kind::Id, Grammar::Bytes(16, 16));

// A refresh token.
codec!(
    Zeroizing<[u8; 32]>,
    Kind::Secret,
    Grammar::Bytes(32, 32),
    |r| r.exact().copied().map(Zeroizing::new),
    |secret, w| w.bytes(&**secret),
);

/// Bytes that are carried, at least one; how many at most is left to the message's bound.
pub(super) enum Payload {}
/// The same, and none where the keys beside them allow it.
pub(super) enum PayloadOrNone {}
/// A certificate in DER.
pub(super) enum Certificate {}

codec!(
    Payload: &'a [u8], Kind::Bytes, Grammar::Bytes(1, MESSAGE),
    |r| not_empty(r.bytes()?), |bytes, w| w.bytes(bytes),
);
codec!(
    Payload: Vec<u8>, Kind::Bytes, Grammar::Bytes(1, MESSAGE),
    |r| not_empty(r.bytes()?).map(<[u8]>::to_vec), |bytes, w| w.bytes(bytes),
);
codec!(
    PayloadOrNone: &'a [u8], Kind::Bytes,
    Rule("bstr .size (1..1048576) / bstr .size 0"),
    |r| r.bytes(), |bytes, w| w.bytes(bytes),
);
codec!(
    Certificate: Vec<u8>, Kind::Bytes, Grammar::Bytes(1, bounds::CERTIFICATE),
    |r| match not_empty(r.bytes()?)? {
        der if der.len() > bounds::CERTIFICATE => Err(WireError::Range),
        der => Ok(der.to_vec()),
    },
    |der, w| w.bytes(der),
);

codec!(
    Value<'a>: Value<'a>, Kind::Value, Rule("value"),
    |r| Value::read(r), |value, w| w.encoded(value.as_bytes()),
);

impl Spelled for Value<'_> {
    type By = Self;
}

// Labels, absent where there are none.
codec!(
    BTreeMap<String, String>, Kind::Labels, Rule("labels"),
    |r| Ok(Labels::read(r)?.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()),
    |labels, w| write_labels(labels, w),
);

/// A record inside another.
pub(super) enum Nested {}

impl<'a, R: Record<'a>> Codec<'a, R> for Nested {
    const KIND: FieldKind = Kind::Map(R::FIELDS);
    const GRAMMAR: Grammar = match R::RULE {
        Some(rule) => Rule(rule),
        None => panic!("a nested map has a rule of its own"),
    };

    fn read(reader: &mut Reader<'a>) -> Result<R, WireError> {
        reader.map(R::read_keys)
    }

    fn write<S: Sink>(value: &R, writer: &mut Writer<'_, S>) {
        value.write_map(writer);
    }
}

/// A list of `LEAST` to `MOST` elements in any order.
pub(super) struct List<C, const LEAST: usize, const MOST: usize>(PhantomData<C>);

impl<'a, T, C: Codec<'a, T>, const LEAST: usize, const MOST: usize> Codec<'a, Vec<T>>
    for List<C, LEAST, MOST>
{
    const KIND: FieldKind = Kind::List(&C::KIND);
    const GRAMMAR: Grammar = Grammar::List(LEAST, MOST, &C::GRAMMAR);

    fn read(reader: &mut Reader<'a>) -> Result<Vec<T>, WireError> {
        let elements = reader.list(MOST, C::read)?;
        if elements.len() < LEAST { Err(WireError::Range) } else { Ok(elements) }
    }

    fn write<S: Sink>(elements: &Vec<T>, writer: &mut Writer<'_, S>) {
        writer.array(elements.len());
        elements.iter().for_each(|element| C::write(element, writer));
    }
}

/// A list of `LEAST` to `MOST` elements that rise; written in order, whatever order they are in.
pub(super) struct Rising<C, const LEAST: usize, const MOST: usize>(PhantomData<C>);

impl<'a, T: Ord, C: Codec<'a, T>, const LEAST: usize, const MOST: usize> Codec<'a, Vec<T>>
    for Rising<C, LEAST, MOST>
{
    const KIND: FieldKind = Kind::List(&C::KIND);
    const GRAMMAR: Grammar = Grammar::List(LEAST, MOST, &C::GRAMMAR);

    fn read(reader: &mut Reader<'a>) -> Result<Vec<T>, WireError> {
        let elements = reader.rising(MOST, C::read)?;
        if elements.len() < LEAST { Err(WireError::Range) } else { Ok(elements) }
    }

    fn write<S: Sink>(elements: &Vec<T>, writer: &mut Writer<'_, S>) {
        let elements = sorted(elements);
        writer.array(elements.len());
        elements.iter().for_each(|element| C::write(element, writer));
    }
}

/// What is empty is spelled by leaving it out, or not at all.
fn not_empty<T: AsRef<[u8]>>(item: T) -> Result<T, WireError> {
    if item.as_ref().is_empty() { Err(WireError::Range) } else { Ok(item) }
}

/// Bytes of the largest message by default, which the grammar gives for payloads.
const MESSAGE: usize = 1 << 20;
