//! `hub.toml`: what a hub is told, and what is in force.

mod joins;
mod preauth;
mod table;
mod tls;

use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use bowline_core::capability::Role;

pub use preauth::Origin;
pub use table::{
    HubConfig, HubLimits, HubSettings, JoinConfig, JoinSettings, LimitSettings, PreauthConfig,
    PreauthSettings,
};
pub use tls::TlsSource;

use crate::config::keys::{self, Change};
use crate::config::{ConfigError, HubUrl, Scheme, TlsMode, TlsSourceName};
use crate::files::{self, Exposure, FileError, trusted};
use crate::url::parse_host;

impl HubSettings {
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
    ///
    /// A certificate and key belong to their source: given alone they choose `files`, and
    /// `self-signed` sets aside those of `under`.
    #[must_use]
    pub fn over(mut self, mut under: Self) -> Self {
        let own_files = self.cert.is_some() || self.key.is_some();
        self.source = self.source.or(own_files.then_some(TlsSourceName::Files));
        if self.source == Some(TlsSourceName::SelfSigned) {
            (under.cert, under.key) = (None, None);
        }
        keys::over(Self::KEYS, self, under)
    }

    /// These settings, but what waits for the next start as it is in `config`.
    #[must_use]
    pub(crate) fn keeping(self, config: &HubConfig) -> Self {
        keys::keeping(Self::KEYS, self, config)
    }

    /// These settings with the defaults below them, checked as a whole.
    ///
    /// # Errors
    /// Settings that contradict each other, or a value out of its range.
    pub fn resolve(self) -> Result<HubConfig, ConfigError> {
        let config = self.decide()?;
        config.check_name()?;
        let HubConfig { mode, auth_required, auth_secret, secret_role, joins, .. } = &config;
        // A plain hub may stand behind a proxy that speaks TLS, so it may advertise either.
        let unfit = |url: &&HubUrl| *mode != TlsMode::Plain && url.scheme() == Scheme::Ws;
        if let Some(url) = config.advertise.iter().find(unfit) {
            return Err(ConfigError::SchemeAndMode { url: url.clone(), mode: *mode });
        }
        config.check_hostnames()?;
        if *auth_required && !auth_secret && !joins.is_offered(*mode) {
            return Err(ConfigError::NoMethod);
        }
        if *secret_role == Role::Admin {
            return Err(ConfigError::AdminBySecret);
        }
        if let Some(awaits) = secret_role.awaits() {
            let reason = format!("'{secret_role}': {awaits}; set it to member or agent");
            return Err(ConfigError::Setting {
                key: "auth.secret-role",
                flag: "secret-role",
                reason,
            });
        }
        config.preauth.check(*mode)?;
        Ok(HubConfig { secret_file: config.secret_file.map(absolute), ..config })
    }
}

impl HubConfig {
    /// What is in force, as a `hub.toml` that reads back as the same. It holds no secret.
    #[must_use]
    pub fn to_toml(&self) -> String {
        keys::print(HubSettings::KEYS, self)
    }

    /// The keys that differ in `other`, ascending.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<Change> {
        keys::changes(HubSettings::KEYS, self, other)
    }

    fn check_name(&self) -> Result<(), ConfigError> {
        let name = &self.name;
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            let reason = "expected 1 to 64 characters, none of them a control character".into();
            return Err(ConfigError::Setting { key: "name", flag: "name", reason });
        }
        Ok(())
    }

    fn check_hostnames(&self) -> Result<(), ConfigError> {
        let is_host = |name: &String| name.parse::<IpAddr>().is_ok() || parse_host(name).is_ok();
        let Some(wrong) = self.hostnames.iter().find(|name| !is_host(name)) else { return Ok(()) };
        let reason = format!("'{wrong}' is neither a host name nor an address");
        Err(ConfigError::Setting { key: "tls.hostnames", flag: "hostname", reason })
    }
}

/// The text of a configuration file.
pub(crate) fn read_text(path: &Path) -> Result<String, ConfigError> {
    let cannot = |reason: String| ConfigError::Read { path: path.to_owned(), reason };
    let unusable = |error| match error {
        FileError::System { reason, .. } => cannot(reason),
        error => ConfigError::File(error),
    };
    let file = trusted::read(path, Exposure::Readable).map_err(unusable)?;
    let mut bytes = Vec::new();
    file.take(MOST_TEXT + 1).read_to_end(&mut bytes).map_err(|error| cannot(error.to_string()))?;
    if bytes.len() as u64 > MOST_TEXT {
        return Err(cannot(format!("it is larger than {MOST_TEXT} bytes")));
    }
    let text = files::text(&bytes);
    let text = text.map_err(|fault| ConfigError::NotText { path: path.to_owned(), fault })?;
    Ok(text.to_owned())
}

/// A path from a flag, relative to the working directory, made good for any directory.
pub(crate) fn absolute(path: PathBuf) -> PathBuf {
    // Fails only without a working directory; then the path stands as it was given.
    std::path::absolute(&path).unwrap_or(path)
}

/// The largest configuration, in bytes.
const MOST_TEXT: u64 = 1 << 20;

#[cfg(test)]
mod tests;
