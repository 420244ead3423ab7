//! Frames: read as strictly as a link reads them, then shown key by key.
//!
//! Of the three proved frames the body is read too. What is proved is not checked: that takes what
//! was said on the link before.

mod text;
mod tree;

use bowline_core::limits::Limits;
use bowline_core::wire::frame::schema::ProofSchema;
use bowline_core::wire::{Frame, FrameMisread, WireError};
use serde_json::{Value, json};

use crate::args::{Encoding, Given};
use crate::exit::{self, Failure};
use crate::inspect::{input, not_a};
use crate::{date, output};

use tree::{Field, Shown};

pub(super) fn frame(given: &Given, encoding: Option<Encoding>) -> Result<u8, Failure> {
    let read = input::read(&given.value)?;
    let message = match input::decode(&read, encoding) {
        Ok((message, _)) => message,
        Err(reason) => {
            let hint =
                format!("{reason}; --encoding hex, base64, base64url or raw says how to read it");
            return not_a("frame", &hint, given.json);
        }
    };
    let inspected = match inspect(&message, date::now()) {
        Ok(inspected) => inspected,
        Err(fault) => return fault.tell(given.json),
    };
    if given.json {
        output::line(inspected.object())?;
    } else {
        output::line(text::of(&inspected))?;
    }
    Ok(exit::DONE)
}

/// A frame, taken apart.
struct Inspected {
    name: &'static str,
    number: u8,
    length: usize,
    /// The length of the body, where it is proved by itself.
    proved: Option<usize>,
    fields: Vec<Field>,
    proofs: Vec<Field>,
    notes: Vec<String>,
}

/// Why the bytes are not a frame.
#[derive(Debug, PartialEq)]
enum Fault {
    Empty,
    /// Where, in the frame itself or in the body that it carries.
    Misread(&'static str, FrameMisread),
}

impl Fault {
    fn tell(&self, json: bool) -> Result<u8, Failure> {
        let Self::Misread(place, misread) = self else {
            return not_a("frame", "it is empty", json);
        };
        let FrameMisread { error, at, .. } = misread;
        let noticed = match error {
            WireError::Trailing => format!("from byte {at} of the {place}"),
            WireError::Short | WireError::MissingKey(_) => {
                format!("noticed at byte {at} of the {place}")
            }
            _ => format!("in the item that begins at byte {at} of the {place}"),
        };
        if json {
            let error = error.to_string();
            output::line(json!({"frame": null, "error": error, "in": place, "at": at}))?;
        }
        Err(Failure::new(exit::FAILURES, format!("not a frame: {error}, {noticed}")))
    }
}

fn inspect(message: &[u8], now: u64) -> Result<Inspected, Fault> {
    if message.is_empty() {
        return Err(Fault::Empty);
    }
    let frame = Frame::examine(message).map_err(|misread| Fault::Misread("frame", misread))?;
    let number = frame.number();
    let schema = Frame::TABLE.iter().find(|schema| schema.number == number);
    let (name, fields) = schema.map_or(("unknown", &[][..]), |s| (s.name, s.body.fields));
    let mut inspected = Inspected {
        name,
        number,
        length: message.len(),
        proved: None,
        fields: Vec::new(),
        proofs: Vec::new(),
        notes: Vec::new(),
    };
    let mut map = after_type(message).unwrap_or_default();
    if let Some(schema) = schema.and_then(|schema| schema.body.proof)
        && let Some((body, proof)) = proved(map)
    {
        (schema.examine)(body).map_err(|misread| Fault::Misread("body", misread))?;
        inspected.proved = Some(body.len());
        inspected.proofs = proofs(schema, proof);
        map = body;
    }
    inspected.fields = tree::fields(map, fields, now).unwrap_or_else(|_| {
        vec![Field { key: None, name: "bytes".to_owned(), shown: tree::bytes(message) }]
    });
    Ok(inspected.noted(message.len()))
}

/// What follows the type: a frame is an array, with its head in one byte.
fn after_type(message: &[u8]) -> Option<&[u8]> {
    let mut decoder = minicbor::Decoder::new(message);
    decoder.array().ok()?;
    decoder.u8().ok()?;
    message.get(decoder.position()..)
}

/// The body and the proof of a frame that is proved.
fn proved(parts: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut decoder = minicbor::Decoder::new(parts);
    Some((decoder.bytes().ok()?, decoder.bytes().ok()?))
}

/// The parts of a proof, each by its name.
fn proofs(schema: ProofSchema, mut proof: &[u8]) -> Vec<Field> {
    let part = |&(name, length): &(&str, usize)| {
        let (part, rest) = proof.split_at(proof.len().min(length));
        proof = rest;
        let shown = match part {
            [] => Shown::One("none".to_owned(), Value::Null),
            part => tree::whole(part),
        };
        Field { key: None, name: name.to_owned(), shown }
    };
    schema.parts.iter().map(part).collect()
}

impl Inspected {
    fn noted(mut self, length: usize) -> Self {
        let limits = Limits::default();
        let most = match self.number {
            0x01..=0x04 => limits.message_before_admission,
            _ => limits.message,
        };
        if length > most {
            self.notes.push(format!("too long: at most {most} bytes are taken here"));
        }
        if self.proved.is_some() {
            self.notes.push("not verified: that takes what was said on the link before".to_owned());
        }
        if self.number >= 0x80 {
            self.notes.push("not known to this version, which ignores it".to_owned());
        }
        self
    }

    fn object(&self) -> Value {
        let proofs: serde_json::Map<_, _> = self
            .proofs
            .iter()
            .map(|field| (field.name.to_lowercase(), text::object(&field.shown)))
            .collect();
        json!({
            "frame": self.name,
            "type": self.number,
            "bytes": self.length,
            "fields": text::objects(&self.fields),
            "proofs": proofs,
            "notes": self.notes,
        })
    }
}

#[cfg(test)]
mod tests;
