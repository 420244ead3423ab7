//! How a command ended, and what a handler may return in its place.

use std::error::Error;

use bowline_core::code::Code;
use bowline_core::link::UNFINISHED;
use bowline_core::wire::bounds;
use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{Value, ValueBuf};

use crate::call::{Gone, Stop};

/// How a command ended: what a handler returns becomes one.
///
/// `()` is success, an integer the exit code, a [`ValueBuf`] a value beside the output. A `Result`
/// is what its `Ok` is, or fails as its `Err` says: a [`Failure`], whatever error the handler met,
/// or a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// By itself; 0 is success.
    Exit(i64),
    /// By itself, with a value beside its output.
    Value(ValueBuf),
    /// By this signal.
    Signal(u64),
    /// By itself with this code, but whoever held its outputs after it was killed: some output may
    /// be missing. No success, whatever the code.
    ExitCut(i64),
    /// The same, by this signal.
    SignalCut(u64),
    /// It did not run, or not to its end: the code says which, the sentence is for a person.
    Fail(Code, String),
}

impl Reply {
    /// A failure of the command's own.
    #[must_use]
    pub fn failed(text: impl Into<String>) -> Self {
        Self::Fail(Code::Failed, text.into())
    }

    pub(super) fn too_big() -> Self {
        Self::failed("the command's value is larger than a message may be")
    }

    pub(super) fn parts(&self) -> (Status, &str) {
        match self {
            Self::Exit(code) => (Status::Exited(*code), ""),
            Self::Value(_) => (Status::Exited(0), ""),
            Self::Signal(signal) => (Status::Signalled(*signal), ""),
            Self::ExitCut(code) => (Status::ExitedCut(*code), ""),
            Self::SignalCut(signal) => (Status::SignalledCut(*signal), ""),
            Self::Fail(code, text) => (Status::Failed(*code), text),
        }
    }

    pub(super) fn value(&self) -> Option<Value<'_>> {
        match self {
            Self::Value(value) => Some(value.as_value()),
            Self::Exit(_)
            | Self::Signal(_)
            | Self::ExitCut(_)
            | Self::SignalCut(_)
            | Self::Fail(..) => None,
        }
    }
}

impl From<()> for Reply {
    fn from((): ()) -> Self {
        Self::Exit(0)
    }
}

impl From<i32> for Reply {
    fn from(code: i32) -> Self {
        Self::Exit(code.into())
    }
}

impl From<Stop> for Reply {
    fn from(stop: Stop) -> Self {
        let code = match stop {
            Stop::Cancelled => Code::Cancelled,
            Stop::Deadline => Code::Deadline,
            Stop::Leaving => Code::GoingAway,
            Stop::Lost => Code::Lost,
        };
        let text = match stop {
            Stop::Leaving => UNFINISHED,
            Stop::Cancelled | Stop::Deadline | Stop::Lost => code.row().meaning,
        };
        Self::Fail(code, text.to_owned())
    }
}

impl From<ValueBuf> for Reply {
    fn from(value: ValueBuf) -> Self {
        Self::Value(value)
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        Self::Fail(failure.code, failure.text)
    }
}

impl<T: Into<Self>, E: Into<Failure>> From<Result<T, E>> for Reply {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(reply) => reply.into(),
            Err(failure) => failure.into().into(),
        }
    }
}

/// Causes of an error that its caller is told of, at most.
const CAUSES: usize = 8;

/// How a command failed: a code, and a sentence for whoever called.
///
/// Any error and any text becomes one, so that `?` works in a handler. The caller gets the error's
/// words (`Display`, and those of its causes), never its `Debug`, the first 1,024 bytes of them,
/// and shows them with nothing in them that drives a terminal. The code is [`Code::Failed`] unless
/// it is given; [`Gone`] is [`Code::Lost`].
///
/// ```
/// use bowline_shell::call::{Call, Failure};
///
/// async fn add(call: Call) -> Result<i32, Failure> {
///     let text = call.text("n").ok_or("there is no argument 'n'")?;
///     let n: i32 = text.parse().map_err(|error| Failure::bad_argument(format!("'n': {error}")))?;
///     Ok(n.checked_add(1).ok_or("'n' is too large")?)
/// }
/// ```
#[derive(Clone, PartialEq)]
pub struct Failure {
    code: Code,
    text: String,
}

