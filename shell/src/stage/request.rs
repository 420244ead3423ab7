//! What the stage is asked to do, and what it answers: two records of fixed size.
//!
//! ```text
//! request  "bwstart1" | flags (1) | descriptors (1) | soft core limit (8, big-endian)
//! status   'R'                                  ready: the next step is exec
//!          'F' | step (1) | errno (4, big-endian)  failed
//! ```
//!
//! Both ends are the same program file; a request of any other form is refused whole.

use std::io;

use super::DESCRIPTORS;

const MAGIC: &[u8; 8] = b"bwstart1";
const HAS_CORE: u8 = 1;

/// What the stage is asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StageRequest {
    /// The soft limit of core files that the program gets; what stands where there is none.
    /// [`StageRequest::UNLIMITED`] is no limit.
    pub(super) core: Option<u64>,
    /// How many descriptors come with it, beside standard input; at most [`DESCRIPTORS`].
    pub(super) descriptors: u8,
}

impl StageRequest {
    /// The length of the record in bytes.
    pub(super) const LENGTH: usize = 18;

    /// As [`StageRequest::core`]: no limit.
    pub(super) const UNLIMITED: u64 = u64::MAX;

    pub(super) fn encode(self) -> [u8; Self::LENGTH] {
        let mut record = [0; Self::LENGTH];
        record[..8].copy_from_slice(MAGIC);
        record[8] = if self.core.is_some() { HAS_CORE } else { 0 };
        record[9] = self.descriptors;
        record[10..].copy_from_slice(&self.core.unwrap_or(0).to_be_bytes());
        record
    }

    pub(super) fn decode(record: &[u8]) -> Option<Self> {
        let rest = record.strip_prefix(MAGIC)?;
        let &[flags, descriptors, ref core @ ..] = rest else { return None };
        let core = u64::from_be_bytes(core.try_into().ok()?);
        let core = match flags {
            0 if core == 0 => None,
            HAS_CORE => Some(core),
            _ => return None,
        };
        (usize::from(descriptors) <= DESCRIPTORS).then_some(Self { core, descriptors })
    }
}

/// What the stage was about when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StageStep {
    /// Reading the request.
    Request,
    /// Keeping descriptors from the program.
    Descriptors,
    /// Leaving the session, and with it the terminal.
    Session,
    /// Restoring the limit of core files.
    Core,
    /// Becoming the program.
    Exec,
}

impl StageStep {
    const ALL: [Self; 5] =
        [Self::Request, Self::Descriptors, Self::Session, Self::Core, Self::Exec];

    /// What it did, to stand behind "while".
    pub(super) fn doing(self) -> &'static str {
        match self {
            Self::Request => "reading the request",
            Self::Descriptors => "keeping descriptors back",
            Self::Session => "leaving the terminal",
            Self::Core => "restoring the limit of core files",
            Self::Exec => "starting the program",
        }
    }
}

/// Why the program was not started.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) step: StageStep,
    pub(super) error: io::Error,
}

/// The stage's word that the next step is the program.
pub(super) const READY: &[u8] = b"R";

/// The longest status, in bytes.
pub(super) const LONGEST_STATUS: usize = READY.len() + 6;

impl Failed {
    pub(super) fn encode(&self) -> [u8; 6] {
        let errno = self.error.raw_os_error().unwrap_or(0).to_be_bytes();
        let step = StageStep::ALL.iter().position(|step| *step == self.step).unwrap_or(0) as u8;
        [b'F', step, errno[0], errno[1], errno[2], errno[3]]
    }

    pub(super) fn decode(record: &[u8]) -> Option<Self> {
        let &[b'F', step, ref errno @ ..] = record else { return None };
        let step = *StageStep::ALL.get(usize::from(step))?;
        let errno = i32::from_be_bytes(errno.try_into().ok()?);
        Some(Self { step, error: io::Error::from_raw_os_error(errno) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_as_itself() {
        for core in [None, Some(0), Some(1), Some(StageRequest::UNLIMITED)] {
            for descriptors in [0, 1, DESCRIPTORS as u8] {
                let request = StageRequest { core, descriptors };
                assert_eq!(StageRequest::decode(&request.encode()), Some(request));
            }
        }
    }

    #[test]
    fn a_request_of_another_form_is_refused() {
        let good = StageRequest { core: None, descriptors: 1 }.encode();
        assert!(StageRequest::decode(&good[..17]).is_none());
        assert!(StageRequest::decode(&[&good[..], &[0]].concat()).is_none());
        for (at, byte) in [(0, b'B'), (7, b'2'), (8, 2), (9, DESCRIPTORS as u8 + 1), (17, 1)] {
            let mut bad = good;
            bad[at] = byte;
            assert!(StageRequest::decode(&bad).is_none(), "{at}");
        }
    }

    #[test]
    fn a_failure_reads_back_as_itself_and_nothing_else_does() {
        for step in StageStep::ALL {
            let failed = Failed { step, error: io::Error::from_raw_os_error(2) };
            let read = Failed::decode(&failed.encode()).unwrap();
            assert_eq!((read.step, read.error.raw_os_error()), (step, Some(2)));
        }
        for bad in [&b""[..], b"R", b"F", b"F\x00\x00\x00\x00", b"F\x05\x00\x00\x00\x02"] {
            assert!(Failed::decode(bad).is_none(), "{bad:?}");
        }
    }
}
