//! `hub.toml`: what a hub is told, and what is in force.

mod door;
mod joins;
mod limits;
mod tls;

use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use bowline_core::capability::Role;

pub use door::{Door, DoorSettings, Origin};
pub use joins::{JoinConfig, JoinSettings};
pub use limits::{HubLimits, LimitSettings};
pub use tls::TlsSource;

use crate::config::document::{Document, Section};
use crate::config::print::{Printer, array};
use crate::config::url::parse_host;
use crate::config::values::not_a_source;
use crate::config::{Bind, ConfigError, HubUrl, Scheme, TlsMode, TlsSourceName};
use crate::files::{self, Exposure, FileError, TrustedGroup, trusted};
use tls::resolve_source;

/// What a file or a command line says; everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HubSettings {
    /// `name`, `--name`: the display name.
    pub name: Option<String>,
    /// `bind`, `--bind`.
    pub bind: Option<Bind>,
    /// `trusted-group`, `--trusted-group`: the group whose permission bits pass on files.
    pub trusted_group: Option<TrustedGroup>,
    /// `advertise`, `--advertise` (repeated): the URLs that join tokens name.
    pub advertise: Option<Vec<HubUrl>>,
    /// `tls.mode`, `--tls`.
    pub mode: Option<TlsMode>,
    /// `tls.source`, `--tls-source`; `files` where only a certificate or key is given.
    pub source: Option<TlsSourceName>,
    /// `tls.cert`, `--cert`: PEM.
    pub cert: Option<PathBuf>,
    /// `tls.key`, `--key`: PEM.
    pub key: Option<PathBuf>,
    /// `tls.hostnames`, `--hostname` (repeated).
    pub hostnames: Option<Vec<String>>,
    /// `auth.required`, `--auth-required`.
    pub auth_required: Option<bool>,
    /// `auth.secret`, `--auth-secret`.
    pub auth_secret: Option<bool>,
    /// `auth.secret-role`, `--secret-role`.
    pub secret_role: Option<Role>,
    /// `auth.self-labels`, `--self-labels`.
    pub self_labels: Option<bool>,
    /// `auth.secret-file`; its flag `--secret-file` comes before the environment and is not laid
    /// over this, see [`crate::files::SecretSources`].
    pub secret_file: Option<PathBuf>,
    /// Join tokens.
    pub joins: JoinSettings,
    /// Who may knock.
    pub door: DoorSettings,
    /// `limits`.
    pub limits: LimitSettings,
}