impl Failure {
    /// A failure with this code and sentence.
    #[must_use]
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        let mut text = text.into();
        // No more goes to the hub.
        let end = (0..=bounds::TEXT.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(end.unwrap_or(0));
        Self { code, text }
    }

    /// [`Code::BadArgument`]: an argument is missing, unknown or not what it should be.
    #[must_use]
    pub fn bad_argument(text: impl Into<String>) -> Self {
        Self::new(Code::BadArgument, text)
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// As a sentence: it is shown to people.
impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, bowline_core::text::Escaped(&self.text))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: Box<dyn Error + Send + Sync> = error.into();
        if error.is::<Gone>() {
            return Self::new(Code::Lost, Code::Lost.row().meaning);
        }
        let mut text = error.to_string();
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        for cause in causes.take(CAUSES) {
            let words = cause.to_string();
            // Many an error says its cause itself.
            if !text.contains(&words) {
                text = format!("{text}: {words}");
            }
        }
        Self::new(Code::Failed, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error whose `Debug` holds what nobody is to see.
    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct ErrorText {
        said: &'static str,
        source: Option<Box<Self>>,
    }

    fn told(said: &'static str, source: Option<ErrorText>) -> ErrorText {
        ErrorText { said, source: source.map(Box::new) }
    }

    fn text(error: impl Into<Failure>) -> String {
        error.into().text().to_owned()
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_each_of_them_once() {
        let disk = || told("the disk is full", None);
        assert_eq!(text(disk()), "the disk is full");
        assert_eq!(text(told("no report", Some(disk()))), "no report: the disk is full");
        let says_it = told("no report: the disk is full", Some(disk()));
        assert_eq!(text(told("sorry", Some(says_it))), "sorry: no report: the disk is full");
        let many = (0..20).fold(told("c0", None), |cause, _| told("again", Some(cause)));
        assert_eq!(text(many), "again", "so many causes and no more are looked at");
    }

    #[test]
    fn texts_and_what_holds_an_error_become_failures_too() {
        for failure in [
            Failure::from("no tea"),
            Failure::from("no tea".to_owned()),
            Failure::from(Box::<dyn Error + Send + Sync>::from("no tea")),
            Failure::from(std::io::Error::other("no tea")),
        ] {
            assert_eq!(failure, Failure::new(Code::Failed, "no tea"));
        }
        let lost = Reply::from(Err::<(), _>(Gone));
        assert_eq!(lost, Stop::Lost.into());
        assert_eq!(Reply::from(Ok::<_, Gone>(3)), Reply::Exit(3));
        let refused = Reply::from(Err::<i32, _>(Failure::bad_argument("no 'n'")));
        assert_eq!(refused, Reply::Fail(Code::BadArgument, "no 'n'".to_owned()));
    }

    #[test]
    fn no_more_of_a_text_is_kept_than_goes_to_the_hub() {
        let most = bounds::TEXT;
        assert_eq!(text("x".repeat(most)).len(), most);
        assert_eq!(text("x".repeat(most + 1)).len(), most);
        // A character is not cut in two.
        assert_eq!(text(format!("x{}", "é".repeat(most))).len(), most - 1);
    }

    #[test]
    fn what_debug_shows_of_a_failure_is_one_line_for_people() {
        let failure = Failure::from("a\u{1b}[2J\nb");
        assert_eq!(format!("{failure:?}"), "failed: a\\u{1b}[2J\\nb");
    }
}
