//! Result, Done, Deny: how a request ends.

use crate::capability::Capability;
use crate::code::Code;
use crate::id::{CallId, PeerId};
use crate::wire::bounds;
use crate::wire::error::WireError;
use crate::wire::read::Reader;
use crate::wire::value::Value;
use crate::wire::write::{Sink, Writer};

/// How a call ended on one peer; the number is its spelling on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0, with key 3: the command ended by itself, with this exit code (0 is success).
    Exited(i64),
    /// 1, with key 4: this signal ended the command.
    Signalled(u64),
    /// 0, with keys 3 and 0x80: it ended by itself with this exit code, but whoever held its
    /// outputs after it was killed, so that some output may be missing. No success, whatever the
    /// exit code.
    ExitedCut(i64),
    /// 1, with keys 4 and 0x80: the same, where this signal ended the command.
    SignalledCut(u64),
    /// 2, with key 6: it did not run, or not to its end; the code says why. One that this version
    /// does not know is read as [`Code::Failed`].
    Failed(Code),
}

/// 0x23 `[0x23, {0: id, 1: peer, 2: status, ? 3: exit code, ? 4: signal, ? 5: value,
/// ? 6: code, ? 7: text, ? 0x80: "output-cut"}]`. Exactly one of 3, 4 and 6 is present, as the status
/// says; 7 only with 6, and absent where empty. 0x80 counts with 3 or 4 alone, and whatever else it
/// holds is no error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallResult<'a> {
    /// 0.
    pub id: CallId,
    /// 1: who answered; absent where the answer is the hub's own.
    pub peer: Option<PeerId>,
    /// 2, 3, 4, 6, 0x80.
    pub status: Status,
    /// 5: what the command returned, beside its output.
    pub value: Option<Value<'a>>,
    /// 7: a sentence for a person, with [`Status::Failed`]; may be empty.
    pub text: &'a str,
}

/// 0x24 `[0x24, {0: id, 1: answered, 2: failed, 3: missing, ? 0x80: claimed}]`. 0x80 is absent
/// where it is 0, and 0 where it is anything but a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// 0.
    pub id: CallId,
    /// 1: peers that ended with exit code 0.
    pub answered: u64,
    /// 2: peers that ended otherwise.
    pub failed: u64,
    /// 3: peers that gave no result.
    pub missing: u64,
    /// 0x80: peers that give themselves the labels of the target, where that does not count; they
    /// were not called.
    pub claimed: u64,
}

/// 0x50 `[0x50, {? 0: id, 1: code, 2: request, ? 3: capability, 4: text}]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deny<'a> {
    /// 0: the call that was denied; absent where it was another request. A denied call is over.
    pub id: Option<CallId>,
    /// 1: the code's name; one that this version does not know is read as [`Code::Denied`].
    pub code: Code,
    /// 2: the request: a command's name, or a frame's.
    pub request: &'a str,
    /// 3: what would have been needed; left out when read if this version does not know it.
    pub required: Option<Capability>,
    /// 4: a sentence for a person; may be empty.
    pub text: &'a str,
}

impl Status {
    /// The same for a command whose output was cut; what did not run to its end says so by its
    /// code.
    #[must_use]
    pub fn cut(self) -> Self {
        match self {
            Self::Exited(exit) | Self::ExitedCut(exit) => Self::ExitedCut(exit),
            Self::Signalled(signal) | Self::SignalledCut(signal) => Self::SignalledCut(signal),
            Self::Failed(code) => Self::Failed(code),
        }
    }

    /// Whether output of a command that ended by itself was cut.
    #[must_use]
    pub fn is_cut(self) -> bool {
        matches!(self, Self::ExitedCut(_) | Self::SignalledCut(_))
    }
}

/// What key 0x80 of a result says where output was cut.
const OUTPUT_CUT: &str = "output-cut";

