//! What stands in a map of a frame, key by key.
//!
//! The bytes have been read by `bowline_core::wire` before, so every item here is well-formed; an
//! item that is not what the schema says is shown by its bytes.

use std::time::Duration;

use bowline_core::id::{HubId, Pin, PublicKey};
use bowline_core::wire::frame::schema::{FieldKind as Kind, FieldSchema};
use bowline_core::wire::value::{Labels, Scalar, Value};
use bowline_shell::config::units::print_duration;
use data_encoding::HEXLOWER;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use serde_json::json;

use crate::{date, show};

/// One key, what it means, and what it holds.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// None for what is not on the wire but follows from it.
    pub(super) key: Option<u64>,
    pub(super) name: String,
    pub(super) shown: Shown,
}

/// What a key holds.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    /// As people read it, and as programs do.
    One(String, serde_json::Value),
    /// A list of single values.
    List(Vec<Self>),
    /// Several maps.
    Maps(Vec<Vec<Field>>),
    /// A map.
    Map(Vec<Field>),
}

/// The fields of an encoded map, seen from `now`.
pub(super) fn fields(
    map: &[u8],
    rows: &'static [FieldSchema],
    now: u64,
) -> Result<Vec<Field>, Error> {
    Tree { now }.map(&mut Decoder::new(map), rows)
}

struct Tree {
    now: u64,
}

impl Tree {
    fn map(
        &self,
        decoder: &mut Decoder<'_>,
        rows: &'static [FieldSchema],
    ) -> Result<Vec<Field>, Error> {
        let count = decoder.map()?.unwrap_or_default();
        let mut fields = Vec::new();
        for _ in 0..count {
            let key = decoder.u64()?;
            let Some(row) = rows.iter().find(|row| row.key == key) else {
                let item = item(decoder)?;
                let shown = bytes(item);
                fields.push(Field { key: Some(key), name: "not known here".to_owned(), shown });
                continue;
            };
            let shown = self.shown(decoder, row.kind)?;
            fields.push(Field { key: Some(key), name: row.name.to_owned(), shown });
            if let Kind::Identity = row.kind {
                fields.extend(self.hub(fields.last()));
            }
        }
        Ok(fields)
    }

    /// The hub that an identity key is of.
    fn hub(&self, identity: Option<&Field>) -> Option<Field> {
        let Shown::One(_, key) = &identity?.shown else { return None };
        let key = HEXLOWER.decode(key.as_str()?.as_bytes()).ok()?;
        let hub = HubId::of(&PublicKey(key.try_into().ok()?)).to_string();
        let shown = Shown::One(hub.clone(), json!(hub));
        Some(Field { key: None, name: "hub".to_owned(), shown })
    }

    fn shown(&self, decoder: &mut Decoder<'_>, kind: Kind) -> Result<Shown, Error> {
        let number = |decoder: &mut Decoder<'_>, text: &dyn Fn(u64) -> String| {
            decoder.u64().map(|value| Shown::One(text(value), json!(value)))
        };
        match kind {
            Kind::Number => number(decoder, &|value| value.to_string()),
            Kind::Choice(meaning) => number(decoder, &|value| {
                format!("{value} {}", meaning(value).unwrap_or("not known here"))
            }),
            Kind::Date => {
                number(decoder, &|value| format!("{value} = {}", date::seen_from(self.now, value)))
            }
            Kind::Seconds => number(decoder, &|value| format!("{value} s")),
            Kind::Millis => number(decoder, &|value| {
                format!("{value} ms = {}", print_duration(Duration::from_millis(value)))
            }),
            Kind::Name => {
                decoder.str().map(|text| Shown::One(text.escape_debug().to_string(), json!(text)))
            }
            Kind::Text => decoder.str().map(|text| Shown::One(format!("{text:?}"), json!(text))),
            Kind::Id => decoder.bytes().map(whole),
            Kind::Bytes => decoder.bytes().map(bytes),
            Kind::Secret => decoder.bytes().map(|secret| {
                let shown = format!("{} bytes, not shown", secret.len());
                Shown::One(shown, json!({"bytes": secret.len()}))
            }),
            Kind::Identity | Kind::Key => decoder.bytes().map(key),
            Kind::Pin => decoder.bytes().map(pin),
            Kind::Flag => decoder.bool().map(|flag| Shown::One("yes".to_owned(), json!(flag))),
            Kind::Value => item(decoder).map(value),
            Kind::Labels => match decoder.datatype()? {
                Type::String => self.shown(decoder, Kind::Name),
                _ => item(decoder).map(labels),
            },
            Kind::Map(rows) => self.map(decoder, rows).map(Shown::Map),
            Kind::List(Kind::Map(rows)) => {
                let count = decoder.array()?.unwrap_or_default();
                let maps: Result<_, _> = (0..count).map(|_| self.map(decoder, rows)).collect();
                maps.map(Shown::Maps)
            }
            Kind::List(kind) => {
                let count = decoder.array()?.unwrap_or_default();
                let list: Result<_, _> = (0..count).map(|_| self.shown(decoder, *kind)).collect();
                list.map(Shown::List)
            }
        }
    }
}

