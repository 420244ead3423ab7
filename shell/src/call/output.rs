//! All that one call says, gathered: for commands that say little and end soon.

use std::fmt;

use bowline_core::code::Code;
use bowline_core::text::Line;
use bowline_core::wire::frame::{OutputStream, Status};
use bowline_core::wire::value::ValueBuf;

use crate::call::{CallEvent, Calling, Finished};

/// Bytes that [`CallBuilder::output`](crate::call::CallBuilder::output) gathers unless it is told
/// otherwise: 16 MiB.
pub const OUTPUT_LIMIT: usize = 16 << 20;

/// What a command wrote and how it ended.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// How it ended by itself, or by which signal; never [`Status::Failed`].
    pub status: Status,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
    /// What it returned beside these.
    pub value: Option<ValueBuf>,
}

/// Why a call has no [`Output`].
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The call was refused, or the command did not run to its end.
    #[error("{}", told(.0))]
    Failed(Box<Finished>),
    /// The command wrote more than was to be gathered, and was cancelled.
    #[error(
        "the command wrote more than {limit} bytes and was cancelled: take its output as it comes, \
         by CallBuilder::start, or allow more by CallBuilder::output_limit"
    )]
    TooMuch {
        /// How many bytes were to be gathered at most.
        limit: usize,
    },
    /// The call is for several peers, and was not made.
    #[error(
        "a call for several peers has an output of each: take them as they come, by \
         CallBuilder::start"
    )]
    Several,
}

bowline_core::debug_as_display!(CallError);

fn told(finished: &Finished) -> String {
    let code = finished.code().unwrap_or(Code::Failed);
    let text = Line::from(match finished.text.is_empty() {
        true => code.row().meaning,
        false => finished.text.raw(),
    });
    match finished.required {
        Some(required) => format!("{code}: {text} (it needs '{required}')"),
        None => format!("{code}: {text}"),
    }
}

impl CallError {
    /// The stable code of a call that failed; none where it was given up here.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Failed(finished) => finished.code(),
            Self::TooMuch { .. } | Self::Several => None,
        }
    }
}

impl Output {
    /// Whether the command ended by itself with code 0, and all of its output is here.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == Status::Exited(0)
    }

    /// Gathers what a call says to its end, `limit` bytes at most.
    pub(super) async fn gather(mut calling: Calling, limit: usize) -> Result<Self, CallError> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        loop {
            match calling.next().await {
                Some(CallEvent::Output { source, bytes, .. }) => {
                    let left = limit.saturating_sub(stdout.len() + stderr.len());
                    if bytes.len() > left {
                        // The call is dropped, and that cancels it.
                        return Err(CallError::TooMuch { limit });
                    }
                    match source {
                        OutputStream::Out => stdout.extend(bytes),
                        OutputStream::Err => stderr.extend(bytes),
                    }
                }
                Some(CallEvent::Finished(finished)) => {
                    if finished.code().is_some() {
                        return Err(CallError::Failed(Box::new(finished)));
                    }
                    let value = finished.value().map(ValueBuf::from);
                    return Ok(Self { status: finished.status, stdout, stderr, value });
                }
                Some(CallEvent::Accepted { .. } | CallEvent::Answered(_)) => {}
                None => return Err(CallError::Failed(Box::new(Finished::lost()))),
            }
        }
    }
}

/// Says how much there is, and not what: output may be secret.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("status", &self.status)
            .field("stdout", &self.stdout.len())
            .field("stderr", &self.stderr.len())
            .field("value", &self.value)
            .finish()
    }
}
