//! The bounds of a hub that its operator may set: one table for the file, the flags, the ranges and
//! what is printed. What each bound stops stands in [`Limits`].

use core::time::Duration;

use bowline_core::limits::Limits;

use crate::config::ConfigError;
use crate::config::document::Section;
use crate::config::print::Printer;
use crate::config::units::{parse_duration, parse_size, print_duration, print_size};

macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])*
        $field:ident: $kind:ident $key:literal, $flag:literal, $least:expr, $most:expr, $default:expr;
    )*) => {
        /// What a file or a command line says of the bounds; everything is optional.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct LimitSettings { $($(#[doc = $doc])* pub $field: Option<u64>,)* }

        /// The bounds in force.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct HubLimits { $($(#[doc = $doc])* pub $field: u64,)* }

        impl LimitSettings {
            pub(super) fn read(limits: &mut Section<'_>) -> Result<Self, ConfigError> {
                Ok(Self { $($field: Kind::$kind.read(limits, $key, $least, $most)?,)* })
            }

            pub(super) fn over(self, under: Self) -> Self {
                Self { $($field: self.$field.or(under.$field),)* }
            }

            pub(super) fn resolve(self) -> Result<HubLimits, ConfigError> {
                $(
                    let $field = self.$field.unwrap_or_else(|| $default);
                    if !($least..=$most).contains(&$field) {
                        let reason = Kind::$kind.expected($least, $most);
                        let key = concat!("limits.", $key);
                        return Err(ConfigError::Setting { key, flag: $flag, reason });
                    }
                )*
                Ok(HubLimits { $($field,)* })
            }
        }

        impl HubLimits {
            pub(super) fn print(&self, printer: &mut Printer) {
                $(Kind::$kind.print(printer, $key, self.$field);)*
            }
        }
    };
}

limits! {
    /// `limits.peers`, `--max-peers`: peers in the registry.
    peers: Count "peers", "max-peers", 1, 1_000_000, wide(Limits::default().peers);
    /// `limits.sessions`, `--max-sessions`: sessions at one time.
    sessions: Count "sessions", "max-sessions", 1, 1_000_000, wide(Limits::default().sessions);
    /// `limits.pending`, `--max-pending`: links that are not admitted yet.
    pending: Count "pending", "max-pending", 1, 100_000, wide(Limits::default().pending);
    /// `limits.pending-per-source`, `--max-pending-per-source`: those from one source.
    pending_per_source: Count "pending-per-source", "max-pending-per-source", 1, 100_000,
        wide(Limits::default().pending_per_source);
    /// `limits.failures-per-minute`, `--failures-per-minute`: failed admissions from one source.
    failures_per_minute: Count "failures-per-minute", "failures-per-minute", 1, 1_000_000,
        Limits::default().failures_per_minute;
    /// `limits.admissions-per-second`, `--admissions-per-second`: sessions that begin in a second.
    admissions_per_second: Count "admissions-per-second", "admissions-per-second", 1, 1_000_000,
        Limits::default().admissions_per_second;
    /// `limits.frames-per-second`, `--frames-per-second`: frames from one admitted peer.
    frames_per_second: Count "frames-per-second", "frames-per-second", 1, MOST_FRAMES,
        Limits::default().frames_per_second;
    /// `limits.frames-burst`, `--frames-burst`: those at once; a second's worth where it is not set.
    frames_burst: Count "frames-burst", "frames-burst", 1, MOST_FRAMES, frames_per_second;
    /// `limits.bytes-per-second`, `--bytes-per-second`: bytes from one admitted peer.
    bytes_per_second: Size "bytes-per-second", "bytes-per-second", LEAST_BYTES, MOST_BYTES,
        Limits::default().bytes_per_second;
    /// `limits.bytes-burst`, `--bytes-burst`: those at once; a second's worth where it is not set.
    bytes_burst: Size "bytes-burst", "bytes-burst", LEAST_BYTES, MOST_BYTES, bytes_per_second;
    /// `limits.drain`, `--drain`: how long calls that are open when the hub stops have to end by
    /// themselves, in milliseconds.
    drain: Span "drain", "drain", 0, MOST_DRAIN, millis(Limits::default().drain);
}

/// More than any link carries.
const MOST_FRAMES: u64 = 1_000_000_000;
const MOST_BYTES: u64 = 1 << 40;

/// A link slower than this would keep its own heartbeat waiting behind its frames.
const LEAST_BYTES: u64 = 64 << 10;

/// The longest that calls may keep a hub from stopping, in milliseconds.
const MOST_DRAIN: u64 = 60 * 60 * 1000;

/// How a bound is written.
enum Kind {
    /// A whole number.
    Count,
    /// A size in quotes, such as `4MiB`.
    Size,
    /// A span of time in quotes, such as `30s`; held in milliseconds.
    Span,
}

impl Kind {
    /// The value of a key. A number that no `u64` holds is out of every range.
    fn read(
        &self,
        limits: &mut Section<'_>,
        key: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, ConfigError> {
        match self {
            Self::Count => {
                let Some(entry) = limits.integer(key)? else { return Ok(None) };
                match u64::try_from(entry.value) {
                    Ok(value) => Ok(Some(value)),
                    Err(_) => Err(limits.complain(&entry, self.expected(least, most))),
                }
            }
            Self::Size => {
                let Some(entry) = limits.entry(key)? else { return Ok(None) };
                match parse_size(&entry.value) {
                    Ok(size) => Ok(Some(size)),
                    Err(error) => Err(limits.complain(&entry, error)),
                }
            }
            Self::Span => {
                let Some(entry) = limits.entry(key)? else { return Ok(None) };
                match parse_duration(&entry.value) {
                    Ok(span) => Ok(Some(millis(span))),
                    Err(error) => Err(limits.complain(&entry, error)),
                }
            }
        }
    }

    fn expected(&self, least: u64, most: u64) -> String {
        match self {
            Self::Count => format!("expected {least} to {most}"),
            Self::Size => format!("expected {} to {}", print_size(least), print_size(most)),
            Self::Span => format!("expected {} to {}", print_millis(least), print_millis(most)),
        }
    }

    fn print(&self, printer: &mut Printer, key: &str, value: u64) {
        match self {
            Self::Count => printer.bare(key, value),
            Self::Size => printer.text(key, print_size(value)),
            Self::Span => printer.text(key, print_millis(value)),
        }
    }
}

impl HubLimits {
    /// Puts these in the place of their defaults.
    pub fn apply(&self, limits: &mut Limits) {
        limits.peers = narrow(self.peers);
        limits.sessions = narrow(self.sessions);
        limits.pending = narrow(self.pending);
        limits.pending_per_source = narrow(self.pending_per_source);
        limits.failures_per_minute = self.failures_per_minute;
        limits.admissions_per_second = self.admissions_per_second;
        limits.frames_per_second = self.frames_per_second;
        limits.frames_burst = self.frames_burst;
        limits.bytes_per_second = self.bytes_per_second;
        limits.bytes_burst = self.bytes_burst;
        limits.drain = Duration::from_millis(self.drain);
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn print_millis(millis: u64) -> String {
    print_duration(Duration::from_millis(millis))
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn narrow(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
