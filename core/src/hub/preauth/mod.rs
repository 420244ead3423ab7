//! Who may connect, how often, and from where: what is checked of a connection before Hello.
//!
//! ```text
//!  accepted ─ its address is a trusted proxy's ─► the total is checked ─┐
//!     └ any other ─► all is checked ─► may go on ───────────────────────┤
//!                        └─ turned away ────────────────────────────────┤  upgraded
//!                                                                       ▼
//!                             Arrive: the true source is known, and checked where it was not
//! ```
//!
//! A link that is turned away is still driven to its Arrive, so that the peer hears why. As many as
//! [`Limits::turned_away`](crate::limits::Limits::turned_away) are; beyond that the socket is
//! closed. Links from a trusted proxy count in the total from the start, and for their own source
//! once it is known, so that one client of a proxy does not use up what belongs to all.
//!
//! spec: admission §4.1

mod failures;
mod pace;
mod pending;
mod tally;

use core::net::IpAddr;

use crate::arrival::{Arrival, ProxyPath, RejectReason, TurnedAway};
use crate::hub::HubConfig;
use crate::limits::Limits;
use crate::network::{Network, any_contains};
use crate::rate::seconds;
use crate::source::Source;
use crate::time::{Mono, Now};

use failures::Failures;
use pace::AdmissionPace;
use pending::Pending;
pub(super) use tally::RejectionSummary;
use tally::Tally;

/// Seconds after which room that pending links take is worth another try: by then each has been
/// admitted or has ended.
const SOON: u64 = 15;

/// What the hub keeps of connections that are not admitted.
#[derive(Debug)]
pub(super) struct Preauth {
    allow: Vec<Network>,
    proxies: Vec<Network>,
    most: usize,
    most_of_one: usize,
    most_turned_away: usize,
    pending: Pending,
    turned_away: usize,
    failures: Failures,
    tally: Tally,
    pace: AdmissionPace,
}

/// A link that is turned away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rejection {
    pub(super) source: Source,
    pub(super) why: TurnedAway,
    pub(super) counted: Counted,
}

/// In which count a link is, until it is admitted or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Among those that were over a bound, or not allowed, when they came.
    TurnedAway,
    /// In the total of pending links.
    Total,
    /// In the total, and for its source.
    Source,
}

/// How a connection stands when its socket was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intake {
    /// From a trusted proxy: its source is told by Arrive.
    Carried,
    /// Nothing stands against it so far.
    Counted,
    /// Something does.
    TurnedAway(TurnedAway),
}

impl Preauth {
    pub(super) fn new(config: &HubConfig) -> Self {
        let Limits { pending, pending_per_source, turned_away, sources, .. } = config.limits;
        Self {
            allow: config.allow_ips.clone(),
            proxies: config.trusted_proxies.clone(),
            most: pending,
            most_of_one: pending_per_source,
            most_turned_away: turned_away,
            pending: Pending::default(),
            turned_away: 0,
            failures: Failures::new(config.limits.failures_per_minute, sources),
            tally: Tally::new(sources),
            pace: AdmissionPace::new(config.limits.admissions_per_second),
        }
    }

    /// Other settings. What is counted is counted on; failures only where their bound is the same.
    pub(super) fn reconfigure(&mut self, before: &HubConfig, config: &HubConfig) {
        let Limits { pending, pending_per_source, turned_away, sources, .. } = config.limits;
        self.allow.clone_from(&config.allow_ips);
        self.proxies.clone_from(&config.trusted_proxies);
        (self.most, self.most_of_one, self.most_turned_away) =
            (pending, pending_per_source, turned_away);
        if before.limits.failures_per_minute != config.limits.failures_per_minute {
            self.failures = Failures::new(config.limits.failures_per_minute, sources);
        }
        let pace = config.limits.admissions_per_second;
        if before.limits.admissions_per_second != pace {
            self.pace = AdmissionPace::new(pace);
        }
    }

    /// A socket was accepted. What is pending is counted here, until [`Preauth::left`].
    pub(super) fn intake(&mut self, source: Source, now: Now) -> Intake {
        let Some(address) = source.address() else { return Intake::Counted };
        if any_contains(&self.proxies, address) {
            return match self.full(address) {
                Some(away) => Intake::TurnedAway(away),
                None => {
                    self.pending.enter();
                    Intake::Carried
                }
            };
        }
        let away = self.refusal(source, now);
        let away = away.or_else(|| self.full(address)).or_else(|| self.crowded(source));
        if let Some(away) = away {
            return Intake::TurnedAway(away);
        }
        self.pending.enter();
        self.pending.count(source.group());
        Intake::Counted
    }

