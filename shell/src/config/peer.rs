//! `peer.toml`: which hub, who this is, and the commands that it serves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bowline_core::id::{HubId, PeerId, Pin};
use bowline_core::limits::Limits;
use bowline_core::wire::bounds;

use crate::arguments::CommandSpec;
use crate::config::commands::{print_commands, read_commands};
use crate::config::document::{Document, Section};
use crate::config::hub::{absolute, read_text};
use crate::config::print::{Printer, array, key};
use crate::config::units::{parse_duration, print_duration};
use crate::config::{ConfigError, HubUrl, TlsMode, changes};
use crate::files::TrustedGroup;

/// What a file or a command line says; everything is optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerSettings {
    /// `id`, `--id`.
    pub id: Option<PeerId>,
    /// `hub`, `--hub`.
    pub hub: Option<HubUrl>,
    /// `labels`, `--label NAME=VALUE` (repeated).
    pub labels: Option<BTreeMap<String, String>>,
    /// `tls.mode`, `--tls`.
    pub mode: Option<TlsMode>,
    /// `tls.pins`, `--pin` (repeated).
    pub pins: Option<Vec<Pin>>,
    /// `tls.hub-id`, `--hub-id`.
    pub hub_id: Option<HubId>,
    /// `tls.roots`, `--roots`: PEM.
    pub roots: Option<PathBuf>,
    /// `secret-file`; its flag `--secret-file` comes before the environment and is not laid over
    /// this, see [`crate::files::SecretSources`].
    pub secret_file: Option<PathBuf>,
    /// `trusted-group`, `--trusted-group`: the group whose permission bits pass on files.
    pub trusted_group: Option<TrustedGroup>,
    /// `limits.drain`, `--drain`: how long calls that run when the peer stops have to end by
    /// themselves; up to 1 h.
    pub drain: Option<Duration>,
    /// `commands`, by name. They have no flag: what a machine runs for others is written down.
    pub commands: Option<Vec<CommandSpec>>,
}

/// What is in force: complete and consistent.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerConfig {
    /// Who this is; [`PeerConfig::id`] gives the default.
    pub id: Option<PeerId>,
    /// The hub; its scheme goes with `mode`.
    pub hub: Option<HubUrl>,
    /// At most 32; see [`bounds::LABELS`].
    pub labels: BTreeMap<String, String>,
    /// How the hub is trusted.
    pub mode: TlsMode,
    /// TLS keys that are trusted beforehand, each once, ascending.
    pub pins: Vec<Pin>,
    /// The hub's identity, where it is known beforehand.
    pub hub_id: Option<HubId>,
    /// Roots that the hub's certificate chains to: PEM.
    pub roots: Option<PathBuf>,
    /// Where the shared secret is, if not in the data directory.
    pub secret_file: Option<PathBuf>,
    /// The group whose permission bits pass on files, see [`TrustedGroup::trust`].
    pub trusted_group: Option<TrustedGroup>,
    /// How long calls that run when the peer stops have to end by themselves.
    pub drain: Duration,
    /// Ascending by name.
    pub commands: Vec<CommandSpec>,
}

impl PeerSettings {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or says something that is not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &read_text(path)?)
    }

    /// Reads the text of the file `path`, to whose directory the paths in it are relative.
    ///
    /// # Errors
    /// The text is not TOML, or says something that is not understood.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let document = Document::new(path, text);
        let mut root = document.root()?;
        let mut settings = Self {
            id: root.text("id")?,
            hub: root.text("hub")?,
            secret_file: root.path("secret-file")?,
            trusted_group: root.text("trusted-group")?,
            ..Self::default()
        };
        root.planned(&["token-file"]);
        if let Some(labels) = root.table("labels")? {
            settings.labels = Some(read_labels(labels)?);
        }
        if let Some(mut tls) = root.table("tls")? {
            settings.mode = tls.text("mode")?;
            settings.pins = tls.list("pins")?;
            settings.hub_id = tls.text("hub-id")?;
            settings.roots = tls.path("roots")?;
            tls.end()?;
        }
        if let Some(mut limits) = root.table("limits")? {
            if let Some(entry) = limits.entry("drain")? {
                let drain = parse_duration(&entry.value);
                settings.drain = Some(drain.map_err(|error| limits.complain(&entry, error))?);
            }
            limits.end()?;
        }
        if let Some(commands) = root.table("commands")? {
            settings.commands = Some(read_commands(commands)?);
        }
        root.end()?;
        Ok(settings)
    }

    /// These settings where they say something, `under` where they do not.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        Self {
            id: self.id.or(under.id),
            hub: self.hub.or(under.hub),
            labels: self.labels.or(under.labels),
            mode: self.mode.or(under.mode),
            pins: self.pins.or(under.pins),
            hub_id: self.hub_id.or(under.hub_id),
            roots: self.roots.or(under.roots),
            secret_file: self.secret_file.or(under.secret_file),
            trusted_group: self.trusted_group.or(under.trusted_group),
            drain: self.drain.or(under.drain),
            commands: self.commands.or(under.commands),
        }
    }

    /// These settings with the defaults below them, checked as a whole.
    ///
    /// # Errors
    /// A URL that does not go with the mode, or labels out of their bounds.
    pub fn resolve(self) -> Result<PeerConfig, ConfigError> {
        let mode = self.mode.unwrap_or_default();
        if let Some(url) = self.hub.as_ref().filter(|url| !mode.goes_with(url.scheme())) {
            return Err(ConfigError::SchemeAndMode { url: url.clone(), mode });
        }
        let labels = self.labels.unwrap_or_default();
        check_labels(&labels).map_err(|reason| ConfigError::Setting {
            key: "labels",
            flag: "label",
            reason,
        })?;
        let drain = self.drain.unwrap_or_else(|| Limits::default().drain);
        if drain > MOST_DRAIN {
            let reason = format!("expected 0s to {}", print_duration(MOST_DRAIN));
            return Err(ConfigError::Setting { key: "limits.drain", flag: "drain", reason });
        }
        let pins: BTreeSet<_> = self.pins.unwrap_or_default().into_iter().collect();
        let mut commands = self.commands.unwrap_or_default();
        commands.sort_by_key(CommandSpec::name);
        Ok(PeerConfig {
            id: self.id,
            hub: self.hub,
            labels,
            mode,
            pins: pins.into_iter().collect(),
            hub_id: self.hub_id,
            roots: self.roots.map(absolute),
            secret_file: self.secret_file.map(absolute),
            trusted_group: self.trusted_group,
            drain,
            commands,
        })
    }
}