/// What is in force: complete and consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubConfig {
    /// The display name: 1 to 64 characters, none of them a control character.
    pub name: String,
    /// Where the hub listens.
    pub bind: Bind,
    /// The group whose permission bits pass on files, see [`TrustedGroup::trust`].
    pub trusted_group: Option<TrustedGroup>,
    /// The URLs that join tokens name; may be empty.
    pub advertise: Vec<HubUrl>,
    /// How links are protected.
    pub mode: TlsMode,
    /// Where the certificate comes from; unused in `plain`.
    pub source: TlsSource,
    /// Names for the self-signed certificate, besides the bind address and `localhost`.
    pub hostnames: Vec<String>,
    /// Whether everyone must prove something.
    pub auth_required: bool,
    /// Whether the shared secret admits.
    pub auth_secret: bool,
    /// What sessions admitted by the secret may do.
    pub secret_role: Role,
    /// Whether labels that peers give themselves make them targets. Unless it is said, only where
    /// the secret is the sole method: whoever has it may be anybody anyway.
    pub self_labels: bool,
    /// Where the shared secret is, if not in the data directory.
    pub secret_file: Option<PathBuf>,
    /// Join tokens, and how long what the hub mints holds.
    pub joins: JoinConfig,
    /// Who may knock.
    pub door: Door,
    /// The bounds.
    pub limits: HubLimits,
}

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
        let document = Document::new(path, text);
        let mut root = document.root()?;
        let mut settings = Self {
            name: root.text("name")?,
            bind: root.text("bind")?,
            trusted_group: root.text("trusted-group")?,
            advertise: root.list("advertise")?,
            door: DoorSettings::read(&mut root)?,
            ..Self::default()
        };
        if let Some(tls) = root.table("tls")? {
            settings.read_tls(tls)?;
        }
        if let Some(mut auth) = root.table("auth")? {
            settings.auth_required = auth.boolean("required")?;
            settings.auth_secret = auth.boolean("secret")?;
            settings.secret_role = auth.text("secret-role")?;
            settings.self_labels = auth.boolean("self-labels")?;
            settings.secret_file = auth.path("secret-file")?;
            settings.joins.read_auth(&mut auth)?;
            auth.end()?;
        }
        if let Some(mut tokens) = root.table("tokens")? {
            settings.joins.read_tokens(&mut tokens)?;
            tokens.end()?;
        }
        if let Some(mut limits) = root.table("limits")? {
            settings.limits = LimitSettings::read(&mut limits)?;
            limits.end()?;
        }
        root.end()?;
        Ok(settings)
    }

    fn read_tls(&mut self, mut tls: Section<'_>) -> Result<(), ConfigError> {
        tls.planned(&["grace", "keystore", "keystore-password-file", "keystore-type"]);
        self.mode = tls.text("mode")?;
        if let Some(entry) = tls.entry("source")? {
            self.source = Some(match entry.value.as_str() {
                "self-signed" => TlsSourceName::SelfSigned,
                "files" => TlsSourceName::Files,
                "keystore" | "acme" => return Err(tls.not_built(&entry)),
                other => return Err(tls.complain(&entry, not_a_source(other))),
            });
        }
        self.cert = tls.path("cert")?;
        self.key = tls.path("key")?;
        self.hostnames = tls.list("hostnames")?;
        tls.end()
    }

    /// These settings where they say something, `under` where they do not.
    ///
    /// A certificate and key belong to their source: given alone they choose `files`, and
    /// `self-signed` sets aside those of `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        let own_files = self.cert.is_some() || self.key.is_some();
        let source = self.source.or(own_files.then_some(TlsSourceName::Files));
        let (cert, key) = if source == Some(TlsSourceName::SelfSigned) {
            (self.cert, self.key)
        } else {
            (self.cert.or(under.cert), self.key.or(under.key))
        };
        Self {
            name: self.name.or(under.name),
            bind: self.bind.or(under.bind),
            trusted_group: self.trusted_group.or(under.trusted_group),
            advertise: self.advertise.or(under.advertise),
            mode: self.mode.or(under.mode),
            source: source.or(under.source),
            cert,
            key,
            hostnames: self.hostnames.or(under.hostnames),
            auth_required: self.auth_required.or(under.auth_required),
            auth_secret: self.auth_secret.or(under.auth_secret),
            secret_role: self.secret_role.or(under.secret_role),
            self_labels: self.self_labels.or(under.self_labels),
            secret_file: self.secret_file.or(under.secret_file),
            joins: self.joins.over(under.joins),
            door: self.door.over(under.door),
            limits: self.limits.over(under.limits),
        }
    }

    /// These settings with the defaults below them, checked as a whole.
    ///
    /// # Errors
    /// Settings that contradict each other, or a value out of its range.
    pub fn resolve(self) -> Result<HubConfig, ConfigError> {
        let name = self.name.unwrap_or_else(|| "bowline".to_owned());
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            let reason = "expected 1 to 64 characters, none of them a control character".into();
            return Err(ConfigError::Setting { key: "name", flag: "name", reason });
        }
        let mode = self.mode.unwrap_or_default();
        let advertise = self.advertise.unwrap_or_default();
        // A plain hub may stand behind a proxy that speaks TLS, so it may advertise either.
        let unfit = |url: &&HubUrl| mode != TlsMode::Plain && url.scheme() == Scheme::Ws;
        if let Some(url) = advertise.iter().find(unfit) {
            return Err(ConfigError::SchemeAndMode { url: url.clone(), mode });
        }
        let hostnames = self.hostnames.unwrap_or_default();
        for hostname in &hostnames {
            let is_address = hostname.parse::<IpAddr>().is_ok();
            if !is_address && parse_host(hostname).is_err() {
                let reason = format!("'{hostname}' is neither a host name nor an address");
                return Err(ConfigError::Setting {
                    key: "tls.hostnames",
                    flag: "hostname",
                    reason,
                });
            }
        }
        let auth_required = self.auth_required.unwrap_or(true);
        let auth_secret = self.auth_secret.unwrap_or(true);
        let joins = self.joins.resolve()?;
        if auth_required && !auth_secret && !joins.is_offered(mode) {
            return Err(ConfigError::NoMethod);
        }
        let secret_role = self.secret_role.unwrap_or_default();
        if secret_role == Role::Admin {
            return Err(ConfigError::AdminBySecret);
        }
        if let Some(awaits) = secret_role.awaits() {
            return Err(ConfigError::Setting {
                key: "auth.secret-role",
                flag: "secret-role",
                reason: format!("'{secret_role}': {awaits}; set it to member or agent"),
            });
        }
        let secret_alone = auth_required && auth_secret && !joins.is_offered(mode);
        Ok(HubConfig {
            name,
            bind: self.bind.unwrap_or_default(),
            trusted_group: self.trusted_group,
            advertise,
            mode,
            source: resolve_source(self.source, self.cert, self.key)?,
            hostnames,
            auth_required,
            auth_secret,
            secret_role,
            self_labels: self.self_labels.unwrap_or(secret_alone),
            secret_file: self.secret_file.map(absolute),
            joins,
            door: self.door.resolve(mode)?,
            limits: self.limits.resolve()?,
        })
    }
}

impl HubConfig {
    /// What is in force, as a `hub.toml` that reads back as the same. It holds no secret.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut printer = Printer::default();
        printer.text("name", &self.name);
        printer.text("bind", self.bind);
        if let Some(group) = &self.trusted_group {
            printer.text("trusted-group", group);
        }
        printer.bare("advertise", array(&self.advertise));
        self.door.print(&mut printer);
        printer.table(&["tls"]);
        printer.text("mode", self.mode);
        match &self.source {
            TlsSource::SelfSigned => printer.text("source", "self-signed"),
            TlsSource::Files { cert, key } => {
                printer.text("source", "files");
                printer.text("cert", cert.display());
                printer.text("key", key.display());
            }
        }
        printer.bare("hostnames", array(&self.hostnames));
        printer.table(&["auth"]);
        printer.bare("required", self.auth_required);
        printer.bare("secret", self.auth_secret);
        printer.text("secret-role", self.secret_role);
        printer.bare("self-labels", self.self_labels);
        if let Some(file) = &self.secret_file {
            printer.text("secret-file", file.display());
        }
        self.joins.print_auth(&mut printer);
        printer.table(&["tokens"]);
        self.joins.print_tokens(&mut printer);
        printer.table(&["limits"]);
        self.limits.print(&mut printer);
        printer.finish()
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
