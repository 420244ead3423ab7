//! Refusal and close codes: one table for the wire, the logs, the exit codes and `spec/codes.md`.
//!
//! A [`Code`] is what the remote may know. What the operator must know stands in the typed error
//! of the floor that refused, and each of those says its code.

use core::fmt;
use core::str::FromStr;

/// A WebSocket close code (RFC 6455 §7.4): 1000–1011 as registered, 4000–4999 ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// Nothing more to say.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint is going away.
    pub const GOING_AWAY: Self = Self(1001);
    /// The frames of the WebSocket itself were wrong.
    pub const WEBSOCKET: Self = Self(1002);
    /// Text, where only binary messages are spoken.
    pub const UNSUPPORTED: Self = Self(1003);
    /// A message above the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// A queue that may not grow was full.
    pub const OVERLOAD: Self = Self(1011);
    /// The credential of the session has ended.
    pub const EXPIRED: Self = Self(4002);
    /// Too many frames, bytes or attempts.
    pub const RATE_LIMITED: Self = Self(4008);
    /// Not admitted.
    pub const REFUSED: Self = Self(4010);
    /// Not admitted in time.
    pub const ADMISSION_TIMEOUT: Self = Self(4011);
    /// A frame that the protocol does not allow here.
    pub const PROTOCOL_ERROR: Self = Self(4012);
    /// The peer, its key or its token was revoked.
    pub const REVOKED: Self = Self(4013);
    /// A newer session of the same peer took this one's place.
    pub const SUPERSEDED: Self = Self(4014);
    /// Nothing was heard for too long.
    pub const IDLE: Self = Self(4015);
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Where a code is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// In Refuse: the peer was not admitted.
    Refusal,
    /// In Goaway: an admitted link ends.
    Ending,
    /// In Result or Deny: one call failed, the link goes on.
    Call,
    /// Never sent: the peer's own verdict on a hub, or on the way to it.
    Local,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CodeRow {
    /// The code.
    pub code: Code,
    /// Its spelling on the wire, in logs and in `--json`.
    pub name: &'static str,
    /// Where it is used.
    pub used_in: Use,
    /// The close code of the WebSocket that ends with it; [`CloseCode::NORMAL`] for [`Use::Call`].
    pub close: CloseCode,
    /// Whether trying again later can succeed with nobody doing anything.
    pub is_retryable: bool,
    /// What it means, in a sentence for a person.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($variant:ident $name:literal $used:ident $close:ident $is_retryable:literal $meaning:literal;)*) => {
        /// A stable code: what a refusal, an ending or a failed call says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        /// Every code, in the order of [`Code`].
        pub const TABLE: &[CodeRow] = &[$(CodeRow {
            code: Code::$variant,
            name: $name,
            used_in: Use::$used,
            close: CloseCode::$close,
            is_retryable: $is_retryable,
            meaning: $meaning,
        },)*];
    };
}