impl PeerConfig {
    /// The hub to connect to.
    ///
    /// # Errors
    /// [`ConfigError::NoHub`]
    pub fn hub(&self) -> Result<&HubUrl, ConfigError> {
        self.hub.as_ref().ok_or(ConfigError::NoHub)
    }

    /// Who this is: what is configured, or else the host's name as [`default_peer_id`] has it.
    ///
    /// # Errors
    /// [`ConfigError::NoId`]
    pub fn id(&self) -> Result<PeerId, ConfigError> {
        self.id.or_else(default_peer_id).ok_or(ConfigError::NoId)
    }

    /// The keys that differ in `other`, as [`changes`] says them. Of `env`, values count too.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<String> {
        let mut changed = changes(&self.to_toml(), &other.to_toml());
        for command in &self.commands {
            let differs = |other: &&CommandSpec| {
                other.name() == command.name() && other.environment() != command.environment()
            };
            changed.extend(other.commands.iter().find(differs).map(|_| {
                let name = command.name();
                format!("commands.{}", key(name.as_str()))
            }));
        }
        changed.sort();
        changed.dedup();
        changed
    }

    /// What is in force, as a `peer.toml` that reads back as the same but for the values of
    /// commands' `env`, of which only the names are there. It holds no secret.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut printer = Printer::default();
        if let Some(id) = self.id {
            printer.text("id", id);
        }
        if let Some(hub) = &self.hub {
            printer.text("hub", hub);
        }
        if let Some(file) = &self.secret_file {
            printer.text("secret-file", file.display());
        }
        if let Some(group) = &self.trusted_group {
            printer.text("trusted-group", group);
        }
        if !self.labels.is_empty() {
            printer.table(&["labels"]);
            for (name, value) in &self.labels {
                printer.text(name, value);
            }
        }
        printer.table(&["tls"]);
        printer.text("mode", self.mode);
        printer.bare("pins", array(&self.pins));
        if let Some(id) = self.hub_id {
            printer.text("hub-id", id);
        }
        if let Some(roots) = &self.roots {
            printer.text("roots", roots.display());
        }
        printer.table(&["limits"]);
        printer.text("drain", print_duration(self.drain));
        print_commands(&mut printer, &self.commands);
        printer.finish()
    }
}

/// The host's name up to its first dot, in lower case: what a peer without an id is called.
///
/// `None` where that is no valid [`PeerId`].
#[must_use]
pub fn default_peer_id() -> Option<PeerId> {
    let host = rustix::system::uname();
    let host = host.nodename().to_str().ok()?.to_ascii_lowercase();
    let first = host.split('.').next()?;
    // Every machine that was given no name of its own is called this.
    (first != "localhost").then(|| first.parse().ok()).flatten()
}

fn read_labels(mut labels: Section<'_>) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut read = BTreeMap::new();
    for name in labels.names() {
        let value = labels.named_text(&name)?;
        check_label(&name.value, &value).map_err(|reason| labels.complain(&name, reason))?;
        read.insert(name.value, value);
    }
    Ok(read)
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), String> {
    let most = bounds::LABELS;
    if labels.len() > most {
        return Err(format!("{} labels; a peer has at most {most}", labels.len()));
    }
    labels.iter().try_for_each(|(name, value)| check_label(name, value))
}

/// A label must be sayable as `NAME=VALUE` on a command line.
fn check_label(name: &str, value: &str) -> Result<(), String> {
    let name_ok = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'));
    if !name_ok {
        let shown: String = name.chars().take(64).collect();
        return Err(format!("'{shown}' is not a label's name: 1 to 64 of a-z A-Z 0-9 . _ - /"));
    }
    if value.len() > 256 || value.chars().any(char::is_control) {
        return Err(format!(
            "the value of label '{name}' is above 256 bytes or holds a control character"
        ));
    }
    Ok(())
}

/// The longest that calls may keep a peer from stopping.
const MOST_DRAIN: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests;
