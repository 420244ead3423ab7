//! The keys of `peer.toml`, a row for each.

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::PathBuf;

use bowline_core::id::{HubId, PeerId, Pin};
use bowline_core::limits::Limits;

use crate::arguments::CommandSpec;
use crate::config::commands::CommandTable;
use crate::config::keys::{FilePath, Key, KeyKind, List, Reload, Text, decide, keys, span};
use crate::config::peer::labels::LabelTable;
use crate::config::{ConfigError, HubUrl, TlsMode};
use crate::files::TrustedGroup;

keys! {
    /// What a file or a command line says; everything is optional.
    #[derive(Clone, Debug, Default, PartialEq)]
    PeerSettings,
    /// What is in force: complete and consistent.
    #[derive(Clone, Debug, PartialEq)]
    PeerConfig {
        /// [`PeerConfig::id`] gives the default.
        id: PeerId, Text,
            "id" Restart flag "id" NAME "This peer's id [default: the host name]";
        /// Its scheme goes with `mode`.
        hub: HubUrl, Text,
            "hub" NextDial flag "hub" URL
            "The hub: wss://HOST:PORT, or ws:// with --tls plain [default port: 7777]";
        /// The flag comes before the environment and is not laid over this, see
        /// [`SecretSources`](crate::files::SecretSources).
        secret_file: PathBuf, FilePath,
            "secret-file" NextDial flag "secret-file"
            "Where the shared secret is, if not in the data directory";
        /// Its permission bits pass on files, see [`TrustedGroup::trust`].
        trusted_group: TrustedGroup, Text,
            "trusted-group" Restart flag "trusted-group" "A group that files may be open to";
        /// At most 32; see [`bounds::LABELS`](bowline_core::wire::bounds::LABELS).
        labels: BTreeMap<String, String> = BTreeMap::new(), LabelTable,
            "labels" NextDial flag "label"
            "A label: NAME=VALUE; may be repeated. A hub that takes tokens goes by theirs";
        /// How the hub is trusted.
        mode: TlsMode = TlsMode::default(), Text,
            "tls.mode" NextDial flag "tls" MODE "plain, tofu or strict [default: tofu]";
        /// In force each stands once, ascending.
        pins: Vec<Pin> = Vec::new(), List,
            "tls.pins" NextDial flag "pin" PIN
            "A TLS key that is trusted beforehand: sha256/…; may be repeated";
        hub_id: HubId, Text,
            "tls.hub-id" NextDial flag "hub-id" ID "The hub's identity, known beforehand: hub_…";
        roots: PathBuf, FilePath,
            "tls.roots" NextDial flag "roots" FILE
            "Roots that the hub's certificate must chain to: PEM";
        drain: Duration = Limits::default().drain, span(Duration::ZERO..=MOST_DRAIN),
            "limits.drain" Live flag "drain" TIME
            "How long commands may go on once the peer is told to stop: 0s to 1h [default: 3s]";
        /// They have no flag: what a machine runs for others is written down. In force they are
        /// ascending by name.
        commands: Vec<CommandSpec> = Vec::new(), CommandTable,
            "commands" Live "The commands that it serves, by name";
    }
}

/// Keys that a later version has.
pub(super) const PLANNED: &[&str] = &["token-file"];

/// The longest that calls may keep a peer from stopping.
const MOST_DRAIN: Duration = Duration::from_secs(60 * 60);
