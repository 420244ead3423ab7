//! JSON as tokens may hold it: no name twice, nothing after the end, nested four deep at most.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// An object in its own order.
pub(super) type Object = Vec<(String, Json)>;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Self>),
    Object(Object),
}

/// Objects and arrays in each other; the outermost is the first.
pub(super) const DEPTH: usize = 4;

/// Reads one object and nothing else.
///
/// # Errors
/// What keeps the bytes from being one.
pub(super) fn object(bytes: &[u8]) -> Result<Object, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { room: DEPTH }.deserialize(&mut reader).map_err(|error| reason(&error))?;
    reader.end().map_err(|_| "something follows the JSON".to_owned())?;
    match value {
        Json::Object(object) => Ok(object),
        _ => Err("the JSON is no object".to_owned()),
    }
}

/// What serde says, without its place: the JSON is one line that nobody sees.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match error.is_data() {
        true => text.to_owned(),
        false => format!("not JSON: {text}"),
    }
}

struct Strict {
    /// How many objects and arrays may still be opened.
    room: usize,
}

impl Strict {
    fn inside<E: Error>(&self) -> Result<Self, E> {
        match self.room.checked_sub(1) {
            Some(room) => Ok(Self { room }),
            None => Err(E::custom(format!("the JSON nests deeper than {DEPTH}"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
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
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let number = serde_json::Number::from_f64(value);
        number.map(Json::Number).ok_or_else(|| E::custom("a number beyond every bound"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let room = self.inside::<A::Error>()?.room;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self { room })? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let room = self.inside::<A::Error>()?.room;
        let mut object = Object::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.iter().any(|(earlier, _)| *earlier == name) {
                return Err(A::Error::custom(format!("{name:?} stands twice")));
            }
            object.push((name, entries.next_value_seed(Self { room })?));
        }
        Ok(Json::Object(object))
    }
}

/// The value of a name.
pub(super) fn get<'a>(object: &'a Object, name: &str) -> Option<&'a Json> {
    object.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

impl Json {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that is not negative: a date.
    pub(super) fn unix(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }
}

impl From<&Json> for serde_json::Value {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Boolean(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.clone()),
            Json::Text(text) => Self::String(text.clone()),
            Json::List(items) => items.iter().map(Self::from).collect(),
            Json::Object(object) => of_object(object),
        }
    }
}

pub(super) fn of_object(object: &Object) -> serde_json::Value {
    object
        .iter()
        .map(|(name, value)| (name.clone(), value.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_in_its_own_order() {
        let read = object(br#"{"b": [1, -2, 1.5, true, null], "a": {"c": "d"}}"#).unwrap();
        let names: Vec<_> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        let json = r#"{"a":{"c":"d"},"b":[1,-2,1.5,true,null]}"#;
        assert_eq!(of_object(&read).to_string(), json);
    }

    #[test]
    fn what_tokens_may_not_hold_is_refused() {
        for (json, reason) in [
            (r#"{"a": 1, "a": 1}"#, "\"a\" stands twice"),
            (r#"{"a": {"b": 1, "b": 2}}"#, "\"b\" stands twice"),
            ("[]", "the JSON is no object"),
            ("{} {}", "something follows the JSON"),
            ("", "not JSON: EOF while parsing a value"),
            ("{\"a\": \u{1}}", "not JSON: expected value"),
            ("{'a': 1}", "not JSON: key must be a string"),
            (r#"{"a":[[[[]]]]}"#, "the JSON nests deeper than 4"),
        ] {
            assert_eq!(object(json.as_bytes()), Err(reason.to_owned()), "{json}");
        }
        assert!(object(br#"{"a":[[[]]]}"#).is_ok());
        assert!(object(b"{\"a\": \"\xFF\"}").unwrap_err().starts_with("not JSON: "));
        let deep = format!("{{\"a\":{}", "[".repeat(4000));
        assert_eq!(object(deep.as_bytes()), Err("the JSON nests deeper than 4".to_owned()));
    }
}
