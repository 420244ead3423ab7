//! Calls by number: what they are for, how they ended, and the last that ended.

use std::sync::Arc;

use crate::code::Code;
use crate::control::{CallName, CallTarget};
use crate::id::{CommandName, PeerId};
use crate::wire::frame::{Delivery, Status, Target};
use crate::wire::value::Labels;

/// A call's number since the hub's start. With the hub's generation before it, it is a name that
/// is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::hub) struct CallNumber(pub(in crate::hub) u64);

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
pub(in crate::hub) enum LegEnd {
    /// As the peer says.
    Said(Status),
    /// There is no answer of the peer, and why.
    Hub(Code),
}

/// How many peers a call ended on, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::hub) struct LegCounts {
    pub(in crate::hub) answered: u64,
    pub(in crate::hub) failed: u64,
    pub(in crate::hub) missing: u64,
}

/// A call, as it is listed.
#[derive(Clone, Debug)]
pub(in crate::hub) struct RecordedCall {
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
    pub(in crate::hub) counts: LegCounts,
    /// How it ended, where it was for one peer.
    pub(in crate::hub) end: Option<LegEnd>,
}

impl CallNumber {
    /// The call's name at a hub that has started so often.
    pub(in crate::hub) fn name(self, generation: u64) -> CallName {
        CallName { generation, number: self.0 }
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

    /// The same, as it is shown.
    pub(in crate::hub) fn target(&self) -> CallTarget {
        match self {
            Self::Peer(peer) => CallTarget::Peer(*peer),
            Self::All => CallTarget::All,
            Self::Labels(_) => {
                let tests = self.tests().into_iter();
                CallTarget::Labels(tests.map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
            }
        }
    }
}

impl LegEnd {
    pub(in crate::hub) fn status(self) -> Status {
        match self {
            Self::Said(status) => status,
            Self::Hub(code) => Status::Failed(code),
        }
    }
}

impl LegCounts {
    // spec: hub §3, the counts
    pub(super) fn add(&mut self, end: LegEnd) {
        match end {
            LegEnd::Said(Status::Exited(0)) => self.answered += 1,
            LegEnd::Hub(
                Code::Offline
                | Code::NotReady
                | Code::Lost
                | Code::Deadline
                | Code::Draining
                | Code::GoingAway,
            ) => self.missing += 1,
            LegEnd::Said(_) | LegEnd::Hub(_) => self.failed += 1,
        }
    }

    pub(super) fn of(end: LegEnd) -> Self {
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
    fn an_end_counts_as_what_became_of_the_peer() {
        let count = |end| {
            let LegCounts { answered, failed, missing } = LegCounts::of(end);
            (answered, failed, missing)
        };
        assert_eq!(count(LegEnd::Said(Status::Exited(0))), (1, 0, 0));
        for failed in [
            LegEnd::Said(Status::ExitedCut(0)),
            LegEnd::Said(Status::Exited(1)),
            LegEnd::Said(Status::Signalled(9)),
            LegEnd::Said(Status::Failed(Code::Deadline)),
            LegEnd::Hub(Code::UnknownCommand),
            LegEnd::Hub(Code::Busy),
            LegEnd::Hub(Code::Cancelled),
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
            assert_eq!(count(LegEnd::Hub(missing)), (0, 0, 1), "{missing}");
        }
    }
}
