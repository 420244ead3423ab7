//! `bowline hub`.

use std::path::PathBuf;
use std::time::Duration;

use bowline_core::capability::Role;
use bowline_core::id::Pin;
use bowline_core::network::Network;
use bowline_shell::config::units::{parse_duration, parse_size};
use bowline_shell::config::{
    Bind, DoorSettings, HubUrl, JoinSettings, LimitSettings, Origin, TlsMode, TlsSourceName,
};
use clap::Args;

use super::{Risks, number};

/// Who may knock.
#[derive(Args, Debug)]
pub(crate) struct Door {
    /// A network that may connect: 192.0.2.0/24, or one address; may be repeated [default: all].
    #[arg(long, value_name = "NETWORK")]
    allow_ip: Vec<Network>,
    /// A proxy whose X-Forwarded-For is believed: a network, or one address; may be repeated.
    #[arg(long, value_name = "NETWORK")]
    trusted_proxy: Vec<Network>,
    /// The TLS key that such a proxy serves for a hub with --tls plain: sha256/…; may be repeated.
    #[arg(long, value_name = "PIN")]
    external_pin: Vec<Pin>,
    /// What a browser may send as Origin: `https://console.example`; may be repeated.
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<Origin>,
}

impl Door {
    pub(crate) fn settings(&self) -> DoorSettings {
        DoorSettings {
            allow_ips: some(&self.allow_ip),
            trusted_proxies: some(&self.trusted_proxy),
            external_pins: some(&self.external_pin),
            origins: some(&self.origin),
        }
    }
}

/// The list, where anything was given.
pub(crate) fn some<T: Clone>(given: &[T]) -> Option<Vec<T>> {
    (!given.is_empty()).then(|| given.to_vec())
}

/// Bounds.
#[derive(Args, Debug)]
pub(crate) struct Limits {
    /// Peers in the registry, at most [default: 10000].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    max_peers: Option<u64>,
    /// Sessions at one time, at most [default: 20000].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    max_sessions: Option<u64>,
    /// Links that are not admitted yet, at most [default: 1024].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    max_pending: Option<u64>,
    /// Those from one source, at most; an IPv6 source is its /64 [default: 64].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    max_pending_per_source: Option<u64>,
    /// Failed admissions from one source in a minute, at most [default: 30].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    failures_per_minute: Option<u64>,
    /// Sessions that begin in a second, at most; the rest are told when to come [default: 200].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    admissions_per_second: Option<u64>,
    /// Frames from one peer in a second; a peer beyond that is held back [default: 100000].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    frames_per_second: Option<u64>,
    /// Frames from one peer at once [default: a second's worth].
    #[arg(long, value_name = "N", value_parser = number::whole, allow_negative_numbers = true)]
    frames_burst: Option<u64>,
    /// Bytes from one peer in a second: 4MiB [default: 128MiB].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    bytes_per_second: Option<u64>,
    /// Bytes from one peer at once [default: a second's worth].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    bytes_burst: Option<u64>,
    /// How long open calls may go on once the hub is told to stop: 0s to 1h [default: 3s].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    drain: Option<Duration>,
}

impl Limits {
    pub(crate) fn settings(&self) -> LimitSettings {
        LimitSettings {
            peers: self.max_peers,
            sessions: self.max_sessions,
            pending: self.max_pending,
            pending_per_source: self.max_pending_per_source,
            failures_per_minute: self.failures_per_minute,
            admissions_per_second: self.admissions_per_second,
            frames_per_second: self.frames_per_second,
            frames_burst: self.frames_burst,
            bytes_per_second: self.bytes_per_second,
            bytes_burst: self.bytes_burst,
            drain: self.drain.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// Join tokens.
#[derive(Args, Debug)]
pub(crate) struct Joins {
    /// Whether join tokens admit, which need TLS [default: true].
    #[arg(long, value_name = "BOOL")]
    auth_join: Option<bool>,
    /// How far the clocks of hub and peers may differ [default: 1m].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    auth_skew: Option<Duration>,
    /// How long a peer's certificate holds [default: 1d].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    tokens_certificate: Option<Duration>,
    /// How long a peer that is away may come back without another token [default: 90d].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    tokens_refresh: Option<Duration>,
    /// The longest life of a join token [default: 7d].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    tokens_token: Option<Duration>,
}

impl Joins {
    pub(crate) fn settings(&self) -> JoinSettings {
        JoinSettings {
            join: self.auth_join,
            skew: self.auth_skew,
            certificate: self.tokens_certificate,
            refresh: self.tokens_refresh,
            token: self.tokens_token,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Hub {
    /// Where to listen [default: 127.0.0.1:7777].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bind: Option<Bind>,
    /// plain, tofu or strict [default: tofu].
    #[arg(long, value_name = "MODE")]
    pub(crate) tls: Option<TlsMode>,
    /// The certificate, and those between it and the root: PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key: PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// A name for the self-signed certificate; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Vec<String>,
    /// The display name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A URL that join tokens name; may be repeated.
    #[arg(long, value_name = "URL")]
    pub(crate) advertise: Vec<HubUrl>,
    /// self-signed or files.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) tls_source: Option<TlsSourceName>,
    /// Whether everyone must prove something; false needs --insecure-no-auth too.
    #[arg(long, value_name = "BOOL")]
    pub(crate) auth_required: Option<bool>,
    /// Whether the shared secret admits.
    #[arg(long, value_name = "BOOL")]
    pub(crate) auth_secret: Option<bool>,
    /// What the secret admits to: member, or agent (serves only) [default: member].
    #[arg(long, value_name = "ROLE")]
    pub(crate) secret_role: Option<Role>,
    /// Whether labels that peers give themselves make them targets, beside those of their tokens
    /// [default: true only where the secret is the sole method].
    #[arg(long, value_name = "BOOL")]
    pub(crate) self_labels: Option<bool>,
    #[command(flatten)]
    pub(crate) joins: Joins,
    #[command(flatten)]
    pub(crate) door: Door,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// The shared secret; - is standard input [default: BOWLINE_SECRET, then DATA/secret.key].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Where keys and the ledger are kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// hub.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take a ledger that was restored from a backup: every join token made before is revoked.
    #[arg(long)]
    pub(crate) accept_restored: bool,
    /// With --accept-restored: this is the latest ledger, and what was shown is of a copy of it
    /// that ran elsewhere; no token is revoked.
    #[arg(long, requires = "accept_restored")]
    pub(crate) keep_tokens: bool,
    /// Allow core files, and debuggers of this user: both see every key that is in memory.
    #[arg(long)]
    pub(crate) allow_debug: bool,
    /// Print what is in force, secrets left out, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// One JSON object a line for whatever happens.
    #[arg(long)]
    pub(crate) json: bool,
    /// Allow anyone in, with `auth.required = false`.
    #[arg(long)]
    pub(crate) insecure_no_auth: bool,
    #[command(flatten)]
    pub(crate) risks: Risks,
}
