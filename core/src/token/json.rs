//! JSON as tokens may hold it: no name twice, nothing after the end, nested four deep at most.
//!
//! Numbers keep apart what is whole from what is not: a date is a whole number or no date.
//!
//! spec: tokens §1.

use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::excerpt;

/// Objects and arrays in each other; the outermost is the first.
pub const DEPTH: usize = 4;

/// Names in one object.
pub const MEMBERS: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number from 0 to 2^64 − 1, written without point or exponent.
    Whole(u64),
    /// A whole number from −2^63 to −1, written without point or exponent.
    Negative(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Object),
}

/// An object, in its own order; no name stands twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<(String, Json)>);

/// Why bytes are not the JSON of a token. Of what they hold it shows one name at most, cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON at all (RFC 8259), or not UTF-8; what the parser says of it.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// A name stands twice in one object.
    #[error("{0:?} stands twice")]
    NameTwice(String),
    /// More than [`DEPTH`] objects and arrays in each other.
    #[error("the JSON nests deeper than {DEPTH}")]
    TooDeep,
    /// More than [`MEMBERS`] names in one object.
    #[error("an object with more than {MEMBERS} names")]
    TooManyNames,
    /// Something else than an object.
    #[error("the JSON is no object")]
    NoObject,
    /// Something but white space follows the object.
    #[error("something follows the JSON")]
    Trailing,
}

impl Object {
    /// Reads one object and nothing else.
    ///
    /// # Errors
    /// What keeps the bytes from being one.
    pub fn read(bytes: &[u8]) -> Result<Self, JsonError> {
        let fault = Cell::new(None);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { room: DEPTH, fault: &fault }.deserialize(&mut reader);
        let value = value.map_err(|error| fault.take().unwrap_or_else(|| not_json(&error)))?;
        reader.end().map_err(|_| JsonError::Trailing)?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(JsonError::NoObject),
        }
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Each name and its value, in the object's own order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The object with one more name behind the others.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }
}

impl Json {
    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A date: a whole number of seconds after 1970 that every reader of JSON can hold, below 2^53.
    #[must_use]
    pub fn unix(&self) -> Option<u64> {
        match self {
            Self::Whole(number) if *number < 1 << 53 => Some(*number),
            _ => None,
        }
    }
}

/// What serde says, without its place: the JSON is one line that nobody sees.
fn not_json(error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    JsonError::NotJson(text.split(" at line ").next().unwrap_or_default().to_owned())
}

/// Reads a value, and leaves in `fault` what the parser itself would not have refused.
#[derive(Clone, Copy)]
struct Strict<'f> {
    /// How many objects and arrays may still be opened.
    room: usize,
    fault: &'f Cell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: Error>(self, fault: JsonError) -> E {
        self.fault.set(Some(fault));
        E::custom("not a token's")
    }

    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.room.checked_sub(1) {
            Some(room) => Ok(Self { room, fault: self.fault }),
            None => Err(self.refuse(JsonError::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::Negative(value), Json::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inside = self.inside::<A::Error>()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let inside = self.inside::<A::Error>()?;
        let mut object = Object::default();
        while let Some(name) = entries.next_key::<String>()? {
            if object.get(&name).is_some() {
                return Err(self.refuse(JsonError::NameTwice(excerpt(&name))));
            }
            if object.0.len() == MEMBERS {
                return Err(self.refuse(JsonError::TooManyNames));
            }
            object.0.push((name, entries.next_value_seed(inside)?));
        }
        Ok(Json::Object(object))
    }
}

/// The value as JSON without white space, in its own order.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Negative(value) => value.fmt(f),
            // As the parser's own library writes it, so that it reads back as the same number.
            Self::Float(value) => serde_json::Value::from(*value).fmt(f),
            Self::Text(text) => quoted(text, f),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(object) => object.fmt(f),
        }
    }
}

/// The object as JSON without white space, in its own order.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            quoted(name, f)?;
            write!(f, ":{value}")?;
        }
        f.write_str("}")
    }
}

/// A string in quotes, escaped as RFC 8259 §7 wants it and no further.
fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\0'..='\x1F' => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<T: Into<Self>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
