//! Frames: read as strictly as a link reads them, then shown key by key.
//!
//! Of the three proved frames the body is read too. What is proved is not checked: that takes what
//! was said on the link before.

mod schema;
mod text;
mod tree;

use bowline_core::limits::Limits;
use bowline_core::wire::frame::{AuthBody, HelloBody, RefreshBody, WelcomeBody};
use bowline_core::wire::{Frame, Misread, WireError};
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
    Misread(&'static str, Misread),
}

impl Fault {
    fn tell(&self, json: bool) -> Result<u8, Failure> {
        let Self::Misread(place, misread) = self else {
            return not_a("frame", "it is empty", json);
        };
        let Misread { error, at, .. } = misread;
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
    let of_body = |misread| Fault::Misread("body", misread);
    let (body, proofs) = match &frame {
        Frame::Hello(hello) => {
            HelloBody::examine(hello.body).map_err(of_body)?;
            (Some(hello.body), vec![proof("signature", hello.signature)])
        }
        Frame::Authenticate(authenticate) => {
            AuthBody::examine(authenticate.body).map_err(of_body)?;
            // 0, 64 or 96 bytes; the reader saw to that.
            let (possession, mac) = authenticate.proof.split_at(authenticate.proof.len().min(64));
            let proofs = [("possession", possession), ("MAC", mac)];
            (Some(authenticate.body), proofs.map(|(name, proof)| self::proof(name, proof)).into())
        }
        Frame::Welcome(welcome) => {
            WelcomeBody::examine(welcome.body).map_err(of_body)?;
            (Some(welcome.body), vec![proof("MAC", welcome.proof)])
        }
        Frame::Refresh(refresh) => {
            RefreshBody::examine(refresh.body).map_err(of_body)?;
            (Some(refresh.body), vec![proof("signature", refresh.proof)])
        }
        _ => (None, Vec::new()),
    };
    // A frame is an array; behind its head, in one byte, and the type comes the body.
    let map = body.or_else(|| after_type(message)).unwrap_or_default();
    let (name, rows) =
        schema::layout(number).map_or(("unknown", &[][..]), |layout| (layout.name, layout.body));
    let fields = tree::fields(map, rows, now).unwrap_or_else(|_| {
        vec![Field { key: None, name: "bytes".to_owned(), shown: tree::bytes(message) }]
    });
    let inspected = Inspected {
        name,
        number,
        length: message.len(),
        proved: body.map(<[u8]>::len),
        fields,
        proofs,
        notes: Vec::new(),
    };
    Ok(inspected.noted(message.len()))
}

fn after_type(message: &[u8]) -> Option<&[u8]> {
    let mut decoder = minicbor::Decoder::new(message);
    decoder.array().ok()?;
    decoder.u8().ok()?;
    message.get(decoder.position()..)
}

fn proof(name: &str, proof: &[u8]) -> Field {
    let shown = match proof {
        [] => Shown::One("none".to_owned(), Value::Null),
        proof => tree::whole(proof),
    };
    Field { key: None, name: name.to_owned(), shown }
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
