//! Whether a hub takes join tokens, and how long what it mints holds.

use core::time::Duration;

use bowline_core::hub::Lives;
use bowline_core::token::Rules;

use crate::config::document::Section;
use crate::config::print::Printer;
use crate::config::units::{parse_duration, print_duration};
use crate::config::{ConfigError, TlsMode};

/// What a file or a command line says of it; everything is optional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinSettings {
    /// `auth.join`, `--auth-join`.
    pub join: Option<bool>,
    /// `auth.skew`, `--auth-skew`.
    pub skew: Option<Duration>,
    /// `tokens.certificate`, `--tokens-certificate`.
    pub certificate: Option<Duration>,
    /// `tokens.refresh`, `--tokens-refresh`.
    pub refresh: Option<Duration>,
    /// `tokens.token`, `--tokens-token`.
    pub token: Option<Duration>,
}

/// What is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinConfig {
    /// Whether join tokens admit. Never in `plain`, whatever stands here.
    pub join: bool,
    /// How far the clocks of hub and peers may differ: 0 s to 10 min, 60 s by default. In whole
    /// seconds, as everything here.
    pub skew: Duration,
    /// How long a peer's certificate holds: 1 s to 365 d, a day by default.
    pub certificate: Duration,
    /// How long a refresh token holds: 1 s to 3650 d, 90 d by default.
    pub refresh: Duration,
    /// The longest life of a join token: 1 min to 7 d, 7 d by default.
    pub token: Duration,
}

impl JoinSettings {
    /// Of the table `auth`.
    pub(super) fn read_auth(&mut self, auth: &mut Section<'_>) -> Result<(), ConfigError> {
        self.join = auth.boolean("join")?;
        self.skew = span(auth, "skew")?;
        Ok(())
    }

    /// Of the table `tokens`.
    pub(super) fn read_tokens(&mut self, tokens: &mut Section<'_>) -> Result<(), ConfigError> {
        self.certificate = span(tokens, "certificate")?;
        self.refresh = span(tokens, "refresh")?;
        self.token = span(tokens, "token")?;
        Ok(())
    }

    pub(super) fn over(self, under: Self) -> Self {
        Self {
            join: self.join.or(under.join),
            skew: self.skew.or(under.skew),
            certificate: self.certificate.or(under.certificate),
            refresh: self.refresh.or(under.refresh),
            token: self.token.or(under.token),
        }
    }

    pub(super) fn resolve(self) -> Result<JoinConfig, ConfigError> {
        let Lives { certificate, refresh, skew } = Lives::default();
        let (shortest, longest) = Rules::JOIN.life.into_inner();
        Ok(JoinConfig {
            join: self.join.unwrap_or(true),
            skew: within(self.skew, skew, (0, 10 * MINUTE), ("auth.skew", "auth-skew"))?,
            certificate: within(
                self.certificate,
                certificate,
                (1, 365 * DAY),
                ("tokens.certificate", "tokens-certificate"),
            )?,
            refresh: within(
                self.refresh,
                refresh,
                (1, 3650 * DAY),
                ("tokens.refresh", "tokens-refresh"),
            )?,
            token: within(
                self.token,
                longest,
                (shortest, longest),
                ("tokens.token", "tokens-token"),
            )?,
        })
    }
}

impl JoinConfig {
    /// Whether `join`, `resume` and `refresh` are offered.
    #[must_use]
    pub fn is_offered(&self, mode: TlsMode) -> bool {
        self.join && mode != TlsMode::Plain
    }

    /// How long what the hub mints holds.
    #[must_use]
    pub fn lives(&self) -> Lives {
        Lives {
            certificate: self.certificate.as_secs(),
            refresh: self.refresh.as_secs(),
            skew: self.skew.as_secs(),
        }
    }

    /// What join tokens are held to.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules::JOIN.with_skew(self.skew.as_secs()).with_longest(self.token.as_secs())
    }

    /// The keys of the table `auth`.
    pub(super) fn print_auth(&self, printer: &mut Printer) {
        printer.bare("join", self.join);
        printer.text("skew", print_duration(self.skew));
    }

    /// The table `tokens`.
    pub(super) fn print_tokens(&self, printer: &mut Printer) {
        printer.text("certificate", print_duration(self.certificate));
        printer.text("refresh", print_duration(self.refresh));
        printer.text("token", print_duration(self.token));
    }
}

fn span(section: &mut Section<'_>, key: &'static str) -> Result<Option<Duration>, ConfigError> {
    let Some(entry) = section.entry(key)? else { return Ok(None) };
    parse_duration(&entry.value).map(Some).map_err(|error| section.complain(&entry, error))
}

/// A span of whole seconds within its range.
fn within(
    set: Option<Duration>,
    default: u64,
    (least, most): (u64, u64),
    (key, flag): (&'static str, &'static str),
) -> Result<Duration, ConfigError> {
    let (default, least, most) =
        (Duration::from_secs(default), Duration::from_secs(least), Duration::from_secs(most));
    let span = set.unwrap_or(default);
    if span.subsec_nanos() == 0 && (least..=most).contains(&span) {
        return Ok(span);
    }
    let (least, most) = (print_duration(least), print_duration(most));
    let reason = format!("expected whole seconds from {least} to {most}");
    Err(ConfigError::Setting { key, flag, reason })
}

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
