//! From a hub's URL to a connected socket, and why there is none.

use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_core::code::Code;
use bowline_core::remedy::Remedy;

use crate::files::shown;
use crate::runtime::{Alarm, Runtime};
use crate::url::HubUrl;

/// Why no socket is connected.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialError {
    /// The name has no address.
    Name {
        /// The name.
        host: String,
        /// What the resolver said; nothing where it knows the name and no address of it.
        reason: Option<String>,
    },
    /// The resolver did not answer in time.
    Resolver {
        /// The name.
        host: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// Each of the name's addresses was tried, and why none was connected; at least one.
    Addresses(Vec<(SocketAddr, AttemptError)>),
    /// The hub's local socket.
    Local(PathBuf, AttemptError),
}

bowline_core::debug_as_display!(DialError);

/// Why one address was not connected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptError {
    /// The machine answered that nothing listens there.
    Refused,
    /// Nothing answered for this long.
    Silent(Duration),
    /// No way leads there; what the system said.
    NoRoute(String),
    /// Anything else; what the system said.
    Other(String),
}

/// A socket to the first of the hub's addresses that answers, and where it leads.
///
/// All of it takes no longer than `within`. An address that does not answer leaves the others their
/// share of what is left.
pub(super) async fn url<R: Runtime>(
    runtime: &R,
    url: &HubUrl,
    within: Duration,
) -> Result<(R::Stream, String), DialError> {
    let host = || url.host().to_owned();
    let until = runtime.now().checked_add(within);
    let addresses = match before(runtime, until, runtime.resolve(url.host(), url.port())).await {
        Some(Ok(addresses)) => addresses,
        Some(Err(error)) => {
            return Err(DialError::Name { host: host(), reason: Some(error.to_string()) });
        }
        None => return Err(DialError::Resolver { host: host(), after: within }),
    };
    let mut missed = Vec::new();
    for (done, &address) in addresses.iter().enumerate() {
        let left = until.map(|until| until.saturating_duration_since(runtime.now()));
        let left = left.unwrap_or(within);
        let share = left / u32::try_from(addresses.len() - done).unwrap_or(u32::MAX).max(1);
        let until = runtime.now().checked_add(share);
        match before(runtime, until, runtime.connect(address)).await {
            Some(Ok(stream)) => return Ok((stream, address.to_string())),
            Some(Err(error)) => missed.push((address, miss(&error, share))),
            None => missed.push((address, AttemptError::Silent(share))),
        }
    }
    if missed.is_empty() {
        return Err(DialError::Name { host: host(), reason: None });
    }
    Err(DialError::Addresses(missed))
}

/// A connection to a hub's local socket.
pub(super) async fn local<R: Runtime>(
    runtime: &R,
    path: &Path,
    within: Duration,
) -> Result<R::UnixStream, DialError> {
    let until = runtime.now().checked_add(within);
    let error = match before(runtime, until, runtime.connect_unix(path)).await {
        Some(Ok(stream)) => return Ok(stream),
        Some(Err(error)) => error,
        None => ErrorKind::TimedOut.into(),
    };
    Err(DialError::Local(path.to_owned(), miss(&error, within)))
}

/// What `work` gives, if it does so before the moment.
pub(super) async fn before<R: Runtime, T>(
    runtime: &R,
    until: Option<Instant>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut alarm = Alarm::new(runtime);
    alarm.set(until);
    let mut work = pin!(work);
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => alarm.poll(cx).map(|()| None),
    })
    .await
}

fn miss(error: &io::Error, waited: Duration) -> AttemptError {
    match error.kind() {
        ErrorKind::ConnectionRefused => AttemptError::Refused,
        ErrorKind::TimedOut => AttemptError::Silent(waited),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            AttemptError::NoRoute(error.to_string())
        }
        _ => AttemptError::Other(error.to_string()),
    }
}

impl DialError {
    /// The code that logs and `--json` show. Of several addresses, the one nearest to an answer
    /// counts: that nothing listens says more than silence.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Name { .. } => Code::UnknownName,
            Self::Resolver { .. } => Code::NoAnswer,
            Self::Local(_, miss) => miss.code(),
            Self::Addresses(missed) => {
                let codes = missed.iter().map(|(_, miss)| miss.code());
                codes.min_by_key(|&code| rank(code)).unwrap_or(Code::Unreachable)
            }
        }
    }

    /// What is to be done.
    #[must_use]
    pub fn remedy(&self) -> Remedy<'static> {
        match self {
            Self::Resolver { .. } => Remedy::CheckResolver,
            Self::Name { .. } | Self::Addresses(_) | Self::Local(..) => Remedy::of(self.code()),
        }
    }
}

