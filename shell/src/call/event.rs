//! What a call tells the one who made it: where it went, output, ends.

use bowline_core::capability::Capability;
use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::wire::frame::{self, CallResult, Done, OutputStream, Status};
use bowline_core::wire::value::Value;

/// One thing that a call tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallEvent {
    /// A call for several peers went to these. There may be more than one of these, and their lists
    /// add up.
    Accepted {
        /// The peers, at least one, ascending.
        sent: Vec<PeerId>,
    },
    /// Bytes that the command wrote.
    Output {
        /// The peer that it runs on.
        peer: Option<PeerId>,
        /// Which output.
        source: OutputStream,
        /// The bytes, at least one.
        bytes: Vec<u8>,
    },
    /// How a call for several peers ended on one of them, behind all output of that peer; the call
    /// goes on. Each peer that the target means has one, the absent ones too.
    Answered(Finished),
    /// The end; nothing follows.
    Finished(Finished),
}

impl CallEvent {
    /// Bytes that it holds and that no credit was given for.
    pub(crate) fn held(&self) -> usize {
        match self {
            Self::Answered(answer) => {
                answer.value.as_ref().map_or(0, Vec::len) + answer.text.raw().len()
            }
            // Output has credit, peers that it went to are counted, and an end comes once.
            Self::Output { .. } | Self::Accepted { .. } | Self::Finished(_) => 0,
        }
    }
}

/// How a call ended, or how a call for several peers ended on one of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finished {
    /// The peer that answered; none where the hub did, and none at the end of a call for several.
    pub peer: Option<PeerId>,
    /// How. At the end of a call for several peers: [`Status::Exited`] with 0 where each of them
    /// ended so, else [`Status::Failed`]: [`Code::UnknownPeer`] where the target means nobody,
    /// [`Code::Failed`] for the rest.
    pub status: Status,
    /// What the command returned beside its output: one encoded value.
    pub value: Option<Vec<u8>>,
    /// A sentence for a person, where it failed: the other end's own words.
    pub text: Line,
    /// The capability that was missing, where the call was denied.
    pub required: Option<Capability>,
    /// What became of a call for several peers, at its end; none for a call for one, and where the
    /// hub refused it or the link was lost.
    pub counts: Option<Counts>,
}

/// What became of a call for several peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Peers on which the command ended by itself with code 0.
    pub answered: u64,
    /// Peers on which it ended otherwise, or did not start.
    pub failed: u64,
    /// Peers that gave no answer: absent, lost, or late beyond the call's deadline.
    pub missing: u64,
    /// Peers that give themselves the labels of the target, which does not count at this hub: the
    /// command was not run there. None of the others.
    pub claimed: u64,
}

impl Counts {
    /// All peers that were meant together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.answered.saturating_add(self.failed).saturating_add(self.missing)
    }
}

impl Finished {
    pub(crate) fn failed(code: Code, text: &str) -> Self {
        let (status, text) = (Status::Failed(code), text.into());
        Self { peer: None, status, value: None, text, required: None, counts: None }
    }

    pub(crate) fn lost() -> Self {
        Self::failed(Code::Lost, Code::Lost.row().meaning)
    }

    pub(crate) fn of(result: &CallResult<'_>) -> Self {
        Self {
            peer: result.peer,
            status: result.status,
            value: result.value.map(|value| value.as_bytes().to_vec()),
            text: result.text.into(),
            required: None,
            counts: None,
        }
    }

    pub(crate) fn denied(deny: &frame::Deny<'_>) -> Self {
        Self { required: deny.required, ..Self::failed(deny.code, deny.text) }
    }

    pub(crate) fn done(done: Done) -> Self {
        let Done { answered, failed, missing, claimed, .. } = done;
        Self::all(Counts { answered, failed, missing, claimed })
    }

    /// The end of a call for several peers of which this became.
    fn all(counts: Counts) -> Self {
        let Counts { answered, failed, missing, .. } = counts;
        let end = match (answered, failed, missing) {
            (0, 0, 0) => Self::failed(Code::UnknownPeer, "no peer is meant by this target"),
            (_, 0, 0) => Self { status: Status::Exited(0), ..Self::failed(Code::Failed, "") },
            _ => Self::failed(
                Code::Failed,
                &format!("{answered} answered, {failed} failed, {missing} missing"),
            ),
        };
        Self { counts: Some(counts), ..end }
    }

    /// The value that came with it.
    #[must_use]
    pub fn value(&self) -> Option<Value<'_>> {
        // It was read from a frame, so it parses.
        self.value.as_deref().and_then(|bytes| Value::parse(bytes).ok())
    }

    /// The name under which the hub keeps a call that was detached, for
    /// [`CallBuilder::detach`](crate::call::CallBuilder::detach); none where it was not taken.
    #[must_use]
    pub fn kept_as(&self) -> Option<&str> {
        self.value().filter(|_| self.is_success())?.text()
    }

    /// Why the call failed; none where the command ran to its end, whatever its exit code.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self.status {
            Status::Failed(code) => Some(code),
            Status::Exited(_)
            | Status::Signalled(_)
            | Status::ExitedCut(_)
            | Status::SignalledCut(_) => None,
        }
    }

    /// Whether the command ended by itself with code 0; of a call for several peers, whether it did
    /// so on each, and there was one.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == Status::Exited(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_for_several_succeeds_where_each_of_at_least_one_does() {
        let of = |answered, failed, missing| {
            Finished::all(Counts { answered, failed, missing, ..Counts::default() })
        };
        assert!(of(2, 0, 0).is_success());
        assert!(of(2, 0, 0).text.is_empty());
        assert_eq!(of(0, 0, 0).status, Status::Failed(Code::UnknownPeer));
        for end in [of(2, 1, 0), of(2, 0, 1), of(0, 1, 1)] {
            assert_eq!(end.status, Status::Failed(Code::Failed));
        }
        assert_eq!(of(2, 1, 3).text.raw(), "2 answered, 1 failed, 3 missing");
        assert_eq!(of(2, 1, 3).counts.map(|counts| counts.total()), Some(6));
    }
}
