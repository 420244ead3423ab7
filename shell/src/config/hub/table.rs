//! The keys of `hub.toml`, a row for each.

use core::time::Duration;
use std::path::PathBuf;

use bowline_core::capability::Role;
use bowline_core::hub::Lives;
use bowline_core::id::Pin;
use bowline_core::limits::Limits;
use bowline_core::network::Network;
use bowline_core::token::Rules;

use crate::config::hub::tls::resolve_source;
use crate::config::hub::{Origin, TlsSource};
use crate::config::keys::{
    Count, FilePath, Key, KeyKind, List, Reload, SourceName, Switch, Text, decide, keys, seconds,
    size, span,
};
use crate::config::{Bind, ConfigError, HubUrl, TlsMode, TlsSourceName};
use crate::files::TrustedGroup;

keys! {
    /// What a file or a command line says; everything is optional.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    HubSettings,
    /// What is in force: complete and consistent.
    #[derive(Clone, Debug, PartialEq, Eq)]
    HubConfig {
        /// 1 to 64 characters, none of them a control character.
        name: String = "bowline".to_owned(), Text,
            "name" Live flag "name" NAME "The display name";
        bind: Bind = Bind::default(), Text,
            "bind" Restart flag "bind" ADDRESS "Where to listen [default: 127.0.0.1:7777]";
        /// Its permission bits pass on files, see [`TrustedGroup::trust`].
        trusted_group: TrustedGroup, Text,
            "trusted-group" Restart flag "trusted-group" "A group that files may be open to";
        advertise: Vec<HubUrl> = Vec::new(), List,
            "advertise" Live flag "advertise" URL "A URL that join tokens name; may be repeated";
        mode: TlsMode = TlsMode::default(), Text,
            "tls.mode" Restart flag "tls" MODE "plain, tofu or strict [default: tofu]";
        /// `files` where only a certificate or key is given.
        source: TlsSourceName, SourceName,
            "tls.source" Live flag "tls-source" SOURCE "self-signed or files" => source.name;
        cert: PathBuf, FilePath,
            "tls.cert" Live flag "cert" FILE
            "The certificate, and those between it and the root: PEM" => source.cert;
        key: PathBuf, FilePath,
            "tls.key" Live flag "key" FILE "Its private key: PEM" => source.key;
        hostnames: Vec<String> = Vec::new(), List,
            "tls.hostnames" Live flag "hostname" NAME
            "A name for the self-signed certificate; may be repeated";
        auth_required: bool = true, Switch,
            "auth.required" Live flag "auth-required" BOOL
            "Whether everyone must prove something; false needs --insecure-no-auth too";
        auth_secret: bool = true, Switch,
            "auth.secret" Restart flag "auth-secret" BOOL "Whether the shared secret admits";
        secret_role: Role = Role::default(), Text,
            "auth.secret-role" Live flag "secret-role" ROLE
            "What the secret admits to: member, or agent (serves only) [default: member]";
        /// By the secret alone anybody may be whoever has it anyway.
        self_labels: bool = auth_required && auth_secret && !joins.is_offered(mode), Switch,
            "auth.self-labels" Live flag "self-labels" BOOL
            "Whether labels that peers give themselves make them targets, beside those of their \
             tokens [default: true only where the secret is the sole method]";
        /// The flag comes before the environment and is not laid over this, see
        /// [`SecretSources`](crate::files::SecretSources).
        secret_file: PathBuf, FilePath,
            "auth.secret-file" Restart flag "secret-file"
            "Where the shared secret is, if not in the data directory";
    }

    where
    /// Where the certificate comes from; unused in `plain`.
    source: TlsSource = resolve_source(source, cert, key)?;

    group joins:
    /// Whether a hub takes join tokens, and how long what it mints holds; everything is optional.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    JoinSettings,
    /// Whether a hub takes join tokens, and how long what it mints holds, in whole seconds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    JoinConfig {
        /// Never in `plain`, whatever stands here.
        join: bool = true, Switch,
            "auth.join" Restart flag "auth-join" BOOL
            "Whether join tokens admit, which need TLS [default: true]";
        skew: Duration = Duration::from_secs(Lives::default().skew), seconds(0..=10 * MINUTE),
            "auth.skew" Live flag "auth-skew" TIME
            "How far the clocks of hub and peers may differ [default: 1m]";
        certificate: Duration = Duration::from_secs(Lives::default().certificate),
            seconds(1..=365 * DAY),
            "tokens.certificate" Live flag "tokens-certificate" TIME
            "How long a peer's certificate holds [default: 1d]";
        refresh: Duration = Duration::from_secs(Lives::default().refresh),
            seconds(1..=3650 * DAY),
            "tokens.refresh" Live flag "tokens-refresh" TIME
            "How long a peer that is away may come back without another token [default: 90d]";
        token: Duration = Duration::from_secs(*Rules::JOIN.life.end()), seconds(Rules::JOIN.life),
            "tokens.token" Live flag "tokens-token" TIME
            "The longest life of a join token [default: 7d]";
    }

    group preauth:
    /// Who may connect; everything is optional.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PreauthSettings,
    /// Who may connect.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PreauthConfig {
        /// Loopback has to be listed like any other.
        allow_ips: Vec<Network> = Vec::new(), List,
            "allow-ips" Live flag "allow-ip" NETWORK
            "A network that may connect: 192.0.2.0/24, or one address; may be repeated \
             [default: all]";
        trusted_proxies: Vec<Network> = Vec::new(), List,
            "trusted-proxies" Live flag "trusted-proxy" NETWORK
            "A proxy whose X-Forwarded-For is believed: a network, or one address; may be repeated";
        external_pins: Vec<Pin> = Vec::new(), List,
            "external-pins" Live flag "external-pin" PIN
            "The TLS key that such a proxy serves for a hub with --tls plain: sha256/…; may be \
             repeated";
        /// A program sends none.
        origins: Vec<Origin> = Vec::new(), List,
            "origins" Live flag "origin" ORIGIN
            "What a browser may send as Origin: `https://console.example`; may be repeated";
    }

    group limits:
    /// The bounds that an operator may set; everything is optional. What each stops stands in
    /// [`Limits`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    LimitSettings,
    /// The bounds in force.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    HubLimits {
        peers: u64 = wide(Limits::default().peers), Count(1..=1_000_000),
            "limits.peers" Live flag "max-peers" N
            "Peers in the registry, at most [default: 10000]";
        sessions: u64 = wide(Limits::default().sessions), Count(1..=1_000_000),
            "limits.sessions" Live flag "max-sessions" N
            "Sessions at one time, at most [default: 20000]";
        pending: u64 = wide(Limits::default().pending), Count(1..=100_000),
            "limits.pending" Live flag "max-pending" N
            "Links that are not admitted yet, at most [default: 1024]";
        pending_per_source: u64 = wide(Limits::default().pending_per_source), Count(1..=100_000),
            "limits.pending-per-source" Live flag "max-pending-per-source" N
            "Those from one source, at most; an IPv6 source is its /64 [default: 64]";
        failures_per_minute: u64 = Limits::default().failures_per_minute, Count(1..=1_000_000),
            "limits.failures-per-minute" Live flag "failures-per-minute" N
            "Failed admissions from one source in a minute, at most [default: 30]";
        admissions_per_second: u64 = Limits::default().admissions_per_second, Count(1..=1_000_000),
            "limits.admissions-per-second" Live flag "admissions-per-second" N
            "Sessions that begin in a second, at most; the rest are told when to come \
             [default: 200]";
        frames_per_second: u64 = Limits::default().frames_per_second, Count(1..=MOST_FRAMES),
            "limits.frames-per-second" Live flag "frames-per-second" N
            "Frames from one peer in a second; a peer beyond that is held back [default: 100000]";
        frames_burst: u64 = frames_per_second, Count(1..=MOST_FRAMES),
            "limits.frames-burst" Live flag "frames-burst" N
            "Frames from one peer at once [default: a second's worth]";
        bytes_per_second: u64 = Limits::default().bytes_per_second, size(LEAST_BYTES..=MOST_BYTES),
            "limits.bytes-per-second" Live flag "bytes-per-second" SIZE
            "Bytes from one peer in a second: 4MiB [default: 128MiB]";
        bytes_burst: u64 = bytes_per_second, size(LEAST_BYTES..=MOST_BYTES),
            "limits.bytes-burst" Live flag "bytes-burst" SIZE
            "Bytes from one peer at once [default: a second's worth]";
        drain: Duration = Limits::default().drain, span(Duration::ZERO..=MOST_DRAIN),
            "limits.drain" Live flag "drain" TIME
            "How long open calls may go on once the hub is told to stop: 0s to 1h [default: 3s]";
    }
}

/// Keys that a later version has.
pub(super) const PLANNED: &[&str] =
    &["tls.grace", "tls.keystore", "tls.keystore-password-file", "tls.keystore-type"];

/// More than any link carries.
const MOST_FRAMES: u64 = 1_000_000_000;
const MOST_BYTES: u64 = 1 << 40;

/// A link slower than this would keep its own heartbeat waiting behind its frames.
const LEAST_BYTES: u64 = 64 << 10;

/// The longest that calls may keep a hub from stopping.
const MOST_DRAIN: Duration = Duration::from_secs(60 * 60);

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl HubLimits {
    /// Puts these in the place of their defaults.
    pub fn apply(&self, limits: &mut Limits) {
        let narrow = |number| usize::try_from(number).unwrap_or(usize::MAX);
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
        limits.drain = self.drain;
    }
}