impl AttemptError {
    fn code(&self) -> Code {
        match self {
            Self::Refused => Code::NotListening,
            Self::Silent(_) => Code::NoAnswer,
            Self::NoRoute(_) => Code::NoRoute,
            Self::Other(_) => Code::Unreachable,
        }
    }
}

/// The nearest to an answer comes first.
fn rank(code: Code) -> u8 {
    match code {
        Code::NotListening => 0,
        Code::NoAnswer => 1,
        Code::NoRoute => 2,
        _ => 3,
    }
}

impl std::error::Error for DialError {}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { host, reason: Some(reason) } => {
                write!(f, "the name '{host}' has no address: {reason}")
            }
            Self::Name { host, reason: None } => write!(f, "the name '{host}' has no address"),
            Self::Resolver { host, after } => {
                write!(f, "the address of '{host}' was not found within {}", Seconds(*after))
            }
            Self::Addresses(missed) => {
                for (at, (address, miss)) in missed.iter().enumerate() {
                    let joint = if at == 0 { "" } else { "; " };
                    f.write_str(joint)?;
                    write_miss(f, address, miss)?;
                }
                Ok(())
            }
            Self::Local(path, miss) => write_miss(f, &shown(path), miss),
        }
    }
}

fn write_miss(
    f: &mut fmt::Formatter<'_>,
    place: &dyn fmt::Display,
    miss: &AttemptError,
) -> fmt::Result {
    match miss {
        AttemptError::Refused => write!(f, "nothing listens at {place} (connection refused)"),
        AttemptError::Silent(after) => {
            write!(f, "nothing answered at {place} within {}", Seconds(*after))
        }
        AttemptError::NoRoute(reason) => write!(f, "there is no way to {place}: {reason}"),
        AttemptError::Other(reason) => write!(f, "connecting to {place} failed: {reason}"),
    }
}

/// A span as a person reads it.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.as_millis() + 50) / 100;
        if tenths.is_multiple_of(10) || tenths >= 100 {
            return write!(f, "{} s", tenths / 10);
        }
        write!(f, "{}.{} s", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(misses: &[AttemptError]) -> DialError {
        let at = |n: usize| SocketAddr::from(([127, 0, 0, 1], n as u16 + 1));
        DialError::Addresses(misses.iter().cloned().enumerate().map(|(n, m)| (at(n), m)).collect())
    }

    #[test]
    fn each_address_is_told_with_what_came_of_it() {
        let two =
            missed(&[AttemptError::Silent(Duration::from_millis(1500)), AttemptError::Refused]);
        assert_eq!(
            two.to_string(),
            "nothing answered at 127.0.0.1:1 within 1.5 s; nothing listens at 127.0.0.1:2 \
             (connection refused)"
        );
    }

    #[test]
    fn of_several_addresses_the_nearest_to_an_answer_gives_the_code() {
        let (silent, lost) =
            (AttemptError::Silent(Duration::ZERO), AttemptError::NoRoute(String::new()));
        let other = AttemptError::Other(String::new());
        for (misses, code) in [
            (vec![silent.clone(), AttemptError::Refused, lost.clone()], Code::NotListening),
            (vec![lost.clone(), silent], Code::NoAnswer),
            (vec![other.clone(), lost], Code::NoRoute),
            (vec![other], Code::Unreachable),
        ] {
            assert_eq!(missed(&misses).code(), code, "{misses:?}");
        }
        let name = DialError::Name { host: "nowhere.invalid".to_owned(), reason: None };
        assert_eq!(name.code(), Code::UnknownName);
        assert_eq!(name.to_string(), "the name 'nowhere.invalid' has no address");
    }

    #[test]
    fn a_span_is_told_in_seconds() {
        let told = |ms| Seconds(Duration::from_millis(ms)).to_string();
        assert_eq!(
            [told(999), told(1500), told(250), told(10_900)],
            ["1 s", "1.5 s", "0.3 s", "10 s"]
        );
    }
}
