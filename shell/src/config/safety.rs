//! Safe by default: what is refused unless a switch on the command line accepts it.

use core::fmt;

use bowline_core::facts::Restored;
use bowline_core::network::Network;
use std::path::PathBuf;

use bowline_core::trust::ChainFault;

use crate::config::{Bind, ConfigError, HubConfig, HubUrl, PeerConfig, Scheme, TlsMode};
use crate::files::NoControlSocket;

/// The `--insecure-…` switches. Flags only: no file can set them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Insecure {
    /// `--insecure-allow-plain`: no TLS away from loopback.
    pub allow_plain: bool,
    /// `--insecure-no-auth`: a hub that admits anyone.
    pub no_auth: bool,
    /// `--insecure-weak-secret`: a secret that a person made up.
    pub weak_secret: bool,
    /// `--insecure-shell-templates`: callers' values within scripts.
    pub shell_templates: bool,
}

/// What was accepted with a switch; said at each start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A hub without TLS away from loopback.
    PlainOffLoopback(Bind),
    /// A hub that admits anyone.
    NoAuth(Bind),
    /// A hub that believes everyone's word for where they come from.
    ProxiesEverywhere(Network),
    /// A peer without TLS away from loopback.
    PlainHub(HubUrl),
    /// A weak secret is accepted.
    WeakSecret,
    /// A certificate from elsewhere whose dates are not good now.
    Dates {
        /// The certificate's file.
        path: PathBuf,
        /// Both dates.
        fault: ChainFault,
    },
    /// A hub whose ledger was restored from a backup, and what showed it.
    Restored(Restored),
    /// A hub without a socket for the operator of its machine.
    NoControlSocket(NoControlSocket),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainOffLoopback(bind) => write!(
                f,
                "listening on {bind} without TLS (--insecure-allow-plain): anyone on the way can \
                 read and change everything"
            ),
            Self::NoAuth(bind) => write!(
                f,
                "listening on {bind} with authentication off (--insecure-no-auth): anyone who can \
                 connect can run commands"
            ),
            Self::ProxiesEverywhere(network) => write!(
                f,
                "trusted-proxies names {network}: anyone can claim to come from any address, so \
                 allow-ips and the limits by source stop nobody"
            ),
            Self::PlainHub(url) => write!(
                f,
                "connecting to {url} without TLS (--insecure-allow-plain): anyone on the way can \
                 read and change everything"
            ),
            Self::Dates { path, fault } => write!(
                f,
                "{}: {fault}. Peers that check it by roots refuse it: renew it",
                path.display()
            ),
            Self::WeakSecret => f.write_str(
                "a weak secret is accepted (--insecure-weak-secret): whoever records one \
                 admission can guess at it offline",
            ),
            Self::Restored(restored) => write!(
                f,
                "the ledger was restored from a backup ({restored}): what was used or revoked since \
                 then is forgotten, so no join token and no refresh token is taken. Start the hub once \
                 with --accept-restored, and make new tokens; or, where this is the latest ledger and \
                 a copy of it ran elsewhere, with --accept-restored --keep-tokens"
            ),
            Self::NoControlSocket(reason) => write!(
                f,
                "commands on this machine reach the hub by the shared secret, with no more than \
                 its role, because there is no local socket: {reason}. Keep the data in a directory \
                 of mode 0700 whose path has at most 95 bytes"
            ),
        }
    }
}

impl HubConfig {
    /// Whether the hub may start so, and what must be said when it does.
    ///
    /// # Errors
    /// [`ConfigError::PlainOffLoopback`] and [`ConfigError::NoAuth`], unless their switch is given.
    pub fn check(&self, insecure: &Insecure) -> Result<Vec<Warning>, ConfigError> {
        let mut warnings = Vec::new();
        if self.mode == TlsMode::Plain && !self.bind.is_loopback() {
            if !insecure.allow_plain {
                return Err(ConfigError::PlainOffLoopback { bind: self.bind });
            }
            warnings.push(Warning::PlainOffLoopback(self.bind));
        }
        if !self.auth_required {
            if !insecure.no_auth {
                return Err(ConfigError::NoAuth { bind: self.bind });
            }
            warnings.push(Warning::NoAuth(self.bind));
        }
        if insecure.weak_secret {
            warnings.push(Warning::WeakSecret);
        }
        let everyone = self.preauth.trusted_proxies.iter().find(|network| network.is_everyone());
        warnings.extend(everyone.map(|&network| Warning::ProxiesEverywhere(network)));
        Ok(warnings)
    }
}

