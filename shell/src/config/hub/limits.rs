//! The bounds of a hub that its operator may set: one table for the file, the flags, the ranges and
//! what is printed. What each bound stops stands in [`Limits`].

use bowline_core::limits::Limits;

use crate::config::ConfigError;
use crate::config::document::Section;
use crate::config::print::Printer;

macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])*
        $field:ident: $key:literal, $flag:literal, $least:literal..=$most:literal, $default:expr;
    )*) => {
        /// What a file or a command line says of the bounds; everything is optional.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct LimitSettings { $($(#[doc = $doc])* pub $field: Option<u64>,)* }

        /// The bounds in force.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct HubLimits { $($(#[doc = $doc])* pub $field: u64,)* }

        impl LimitSettings {
            pub(super) fn read(limits: &mut Section<'_>) -> Result<Self, ConfigError> {
                Ok(Self { $($field: integer(limits, $key, $least, $most)?,)* })
            }

            pub(super) fn over(self, under: Self) -> Self {
                Self { $($field: self.$field.or(under.$field),)* }
            }

            pub(super) fn resolve(self) -> Result<HubLimits, ConfigError> {
                $(
                    let $field = self.$field.unwrap_or_else(|| $default);
                    if !($least..=$most).contains(&$field) {
                        let reason = expected($least, $most);
                        let key = concat!("limits.", $key);
                        return Err(ConfigError::Setting { key, flag: $flag, reason });
                    }
                )*
                Ok(HubLimits { $($field,)* })
            }
        }

        impl HubLimits {
            pub(super) fn print(&self, printer: &mut Printer) {
                $(printer.bare($key, self.$field);)*
            }
        }
    };
}

limits! {
    /// `limits.peers`, `--max-peers`: peers in the registry.
    peers: "peers", "max-peers", 1..=1_000_000, wide(Limits::default().peers);
    /// `limits.sessions`, `--max-sessions`: sessions at one time.
    sessions: "sessions", "max-sessions", 1..=1_000_000, wide(Limits::default().sessions);
    /// `limits.pending`, `--max-pending`: links that are not admitted yet.
    pending: "pending", "max-pending", 1..=100_000, wide(Limits::default().pending);
    /// `limits.pending-per-source`, `--max-pending-per-source`: those from one source.
    pending_per_source: "pending-per-source", "max-pending-per-source", 1..=100_000,
        wide(Limits::default().pending_per_source);
    /// `limits.failures-per-minute`, `--failures-per-minute`: failed admissions from one source.
    failures_per_minute: "failures-per-minute", "failures-per-minute", 1..=1_000_000,
        Limits::default().failures_per_minute;
    /// `limits.admissions-per-second`, `--admissions-per-second`: sessions that begin in a second.
    admissions_per_second: "admissions-per-second", "admissions-per-second", 1..=1_000_000,
        Limits::default().admissions_per_second;
}

impl HubLimits {
    /// Puts these in the place of their defaults.
    pub fn apply(&self, limits: &mut Limits) {
        let Self {
            peers,
            sessions,
            pending,
            pending_per_source,
            failures_per_minute,
            admissions_per_second,
        } = *self;
        limits.peers = narrow(peers);
        limits.sessions = narrow(sessions);
        limits.pending = narrow(pending);
        limits.pending_per_source = narrow(pending_per_source);
        limits.failures_per_minute = failures_per_minute;
        limits.admissions_per_second = admissions_per_second;
    }
}

fn expected(least: u64, most: u64) -> String {
    format!("expected {least} to {most}")
}

/// A whole number; one that no `u64` holds is out of every range.
fn integer(
    limits: &mut Section<'_>,
    key: &'static str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ConfigError> {
    let Some(entry) = limits.integer(key)? else { return Ok(None) };
    match u64::try_from(entry.value) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(limits.complain(&entry, expected(least, most))),
    }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn narrow(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
