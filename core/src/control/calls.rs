//! Calls: what runs, how it ended, who may stop it. `// spec: control §5 to §7`

use core::fmt;

use crate::code::Code;
use crate::control::call_name::CallName;
use crate::control::field::{
    ControlRecord, Entries, FieldMisread, FieldRow, FieldType, Fields, Item, record,
};
use crate::control::item::{OutputBytes, Text, Word, words};
use crate::control::page::{Page, Paged};
use crate::control::peers::LabelMap;
use crate::id::{CommandName, PeerId};
use crate::wire::frame::Status;
use crate::wire::value::{Value, ValueBuf, ValueError};

record! {
    /// Which calls are listed.
    #[derive(Default)]
    CallsRequest {
        /// Call behind which the list starts.
        after: Option<CallName>,
    }
}

words! {
    /// Whether the caller stays for the end.
    CallDelivery {
        /// It does.
        Attached "attached",
        /// The hub keeps what comes of it.
        Detached "detached",
    }
}

words! {
    /// Whether a call goes on.
    CallState {
        /// It does.
        Running "running",
        /// It does not.
        Ended "ended",
    }
}

record! {
    /// A call in the list of `calls`.
    #[non_exhaustive]
    CallSummary {
        /// Name of the call.
        id: CallName,
        /// Peer that made it.
        caller: PeerId,
        /// Whom it is for.
        target: CallTarget,
        /// Name of the command.
        command: CommandName,
        /// Whether the caller stays for the end.
        delivery: Word<CallDelivery>,
        /// Whether it goes on.
        state: Word<CallState>,
        /// Seconds since 1970.
        started: u64,
        /// Seconds since 1970; none while it runs.
        ended: Option<u64>,
        /// Peers that it is for, as far as they are known.
        targets: u64,
        /// Peers that ended with exit code 0.
        answered: u64,
        /// Peers that ended otherwise.
        failed: u64,
        /// Peers that gave no answer.
        missing: u64,
        /// Peers that only claim the labels; none where there are none.
        claimed: Option<u64>,
    }
}

/// Whom a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallTarget {
    /// One peer.
    Peer(PeerId),
    /// Every peer.
    All,
    /// The peers of these labels.
    Labels(LabelMap),
}

impl Item for CallTarget {
    fn kind() -> FieldType {
        FieldType::Either(Box::new(FieldType::Text), Box::new(LabelMap::kind()))
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        match self {
            Self::Peer(peer) => Item::to_value(peer),
            Self::All => Ok(ValueBuf::text("all")),
            Self::Labels(labels) => Item::to_value(labels),
        }
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        match value.text() {
            Some("all") => Ok(Self::All),
            Some(_) => Item::read(value).map(Self::Peer),
            None => Item::read(value).map(Self::Labels),
        }
    }
}

/// As it is typed: a peer's id, label tests, or `all`.
impl fmt::Display for CallTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(peer) => f.write_str(peer.as_str()),
            Self::All => f.write_str("all"),
            Self::Labels(labels) => {
                let tests = labels.iter().map(|(name, value)| format!("{name}={value}"));
                let mut tests: Vec<_> = tests.collect();
                tests.sort_unstable();
                f.write_str(&tests.join(","))
            }
        }
    }
}

impl Paged for CallsRequest {
    fn behind(&self, page: &Page<CallSummary>) -> Option<Self> {
        page.last("id").map(|id| Self { after: Some(id) })
    }
}

record! {
    /// Which call is shown.
    CallRequest {
        /// Name of the call.
        id: CallName,
        /// Peer behind which the peers start.
        after: Option<PeerId>,
    }
}

record! {
    /// A call, and how it went on each peer.
    #[non_exhaustive]
    CallDetail {
        /// Peers in the order of their ids; none where their ends were told to the caller alone.
        peers: Option<Page<CallLeg>>,
    }
    with {
        /// What the list says.
        call: CallSummary,
    }
}

record! {
    /// A call on one peer.
    #[non_exhaustive]
    CallLeg {
        /// Id of the peer.
        peer: PeerId,
        /// Sentence of a failure, where there is one.
        text: Option<String>,
        /// Last bytes of standard output; none where nothing was kept.
        out: Option<OutputBytes>,
        /// Last bytes of standard error; none where nothing was kept.
        err: Option<OutputBytes>,
        /// Bytes of standard output before those; none where there were none.
        out_dropped: Option<u64>,
        /// Bytes of standard error before those; none where there were none.
        err_dropped: Option<u64>,
    }
    with {
        /// How far it is.
        stage: LegStage,
    }
}

impl Paged for CallRequest {
    fn behind(&self, call: &CallDetail) -> Option<Self> {
        let last = call.peers.as_ref()?.last("peer")?;
        Some(Self { after: Some(last), ..self.clone() })
    }
}

/// How far a call is on one peer: the keys `status`, `exit`, `signal`, `code` and `output_cut`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LegStage {
    /// It waits for its turn.
    Waiting,
    /// It runs.
    Running,
    /// It has ended.
    Ended(Status),
}

impl ControlRecord for LegStage {
    fn rows(rows: &mut Vec<FieldRow>) {
        rows.extend([
            FieldRow::of::<String>("status"),
            FieldRow::of::<Option<i64>>("exit"),
            FieldRow::of::<Option<u64>>("signal"),
            FieldRow::of::<Option<Code>>("code"),
            FieldRow::of::<Option<bool>>("output_cut"),
        ]);
    }

    fn write(&self, entries: &mut Entries) -> Result<(), ValueError> {
        let status = match *self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended(Status::Exited(exit) | Status::ExitedCut(exit)) => {
                entries.push(("exit", Item::to_value(&exit)?));
                "exited"
            }
            Self::Ended(Status::Signalled(signal) | Status::SignalledCut(signal)) => {
                entries.push(("signal", Item::to_value(&signal)?));
                "signalled"
            }
            Self::Ended(Status::Failed(code)) => {
                entries.push(("code", Item::to_value(&code)?));
                "failed"
            }
        };
        if matches!(self, Self::Ended(status) if status.is_cut()) {
            entries.push(("output_cut", ValueBuf::boolean(true)));
        }
        entries.push(("status", ValueBuf::text(status)));
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<Self, FieldMisread> {
        let status = match fields.take::<String>("status")?.as_str() {
            "waiting" => return Ok(Self::Waiting),
            "running" => return Ok(Self::Running),
            "exited" => Status::Exited(fields.take("exit")?),
            "signalled" => Status::Signalled(fields.take("signal")?),
            // A code that this version does not know is read as in a Result.
            "failed" => {
                let code: String = fields.take("code")?;
                Status::Failed(Code::spelled(&code).unwrap_or(Code::Failed))
            }
            _ => return Err(FieldMisread::default().at("status")),
        };
        let is_cut = matches!(fields.take("output_cut"), Ok(Some(true)));
        Ok(Self::Ended(if is_cut { status.cut() } else { status }))
    }
}

record! {
    /// Which call is to stop.
    CancelCallRequest {
        /// Name of the call.
        id: CallName,
    }
}