codes! {
    Refused "refused" Refusal REFUSED false "The hub did not admit this peer; its log says why.";
    MethodNotOffered "method-not-offered" Refusal REFUSED false "The hub does not offer this admission method.";
    OtherKeySeen "other-key-seen" Refusal REFUSED false "The peer saw another TLS key than the hub served: something stands between them.";
    RateLimited "rate-limited" Refusal RATE_LIMITED true "Too many attempts; come back later.";
    AddressNotAllowed "address-not-allowed" Refusal REFUSED false "The hub takes no connection from this address.";
    Full "full" Refusal REFUSED true "The hub has no room for another session; come back later.";
    IdTaken "id-taken" Refusal REFUSED false "This peer id is bound to another key.";
    DuplicateId "duplicate-id" Refusal SUPERSEDED false "Two machines use this peer id with one key, and take each other's place.";
    Revoked "revoked" Refusal REVOKED false "This peer, its key or its token was revoked.";
    Voided "voided" Refusal REVOKED false "This credential is void: a later one took its place, the peer was revoked and allowed again, or the hub was restored from a backup.";
    MayNotServe "may-not-serve" Refusal REFUSED false "What this peer was admitted as may not serve commands.";
    Expired "expired" Refusal EXPIRED false "The credential has ended.";
    NotYetValid "not-yet-valid" Refusal REFUSED true "The credential is not valid yet; one of the clocks is wrong.";
    Used "used" Refusal REFUSED false "This join token has been used: by another key, or for another id.";
    Unavailable "unavailable" Refusal REFUSED true "The hub could not record what it must; come back later.";
    AdmissionTimeout "admission-timeout" Refusal ADMISSION_TIMEOUT true "Admission took too long.";
    ProtocolError "protocol-error" Ending PROTOCOL_ERROR false "The other end broke the protocol.";
    GoingAway "going-away" Ending GOING_AWAY true "The other end is stopping.";
    Superseded "superseded" Ending SUPERSEDED true "A newer session of the same peer took this one's place.";
    Idle "idle" Ending IDLE true "Nothing was heard for too long.";
    Overload "overload" Ending OVERLOAD true "A queue that may not grow was full.";
    SessionExpired "session-expired" Ending EXPIRED true "The credential of the session has ended.";
    UnknownPeer "unknown-peer" Call NORMAL false "The hub knows no peer of that name.";
    Offline "offline" Call NORMAL true "The peer is not connected.";
    NotReady "not-ready" Call NORMAL true "The peer is connected and has not said which commands it serves.";
    UnknownCommand "unknown-command" Call NORMAL false "The peer serves no command of that name.";
    UnknownCall "unknown-call" Call NORMAL false "The hub knows no call of that id, or it is another peer's.";
    UnknownToken "unknown-token" Call NORMAL false "The hub knows no join token of that id: it never was, or ended and is forgotten.";
    BadArgument "bad-argument" Call NORMAL false "An argument is missing, unknown or not of its declared type.";
    NotStarted "not-started" Call NORMAL false "The command's program could not be started.";
    Busy "busy" Call NORMAL true "Too many calls are open.";
    Draining "draining" Call NORMAL true "The hub or the peer is stopping, and takes no new calls.";
    Deadline "deadline" Call NORMAL false "The call's deadline passed.";
    Cancelled "cancelled" Call NORMAL false "The caller cancelled the call.";
    Lost "lost" Call NORMAL false "A link died during the call; its outcome is unknown.";
    Failed "failed" Call NORMAL false "The command failed in its own way.";
    Denied "denied" Call NORMAL false "This session lacks the capability that the request needs.";
    Unsupported "unsupported" Call NORMAL false "This hub does not carry out such requests.";
    UnknownHub "unknown-hub" Local NORMAL false "Nothing is known of this hub, and this admission method cannot prove it.";
    NothingToCheckBy "nothing-to-check-by" Local NORMAL false "Strict trust was asked for with nothing to check the hub by.";
    IdentityMismatch "identity-mismatch" Local NORMAL false "The hub has another identity than the one known.";
    KeyNotVouched "key-not-vouched" Local NORMAL false "The hub's identity does not vouch for the TLS key that was served.";
    PinMismatch "pin-mismatch" Local NORMAL false "The TLS key served is none of the pinned ones.";
    NotChained "not-chained" Local NORMAL false "The certificate does not chain to the given roots, or its dates or names are wrong.";
    BadHello "bad-hello" Local NORMAL false "The hub's Hello is not signed by the identity that it claims.";
    Misconfigured "misconfigured" Local NORMAL false "The settings for trusting the hub contradict each other.";
    HubNotProved "hub-not-proved" Local NORMAL false "The hub did not prove that it holds the shared secret.";
    UnknownName "unknown-name" Local NORMAL true "The hub's name has no address.";
    NotListening "not-listening" Local NORMAL true "Nothing listens at the hub's address.";
    NoAnswer "no-answer" Local NORMAL true "Nothing answers at the hub's address: what is sent there is swallowed.";
    NoRoute "no-route" Local NORMAL true "This machine has no way to the hub's address.";
    Unreachable "unreachable" Local NORMAL true "The system does not connect to the hub's address.";
    PlainWhereTls "plain-where-tls-expected" Local NORMAL false "The other end speaks plain text, and this end TLS.";
    TlsWherePlain "tls-where-plain-expected" Local NORMAL false "The other end speaks TLS, and this end plain text.";
    TlsFailed "tls-failed" Local NORMAL true "TLS could not be set up, or broke.";
    NotBowline "not-bowline" Local NORMAL false "What answers at the hub's address is not a Bowline hub.";
    OtherVersion "other-version" Local NORMAL false "The hub speaks only another version of the protocol.";
    UpgradeRefused "upgrade-refused" Local NORMAL false "A Bowline hub answers, and does not take this WebSocket.";
}

impl Code {
    /// This code's row of [`TABLE`].
    #[must_use]
    pub fn row(self) -> &'static CodeRow {
        &TABLE[self as usize]
    }

    /// The spelling on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The close code of a link that ends with this.
    #[must_use]
    pub fn close(self) -> CloseCode {
        self.row().close
    }

    /// Whether trying again later can succeed with nobody doing anything.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        self.row().is_retryable
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A code that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an unknown code")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;
    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.code).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_finds_its_own_row_and_its_name_is_its_own() {
        for row in TABLE {
            assert_eq!(row.code.name(), row.name);
            assert_eq!(row.name.parse(), Ok(row.code), "{}", row.name);
        }
        assert_eq!("nonsense".parse::<Code>(), Err(UnknownCode));
    }

    /// The table of `spec/codes.md`, row for row.
    #[test]
    fn the_specification_lists_exactly_these_codes() {
        let spec = include_str!("../../spec/codes.md");
        let listed: Vec<&str> = spec.lines().filter(|line| line.starts_with("| `")).collect();
        let table: Vec<String> = TABLE.iter().map(specified).collect();
        assert_eq!(listed, table);
    }

    fn specified(row: &CodeRow) -> String {
        let CodeRow { code: _, name, used_in, close, is_retryable, meaning } = row;
        let used_in = match used_in {
            Use::Refusal => "Refuse",
            Use::Ending => "Goaway",
            Use::Call => "Result, Deny",
            Use::Local => "never sent",
        };
        let close = match *close {
            CloseCode::NORMAL => "–".to_owned(),
            close => close.to_string(),
        };
        let is_retryable = if *is_retryable { "yes" } else { "no" };
        format!("| `{name}` | {used_in} | {close} | {is_retryable} | {meaning} |")
    }

    #[test]
    fn a_code_that_ends_a_link_has_a_close_code_that_says_so() {
        for row in TABLE {
            let ends = matches!(row.used_in, Use::Refusal | Use::Ending);
            assert_eq!(ends, row.close != CloseCode::NORMAL, "{}", row.name);
        }
    }
}
