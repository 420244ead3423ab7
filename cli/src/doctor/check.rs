//! What is looked at, in which order.

/// One thing that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Configuration,
    Data,
    Key,
    Secret,
    Trust,
    Name,
    Connection,
    Tls,
    WebSocket,
    Hub,
    Method,
    Clock,
    Admission,
    RoundTrip,
    Rights,
    Keys,
    Ledger,
    Certificate,
    Running,
    Bind,
    Answer,
    Exposure,
    Addresses,
    Process,
}

/// A peer's, from what is on its disk to what the hub lets it do.
pub(super) const PEER: &[Check] = &[
    Check::Configuration,
    Check::Data,
    Check::Key,
    Check::Secret,
    Check::Trust,
    Check::Name,
    Check::Connection,
    Check::Tls,
    Check::WebSocket,
    Check::Hub,
    Check::Method,
    Check::Clock,
    Check::Admission,
    Check::RoundTrip,
    Check::Rights,
];

/// A hub's.
pub(super) const HUB: &[Check] = &[
    Check::Configuration,
    Check::Data,
    Check::Keys,
    Check::Secret,
    Check::Ledger,
    Check::Certificate,
    Check::Running,
    Check::Bind,
    Check::Answer,
    Check::Exposure,
    Check::Addresses,
];

impl Check {
    /// Its name, for people and for `--json`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Data => "data-directory",
            Self::Key => "key",
            Self::Secret => "secret",
            Self::Trust => "trust",
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::WebSocket => "websocket",
            Self::Hub => "hub",
            Self::Method => "method",
            Self::Clock => "clock",
            Self::Admission => "admission",
            Self::RoundTrip => "round-trip",
            Self::Rights => "rights",
            Self::Keys => "keys",
            Self::Ledger => "ledger",
            Self::Certificate => "certificate",
            Self::Running => "running",
            Self::Bind => "bind",
            Self::Answer => "answer",
            Self::Exposure => "exposure",
            Self::Addresses => "addresses",
            Self::Process => "process",
        }
    }
}