    /// Whether one more link that is turned away can be driven.
    pub(super) fn turn_away(&mut self) -> bool {
        let room = self.turned_away < self.most_turned_away;
        self.turned_away += usize::from(room);
        room
    }

    /// A link that was counted asks to go on: failures may have come since it was accepted.
    pub(super) fn arrive(&self, source: Source, now: Now) -> Result<ProxyPath, TurnedAway> {
        match self.failed_too_often(source, now) {
            Some(away) => Err(away),
            None => Ok(ProxyPath::Direct),
        }
    }

    /// A link from a trusted proxy asks to go on: its source, and how it came. It counts for that
    /// source from here on.
    pub(super) fn arrive_carried(
        &mut self,
        proxy: Source,
        arrival: &Arrival,
        now: Now,
    ) -> (Source, Result<ProxyPath, TurnedAway>) {
        let (source, way) = match (&arrival.forwarded, proxy.address()) {
            (Some(forwarded), Some(proxy)) => {
                let address = forwarded.source(proxy, &self.proxies);
                (Source::Network((address, 0).into()), ProxyPath::Proxied)
            }
            _ => (proxy, ProxyPath::Beside),
        };
        if let Some(away) = self.refusal(source, now).or_else(|| self.crowded(source)) {
            return (source, Err(away));
        }
        self.pending.count(source.group());
        (source, Ok(way))
    }

    /// Whether one more session may begin at this moment.
    ///
    /// # Errors
    /// Seconds after which it is this one's turn.
    pub(super) fn admit(&mut self, now: Now) -> Result<(), u64> {
        self.pace.admit(now.mono)
    }

    /// A link was admitted or is gone.
    pub(super) fn left(&mut self, source: Source, counted: Counted) {
        if source == Source::Local {
            return;
        }
        match counted {
            Counted::TurnedAway => self.turned_away = self.turned_away.saturating_sub(1),
            Counted::Total => self.pending.leave(),
            Counted::Source => {
                self.pending.uncount(source.group());
                self.pending.leave();
            }
        }
    }

    /// An admission from here failed, by the peer's fault.
    pub(super) fn failed(&mut self, source: Source, now: Now) {
        if let Some(group) = source.group() {
            self.failures.failed(group, now.mono);
        }
    }

    /// Counts one that was turned away; a summary where one may be told at once.
    pub(super) fn tell(&mut self, away: TurnedAway, now: Now) -> Option<RejectionSummary> {
        let group = Source::Network((away.source, 0).into()).group()?;
        self.tally.count(group, away.why, now.mono)
    }

    /// When summaries are due.
    pub(super) fn due(&self) -> Option<Mono> {
        self.tally.due()
    }

    /// What is left to summarise.
    pub(super) fn rest(&mut self) -> Vec<RejectionSummary> {
        self.tally.rest()
    }

    /// Summaries that are due.
    pub(super) fn summaries(&mut self, now: Now) -> Vec<RejectionSummary> {
        self.tally.take(now.mono)
    }

    // spec: admission §4.1, in its order
    fn refusal(&self, source: Source, now: Now) -> Option<TurnedAway> {
        let address = source.address()?;
        if !self.allow.is_empty() && !any_contains(&self.allow, address) {
            return Some(away(RejectReason::NotAllowed, address, None));
        }
        self.failed_too_often(source, now)
    }

    fn failed_too_often(&self, source: Source, now: Now) -> Option<TurnedAway> {
        let wait = self.failures.wait(source.group()?, now.mono)?;
        Some(away(RejectReason::Failures, source.address()?, Some(seconds(wait))))
    }

    /// How many are pending, and how many are being turned away.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.pending.total(), self.turned_away)
    }

    /// Whether no source is counted for anything that is pending.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    fn full(&self, address: IpAddr) -> Option<TurnedAway> {
        let full = self.pending.total() >= self.most;
        full.then_some(away(RejectReason::Full, address, Some(SOON)))
    }

    fn crowded(&self, source: Source) -> Option<TurnedAway> {
        let crowded = self.pending.of(source.group()?) >= self.most_of_one;
        crowded.then_some(away(RejectReason::Pending, source.address()?, Some(SOON)))
    }
}

fn away(why: RejectReason, source: IpAddr, retry_after: Option<u64>) -> TurnedAway {
    TurnedAway { why, source, retry_after }
}
