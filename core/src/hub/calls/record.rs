//! Calls by number: what they are for, how they ended, and the last that ended.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use crate::code::Code;
use crate::id::{CommandName, PeerId};
use crate::wire::frame::{Delivery, Status, Target};
use crate::wire::value::{Labels, Value, ValueBuf};

/// A call's number since the hub's start. With the hub's generation before it, it is a name that
/// is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::hub) struct CallNumber(pub(in crate::hub) u64);

/// The name of a call: `GENERATION-NUMBER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) struct CallName(pub(in crate::hub) u64, pub(in crate::hub) CallNumber);

/// Whom a call is for. Copied without an allocation.
#[derive(Clone, Debug)]
pub(in crate::hub) enum Goal {
    Peer(PeerId),
    All,
    /// Encoded label tests.
    Labels(Arc<[u8]>),
}

/// How a call ended on one peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::hub) enum End {
    /// As the peer says.
    Said(Status),
    /// There is no answer of the peer, and why.
    Hub(Code),
}

/// How many peers a call ended on, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::hub) struct Counts {
    pub(in crate::hub) answered: u64,
    pub(in crate::hub) failed: u64,
    pub(in crate::hub) missing: u64,
}

/// A call, as it is listed.
#[derive(Clone, Debug)]
pub(in crate::hub) struct Record {
    pub(in crate::hub) number: CallNumber,
    pub(in crate::hub) caller: PeerId,
    pub(in crate::hub) goal: Goal,
    pub(in crate::hub) name: CommandName,
    pub(in crate::hub) delivery: Delivery,
    /// Seconds since 1970.
    pub(in crate::hub) started: u64,
    /// Seconds since 1970; none while it runs.
    pub(in crate::hub) ended: Option<u64>,
    pub(in crate::hub) targets: u64,
    /// Peers that claim the labels asked for, where that does not count.
    pub(in crate::hub) claimed: u64,
    pub(in crate::hub) counts: Counts,
    /// How it ended, where it was for one peer.
    pub(in crate::hub) end: Option<End>,
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1.0)
    }
}

/// Text that is no name of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) struct NoCallName;

impl FromStr for CallName {
    type Err = NoCallName;
    /// The name that `text` spells, in its one spelling.
    fn from_str(text: &str) -> Result<Self, NoCallName> {
        let whole = |digits: &str| digits.parse().map_err(|_| NoCallName);
        let (generation, number) = text.split_once('-').ok_or(NoCallName)?;
        let name = Self(whole(generation)?, CallNumber(whole(number)?));
        if name.to_string() == text { Ok(name) } else { Err(NoCallName) }
    }
}

impl Goal {
    /// What a call is for; none for the hub itself.
    pub(super) fn of(target: &Target<'_>) -> Option<Self> {
        match target {
            Target::Peer(peer) => Some(Self::Peer(*peer)),
            Target::Hub => None,
            Target::All => Some(Self::All),
            Target::Labels(labels) => Some(Self::Labels(labels.as_bytes().into())),
        }
    }

    /// The label tests that a peer has to pass.
    pub(super) fn tests(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Peer(_) | Self::All => Vec::new(),
            // They were read from a frame, so they parse.
            Self::Labels(bytes) => {
                Labels::parse(bytes).map_or_else(|_| Vec::new(), |labels| labels.iter().collect())
            }
        }
    }

    /// Bytes of the heap.
    pub(super) fn heap(&self) -> usize {
        match self {
            Self::Peer(_) | Self::All => 0,
            Self::Labels(bytes) => bytes.len(),
        }
    }

    /// A text, or a map of label tests.
    pub(in crate::hub) fn to_value(&self) -> ValueBuf {
        match self {
            Self::Peer(peer) => ValueBuf::text(peer.as_str()),
            Self::All => ValueBuf::text("all"),
            Self::Labels(bytes) => {
                Value::parse(bytes).map_or_else(|_| ValueBuf::text(""), ValueBuf::from)
            }
        }
    }
}

impl End {
    pub(in crate::hub) fn status(self) -> Status {
        match self {
            Self::Said(status) => status,
            Self::Hub(code) => Status::Failed(code),
        }
    }
}

impl Counts {
    // spec: hub §3, the counts
    pub(super) fn add(&mut self, end: End) {
        match end {
            End::Said(Status::Exited(0)) => self.answered += 1,
            End::Hub(
                Code::Offline
                | Code::NotReady
                | Code::Lost
                | Code::Deadline
                | Code::Draining
                | Code::GoingAway,
            ) => self.missing += 1,
            End::Said(_) | End::Hub(_) => self.failed += 1,
        }
    }

    pub(super) fn of(end: End) -> Self {
        let mut counts = Self::default();
        counts.add(end);
        counts
    }

    pub(super) fn total(self) -> u64 {
        self.answered + self.failed + self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_has_one_spelling() {
        let name = CallName(7, CallNumber(12));
        assert_eq!(name.to_string(), "7-12");
        assert_eq!("7-12".parse(), Ok(name));
        for bad in ["", "7", "7-", "-12", "7-12-3", "07-12", "7-+12", "7 -12", "x-1"] {
            assert_eq!(bad.parse::<CallName>(), Err(NoCallName), "{bad:?}");
        }
    }

    #[test]
    fn an_end_counts_as_what_became_of_the_peer() {
        let count = |end| {
            let Counts { answered, failed, missing } = Counts::of(end);
            (answered, failed, missing)
        };
        assert_eq!(count(End::Said(Status::Exited(0))), (1, 0, 0));
        for failed in [
            End::Said(Status::ExitedCut(0)),
            End::Said(Status::Exited(1)),
            End::Said(Status::Signalled(9)),
            End::Said(Status::Failed(Code::Deadline)),
            End::Hub(Code::UnknownCommand),
            End::Hub(Code::Busy),
            End::Hub(Code::Cancelled),
        ] {
            assert_eq!(count(failed), (0, 1, 0), "{failed:?}");
        }
        for missing in [
            Code::Offline,
            Code::NotReady,
            Code::Lost,
            Code::Deadline,
            Code::Draining,
            Code::GoingAway,
        ] {
            assert_eq!(count(End::Hub(missing)), (0, 0, 1), "{missing}");
        }
    }
}