/// The bytes of the next item, whatever it is.
fn item<'a>(decoder: &mut Decoder<'a>) -> Result<&'a [u8], Error> {
    let from = decoder.position();
    decoder.skip()?;
    Ok(&decoder.input()[from..decoder.position()])
}

/// Bytes that identify something.
pub(super) fn whole(bytes: &[u8]) -> Shown {
    let hex = HEXLOWER.encode(bytes);
    Shown::One(hex.clone(), json!(hex))
}

/// Bytes that are carried: how many they are, and the first of them.
pub(super) fn bytes(bytes: &[u8]) -> Shown {
    let (count, hex) = (bytes.len(), excerpt(bytes));
    let unit = if count == 1 { "byte" } else { "bytes" };
    let text = format!("{count} {unit}{}{hex}", if count == 0 { "" } else { ": " });
    Shown::One(text, json!({"bytes": count, "hex": hex}))
}

fn excerpt(bytes: &[u8]) -> String {
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!("{}{more}", HEXLOWER.encode(&bytes[..bytes.len().min(SHOWN)]))
}

fn key(bytes: &[u8]) -> Shown {
    let Ok(key) = bytes.try_into().map(PublicKey) else { return whole(bytes) };
    Shown::One(format!("{key:?}"), json!(HEXLOWER.encode(bytes)))
}

fn pin(bytes: &[u8]) -> Shown {
    let Ok(pin) = bytes.try_into().map(Pin) else { return whole(bytes) };
    Shown::One(pin.to_string(), json!(pin.to_string()))
}

fn labels(map: &[u8]) -> Shown {
    let Ok(labels) = Labels::parse(map) else { return bytes(map) };
    let text: Vec<_> =
        labels.iter().map(|(name, value)| format!("{}={value:?}", name.escape_debug())).collect();
    let object: serde_json::Map<_, _> =
        labels.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    Shown::One(text.join(" "), object.into())
}

fn value(item: &[u8]) -> Shown {
    let Ok(value) = Value::parse(item) else { return bytes(item) };
    let object = object(&value);
    Shown::One(show::printable(&object.to_string()).into_owned(), object)
}

/// A value as JSON. Bytes are told by their number and beginning, and what no JSON can hold as
/// text.
fn object(value: &Value<'_>) -> serde_json::Value {
    if let Some(items) = value.items() {
        return items.map(|item| object(&item)).collect();
    }
    if let Some(entries) = value.entries() {
        let entries = entries.map(|(name, value)| (name.to_owned(), object(&value)));
        return serde_json::Value::Object(entries.collect());
    }
    match value.scalar() {
        Some(Scalar::Text(text)) => json!(text),
        Some(Scalar::Bytes(bytes)) => json!({"bytes": bytes.len(), "hex": excerpt(bytes)}),
        Some(Scalar::Integer(number)) => i64::try_from(number)
            .map(|number| json!(number))
            .or(u64::try_from(number).map(|number| json!(number)))
            .unwrap_or_else(|_| json!(number.to_string())),
        Some(Scalar::Float(number)) if number.is_finite() => json!(number),
        Some(Scalar::Float(number)) => json!(number.to_string()),
        Some(Scalar::Boolean(value)) => json!(value),
        _ => serde_json::Value::Null,
    }
}

/// How many carried bytes are shown.
const SHOWN: usize = 32;
