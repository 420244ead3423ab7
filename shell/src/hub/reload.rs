//! A running hub reads its configuration and its certificate anew, and no link of it ends.

use std::sync::Arc;

use bowline_core::auth::{HubSnapshot, Joins};
use bowline_core::hub::Source;
use bowline_core::id::Pin;

use crate::config::{Change, HubConfig, HubSettings, Reload, Warning};
use crate::hub::builder::{machine, policy};
use crate::hub::inviting::urls;
use crate::hub::keys::{self, ServedCertificate};
use crate::hub::{Hub, StartError};
use crate::runtime::Runtime;

/// What reading anew came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reloaded {
    /// Keys of the configuration that changed and are in force, such as `limits.peers`.
    pub changed: Vec<String>,
    /// Keys that changed and need a restart: what was in force stays.
    pub restart: Vec<String>,
    /// The certificate, where another one is served from here on.
    pub certificate: Option<Certificate>,
    /// What was accepted with a switch, or is unusual.
    pub warnings: Vec<Warning>,
}

/// A certificate that took the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// The pin of its key.
    pub pin: Pin,
    /// Whether its key is that of the one before.
    pub same_key: bool,
    /// When it ends, seconds since 1970.
    pub not_after: Option<u64>,
}

impl<R: Runtime> Hub<R> {
    /// Takes these settings, and reads the certificate and its key, in place of those in force.
    /// Links that are there stay as they are: what changed holds for those that come. Another role
    /// of those whom the secret admits holds at once
    /// ([`Hub::reconfigure`](bowline_core::hub::Hub::reconfigure)). Blocks for the few files that
    /// it reads.
    ///
    /// # Errors
    /// [`StartError`]: nothing has changed.
    pub fn reload(&mut self, settings: HubSettings) -> Result<Reloaded, StartError> {
        self.look_around();
        let before = &self.setup.config;
        let wanted = settings.clone().resolve()?;
        // What is for the next start only is to be good, too.
        wanted.check(&self.setup.insecure)?;
        let config = settings.keeping(before).resolve()?;
        // What follows from a setting that waits for the next start waits with it.
        let taken = before.changes(&config);
        let (changed, restart): (Vec<_>, Vec<_>) = before
            .changes(&wanted)
            .into_iter()
            .partition(|change| change.reload == Reload::Live && taken.contains(change));
        let [changed, restart] = [changed, restart].map(Change::keys);
        let mut warnings = config.check(&self.setup.insecure)?;
        let now = self.shared.clock.now().unix;
        let (data, id) = (&self.setup.data, self.facts.id);
        let authority = keys::authority(data, id, now)?.public();
        let served = keys::serve(&config, data, id, &authority, now)?;
        let certificate = self.certificate(&served);
        let ServedCertificate { tls, pin, chain, not_after, dates } = served;
        let mut limits = self.setup.limits.clone();
        config.limits.apply(&mut limits);
        self.shared.reconfigure(machine(&config, limits.clone(), self.facts.generation), |was| {
            HubSnapshot {
                name: config.name.clone(),
                tls: tls.clone(),
                open: !config.auth_required,
                external_pins: config.preauth.external_pins.clone(),
                policy: Arc::new(policy(&config)),
                limits: limits.clone(),
                joins: was.joins.as_ref().map(|joins| {
                    Arc::new(Joins { rules: config.joins.rules(), ..Joins::clone(joins) })
                }),
                ..was.clone()
            }
        });
        self.shared.urls.store(Arc::new(urls(&config, &self.facts.url)));
        warnings.extend(dates);
        let has_socket = self.control().is_some();
        let stays = |warning: &Warning| stays(warning, has_socket);
        let kept = core::mem::take(&mut self.facts.warnings).into_iter().filter(stays);
        self.facts.warnings = warnings.iter().cloned().chain(kept).collect();
        (self.facts.pin, self.facts.chain, self.facts.not_after) = (pin, chain, not_after);
        self.tell_facts(&config);
        self.setup.config = config;
        Ok(Reloaded { changed, restart, certificate, warnings })
    }

    fn certificate(&self, served: &ServedCertificate) -> Option<Certificate> {
        let pin = served.pin.filter(|_| served.chain != self.facts.chain)?;
        let same_key = self.facts.pin == Some(pin);
        Some(Certificate { pin, same_key, not_after: served.not_after })
    }

    /// Has the machine know what `status` says.
    fn tell_facts(&self, config: &HubConfig) {
        let source = Source::Network(config.bind.0);
        let methods = self.shared.snapshot.load().methods(source);
        let urls = self.shared.urls.load_full();
        let told = self.facts.told(config, methods, self.setup.since, self.control(), &urls);
        self.shared.with(|hub| hub.set_setup(told));
    }
}

/// The ledger is as it was at the start; so is the lack of a socket for the operator, unless there
/// was a place for one later.
fn stays(warning: &Warning, has_socket: bool) -> bool {
    match warning {
        Warning::Restored(_) => true,
        Warning::NoControlSocket(_) => !has_socket,
        _ => false,
    }
}
