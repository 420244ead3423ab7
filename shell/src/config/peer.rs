//! `peer.toml`: which hub, who this is, and the commands that it serves.

mod labels;
mod table;

use std::path::Path;

use bowline_core::id::PeerId;

pub use table::{PeerConfig, PeerSettings};

use crate::arguments::CommandSpec;
use crate::config::hub::{absolute, read_text};
use crate::config::keys::{self, Change};
use crate::config::{ConfigError, HubUrl};

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
        keys::read(Self::KEYS, table::PLANNED, path, text)
    }

    /// These settings where they say something, `under` where they do not.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        keys::over(Self::KEYS, self, under)
    }

    /// These settings, but what waits for the next start as it is in `config`.
    #[must_use]
    pub fn keeping(self, config: &PeerConfig) -> Self {
        keys::keeping(Self::KEYS, self, config)
    }

    /// These settings with the defaults below them, checked as a whole.
    ///
    /// # Errors
    /// A URL that does not go with the mode, or a value out of its range.
    pub fn resolve(self) -> Result<PeerConfig, ConfigError> {
        let mut config = self.decide()?;
        let mode = config.mode;
        if let Some(url) = config.hub.as_ref().filter(|url| !mode.goes_with(url.scheme())) {
            return Err(ConfigError::SchemeAndMode { url: url.clone(), mode });
        }
        config.pins.sort();
        config.pins.dedup();
        config.commands.sort_by_key(CommandSpec::name);
        config.roots = config.roots.map(absolute);
        config.secret_file = config.secret_file.map(absolute);
        Ok(config)
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

    /// The keys that differ in `other`, ascending. Of `env`, values count too.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<Change> {
        keys::changes(PeerSettings::KEYS, self, other)
    }

    /// What is in force, as a `peer.toml` that reads back as the same but for the values of
    /// commands' `env`, of which only the names are there. It holds no secret.
    #[must_use]
    pub fn to_toml(&self) -> String {
        keys::print(PeerSettings::KEYS, self)
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

#[cfg(test)]
mod tests;