impl PeerConfig {
    /// Whether the peer may connect so, and what must be said when it does.
    ///
    /// # Errors
    /// [`ConfigError::PlainHub`], unless `--insecure-allow-plain` is given.
    pub fn check(&self, insecure: &Insecure) -> Result<Vec<Warning>, ConfigError> {
        let mut warnings = Vec::new();
        if let Some(url) = &self.hub
            && url.scheme() == Scheme::Ws
            && !url.is_loopback()
        {
            if !insecure.allow_plain {
                return Err(ConfigError::PlainHub { url: url.clone() });
            }
            warnings.push(Warning::PlainHub(url.clone()));
        }
        if insecure.weak_secret {
            warnings.push(Warning::WeakSecret);
        }
        Ok(warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{HubSettings, PeerSettings};

    fn hub(text: &str) -> HubConfig {
        HubSettings::parse("hub.toml".as_ref(), text).unwrap().resolve().unwrap()
    }

    fn peer(text: &str) -> PeerConfig {
        PeerSettings::parse("peer.toml".as_ref(), text).unwrap().resolve().unwrap()
    }

    const NONE: Insecure =
        Insecure { allow_plain: false, no_auth: false, weak_secret: false, shell_templates: false };

    #[test]
    fn a_plain_hub_off_loopback_needs_its_switch_and_then_warns() {
        let config = hub("bind = '0.0.0.0:1'\n[tls]\nmode = 'plain'");
        let bind = config.bind;
        assert_eq!(config.check(&NONE), Err(ConfigError::PlainOffLoopback { bind }));
        let other = Insecure { no_auth: true, weak_secret: true, ..NONE };
        assert_eq!(config.check(&other), Err(ConfigError::PlainOffLoopback { bind }));
        let allowed = Insecure { allow_plain: true, ..NONE };
        assert_eq!(config.check(&allowed), Ok(vec![Warning::PlainOffLoopback(bind)]));
        let error = config.check(&NONE).unwrap_err().to_string();
        assert!(error.contains("0.0.0.0:1") && error.contains("--insecure-allow-plain"), "{error}");
    }

    #[test]
    fn a_plain_hub_on_loopback_and_a_tls_hub_anywhere_are_fine() {
        assert_eq!(hub("bind = '127.8.0.1:1'\n[tls]\nmode = 'plain'").check(&NONE), Ok(vec![]));
        assert_eq!(hub("bind = '[::1]:1'\n[tls]\nmode = 'plain'").check(&NONE), Ok(vec![]));
        assert_eq!(hub("bind = '[::]:1'").check(&NONE), Ok(vec![]));
        assert_eq!(hub("").check(&NONE), Ok(vec![]));
    }

    #[test]
    fn authentication_is_off_only_with_its_switch_on_loopback_too() {
        let config = hub("[auth]\nrequired = false");
        let bind = config.bind;
        assert_eq!(config.check(&NONE), Err(ConfigError::NoAuth { bind }));
        let allowed = Insecure { no_auth: true, ..NONE };
        assert_eq!(config.check(&allowed), Ok(vec![Warning::NoAuth(bind)]));
        // The switch alone opens nothing.
        assert_eq!(hub("").check(&allowed), Ok(vec![]));
    }

    #[test]
    fn a_hub_that_trusts_every_address_as_a_proxy_says_what_that_means() {
        let config = hub("trusted-proxies = ['10.0.0.0/8', '::/0']");
        let warnings = config.check(&NONE).unwrap();
        assert_eq!(warnings, [Warning::ProxiesEverywhere("::/0".parse().unwrap())]);
        assert!(warnings[0].to_string().starts_with("trusted-proxies names ::/0: "));
        assert_eq!(hub("trusted-proxies = ['10.0.0.0/8']").check(&NONE), Ok(vec![]));
    }

    #[test]
    fn a_peer_goes_without_tls_to_this_machine_only() {
        let near = peer("hub = 'ws://localhost'\n[tls]\nmode = 'plain'");
        assert_eq!(near.check(&NONE), Ok(vec![]));
        let far = peer("hub = 'ws://hub.example'\n[tls]\nmode = 'plain'");
        let url: HubUrl = "ws://hub.example".parse().unwrap();
        assert_eq!(far.check(&NONE), Err(ConfigError::PlainHub { url: url.clone() }));
        let allowed = Insecure { allow_plain: true, ..NONE };
        assert_eq!(far.check(&allowed), Ok(vec![Warning::PlainHub(url)]));
    }
}