impl<'a> CallResult<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            let id = CallId(body.required(0, Reader::uint)?);
            let peer = body.optional(1, Reader::parsed)?;
            let status = body.required(2, Reader::uint)?;
            let exit = body.optional(3, Reader::int)?;
            let signal = body.optional(4, Reader::uint)?;
            let value = body.optional(5, Value::read)?;
            let code = body.optional(6, |reader| reader.code(Code::Failed))?;
            let text = body.optional(7, |reader| reader.text(bounds::TEXT))?;
            if text == Some("") {
                return Err(WireError::Range);
            }
            let remark = body.optional(0x80, Reader::text_if_any)?.flatten();
            let status = match status {
                0 => Status::Exited(exit.ok_or(WireError::MissingKey(3))?),
                1 => Status::Signalled(signal.ok_or(WireError::MissingKey(4))?),
                2 => Status::Failed(code.ok_or(WireError::MissingKey(6))?),
                _ => return Err(WireError::Range),
            };
            let status = if remark == Some(OUTPUT_CUT) { status.cut() } else { status };
            let (ended, killed, failed) = match status {
                Status::Exited(_) | Status::ExitedCut(_) => (true, false, false),
                Status::Signalled(_) | Status::SignalledCut(_) => (false, true, false),
                Status::Failed(_) => (false, false, true),
            };
            for (key, present, allowed) in [
                (3, exit.is_some(), ended),
                (4, signal.is_some(), killed),
                (6, code.is_some(), failed),
                (7, text.is_some(), failed),
            ] {
                if present && !allowed {
                    return Err(WireError::MisplacedKey(key));
                }
            }
            Ok(Self { id, peer, status, value, text: text.unwrap_or_default() })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        let text = match self.status {
            Status::Failed(_) => self.text,
            Status::Exited(_)
            | Status::Signalled(_)
            | Status::ExitedCut(_)
            | Status::SignalledCut(_) => "",
        };
        let cut = self.status.is_cut();
        let optional = [self.peer.is_some(), self.value.is_some(), !text.is_empty(), cut];
        writer.map(3 + optional.iter().filter(|present| **present).count());
        writer.uint(0);
        writer.uint(self.id.0);
        if let Some(peer) = &self.peer {
            writer.uint(1);
            writer.text(peer.as_str());
        }
        writer.uint(2);
        match self.status {
            Status::Exited(exit) | Status::ExitedCut(exit) => {
                writer.uint(0);
                writer.uint(3);
                writer.int(exit);
            }
            Status::Signalled(signal) | Status::SignalledCut(signal) => {
                writer.uint(1);
                writer.uint(4);
                writer.uint(signal);
            }
            Status::Failed(_) => writer.uint(2),
        }
        if let Some(value) = &self.value {
            writer.uint(5);
            writer.encoded(value.as_bytes());
        }
        if let Status::Failed(code) = self.status {
            writer.uint(6);
            writer.text(code.name());
        }
        if !text.is_empty() {
            writer.uint(7);
            writer.sentence(text);
        }
        if cut {
            writer.uint(0x80);
            writer.text(OUTPUT_CUT);
        }
    }
}

impl Done {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                id: CallId(body.required(0, Reader::uint)?),
                answered: body.required(1, Reader::uint)?,
                failed: body.required(2, Reader::uint)?,
                missing: body.required(3, Reader::uint)?,
                claimed: body.optional(0x80, Reader::uint_if_any)?.flatten().unwrap_or(0),
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(4 + usize::from(self.claimed > 0));
        for (key, value) in (0..).zip([self.id.0, self.answered, self.failed, self.missing]) {
            writer.uint(key);
            writer.uint(value);
        }
        if self.claimed > 0 {
            writer.uint(0x80);
            writer.uint(self.claimed);
        }
    }
}

impl<'a> Deny<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.map(|body| {
            Ok(Self {
                id: body.optional(0, Reader::uint)?.map(CallId),
                code: body.required(1, |reader| reader.code(Code::Denied))?,
                request: body.required(2, |reader| reader.text(bounds::TEXT))?,
                required: body
                    .optional(3, |reader| reader.text(bounds::TEXT))?
                    .and_then(|spelled| spelled.parse().ok()),
                text: body.required(4, |reader| reader.text(bounds::TEXT))?,
            })
        })
    }

    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.map(3 + usize::from(self.id.is_some()) + usize::from(self.required.is_some()));
        if let Some(id) = self.id {
            writer.uint(0);
            writer.uint(id.0);
        }
        writer.uint(1);
        writer.text(self.code.name());
        writer.uint(2);
        writer.sentence(self.request);
        if let Some(required) = self.required {
            writer.uint(3);
            writer.text(&required.to_string());
        }
        writer.uint(4);
        writer.sentence(self.text);
    }
}
