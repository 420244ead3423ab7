//! Result, Done, Deny: how a request ends.

use crate::capability::Capability;
use crate::code::Code;
use crate::id::{CallId, PeerId};
use crate::wire::frame::codec::{Denial, ExitCode, Failure, Reason};
use crate::wire::frame::table::*;
use crate::wire::value::Value;

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

/// How a call ended on one peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallResult<'a> {
    /// Call that ended.
    pub id: CallId,
    /// Peer that answered; absent where the answer is the hub's own.
    pub peer: Option<PeerId>,
    /// Status, with what belongs to it.
    pub status: Status,
    /// Value that the command returned, beside its output.
    pub value: Option<Value<'a>>,
    /// Sentence for a person, with [`Status::Failed`]; may be empty.
    pub text: &'a str,
}

record! {
    /// A [`CallResult`] on the wire. Exactly one of 3, 4 and 6 is present, as the status says; 7
    /// only with 6. 0x80 counts with 3 or 4 alone, and whatever else it holds is no error.
    struct ResultRecord<'a> {
        0 required "call" id: CallId,
        1 optional "peer" peer: Option<PeerId>,
        2 required "status" status: u64 as StatusNumber,
        3 optional "exit code" exit: Option<i64> as ExitCode,
        4 optional "signal" signal: Option<u64>,
        5 optional "value" value: Option<Value<'a>>,
        6 optional "code" code: Option<Code> as Failure,
        7 optional "text" text: &'a str as Reason,
        0x80 optional "remark" remark: Option<&'a str> as Remark,
    }
}

through!(CallResult<'a>, ResultRecord<'a>);

record! {
    /// Every target has answered.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Done {
        /// Call that is over.
        0 required "call" id: CallId,
        /// Peers that ended with exit code 0.
        1 required "answered" answered: u64,
        /// Peers that ended otherwise.
        2 required "failed" failed: u64,
        /// Peers that gave no result.
        3 required "missing" missing: u64,
        /// Peers that give themselves the labels of the target, where that does not count; they
        /// were not called. 0 where it is anything but a number.
        0x80 optional "only claim the labels" claimed: u64 as Claimed,
    }
}

record! {
    /// A request was denied.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Deny<'a> {
        /// Call that was denied; absent where it was another request. A denied call is over.
        0 optional "call" id: Option<CallId>,
        /// Code; one that this version does not know is read as [`Code::Denied`].
        1 required "code" code: Code as Denial,
        /// Request: a command's name, or a frame's.
        2 required "request" request: &'a str,
        /// Capability that would have been needed; left out when read if this version does not
        /// know it.
        3 optional "lacks" required: Option<Capability> as Capability,
        /// Sentence for a person; may be empty.
        4 required "text" text: &'a str,
    }
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

/// The number of a [`Status`].
enum StatusNumber {}
/// Text, where it is text.
enum Remark {}
/// A number, where it is one.
enum Claimed {}

/// What the numbers of [`StatusNumber`] mean.
const STATUSES: &[&str] = &["exited", "signalled", "failed"];

codec!(
    StatusNumber: u64,
    FieldKind::Choice(|number| STATUSES.get(usize::try_from(number).ok()?).copied()),
    Grammar::Rule("0 / 1 / 2"),
    |r| r.uint(), |number, w| w.uint(*number),
);
codec!(
    Remark: Option<&'a str>, FieldKind::Text, Grammar::Rule("remark"),
    |r| r.text_if_any(), |remark, w| w.text(remark.unwrap_or_default()),
);
codec!(
    Claimed: u64, FieldKind::Number, Grammar::Rule("positive"),
    |r| Ok(r.uint_if_any()?.unwrap_or(0)), |claimed, w| w.uint(*claimed),
);

/// What key 0x80 of a result says where output was cut.
const OUTPUT_CUT: &str = "output-cut";

impl<'a> TryFrom<ResultRecord<'a>> for CallResult<'a> {
    type Error = WireError;
    fn try_from(record: ResultRecord<'a>) -> Result<Self, WireError> {
        let ResultRecord { id, peer, status, exit, signal, value, code, text, remark } = record;
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
            (7, !text.is_empty(), failed),
        ] {
            if present && !allowed {
                return Err(WireError::MisplacedKey(key));
            }
        }
        Ok(Self { id, peer, status, value, text })
    }
}

impl<'a> From<&CallResult<'a>> for ResultRecord<'a> {
    fn from(result: &CallResult<'a>) -> Self {
        let &CallResult { id, peer, status, value, text } = result;
        let (status, exit, signal, code) = match status {
            Status::Exited(exit) | Status::ExitedCut(exit) => (0, Some(exit), None, None),
            Status::Signalled(signal) | Status::SignalledCut(signal) => {
                (1, None, Some(signal), None)
            }
            Status::Failed(code) => (2, None, None, Some(code)),
        };
        let text = if code.is_some() { text } else { "" };
        let remark = result.status.is_cut().then_some(OUTPUT_CUT);
        Self { id, peer, status, exit, signal, value, code, text, remark }
    }
}
