//! Who may knock at a hub: address lists, trusted proxies, the pins that they serve, and the origins
//! of browsers.

use core::fmt;
use core::str::FromStr;

use bowline_core::id::Pin;
use bowline_core::network::Network;
use bowline_core::wire::bounds;

use crate::config::document::Section;
use crate::config::print::{Printer, array};
use crate::config::{ConfigError, TlsMode};

/// What a file or a command line says of the door; everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoorSettings {
    /// `allow-ips`, `--allow-ip` (repeated).
    pub allow_ips: Option<Vec<Network>>,
    /// `trusted-proxies`, `--trusted-proxy` (repeated).
    pub trusted_proxies: Option<Vec<Network>>,
    /// `external-pins`, `--external-pin` (repeated).
    pub external_pins: Option<Vec<Pin>>,
    /// `origins`, `--origin` (repeated).
    pub origins: Option<Vec<Origin>>,
}

/// Who may knock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Door {
    /// Networks whose addresses may connect; all where there is none. Loopback has to be listed
    /// like any other.
    pub allow_ips: Vec<Network>,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Pins of the TLS keys that those proxies serve, for a hub in `plain`.
    pub external_pins: Vec<Pin>,
    /// What browsers may send as `Origin`; a program sends none.
    pub origins: Vec<Origin>,
}

impl DoorSettings {
    pub(super) fn read(root: &mut Section<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            allow_ips: root.list("allow-ips")?,
            trusted_proxies: root.list("trusted-proxies")?,
            external_pins: root.list("external-pins")?,
            origins: root.list("origins")?,
        })
    }

    pub(super) fn over(self, under: Self) -> Self {
        Self {
            allow_ips: self.allow_ips.or(under.allow_ips),
            trusted_proxies: self.trusted_proxies.or(under.trusted_proxies),
            external_pins: self.external_pins.or(under.external_pins),
            origins: self.origins.or(under.origins),
        }
    }

    pub(super) fn resolve(self, mode: TlsMode) -> Result<Door, ConfigError> {
        let external_pins = self.external_pins.unwrap_or_default();
        let trusted_proxies = self.trusted_proxies.unwrap_or_default();
        if !external_pins.is_empty() {
            if mode != TlsMode::Plain {
                return Err(ConfigError::ExternalPinsWithTls { mode });
            }
            if trusted_proxies.is_empty() {
                return Err(ConfigError::ExternalPinsWithoutProxy);
            }
        }
        if external_pins.len() > bounds::TLS_KEYS {
            let reason = format!("expected at most {} pins", bounds::TLS_KEYS);
            return Err(ConfigError::Setting {
                key: "external-pins",
                flag: "external-pin",
                reason,
            });
        }
        Ok(Door {
            allow_ips: self.allow_ips.unwrap_or_default(),
            trusted_proxies,
            external_pins,
            origins: self.origins.unwrap_or_default(),
        })
    }
}

impl Door {
    pub(super) fn print(&self, printer: &mut Printer) {
        printer.bare("allow-ips", array(&self.allow_ips));
        printer.bare("trusted-proxies", array(&self.trusted_proxies));
        printer.bare("external-pins", array(&self.external_pins));
        printer.bare("origins", array(&self.origins));
    }
}

/// The origin of a page, as browsers spell it in `Origin`: `https://console.example`, with a port
/// where it is not the scheme's own.
///
/// It is compared byte for byte with what a browser sends, so a spelling that no browser sends is
/// refused: it would never match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The value of the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let spelt = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
        };
        let own_port = |scheme: &str, host: &str| match scheme {
            "https" => host.ends_with(":443"),
            "http" => host.ends_with(":80"),
            _ => false,
        };
        let fits = text.split_once("://").is_some_and(|(scheme, host)| {
            let named = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase());
            named && !host.is_empty() && host.bytes().all(spelt) && !own_port(scheme, host)
        });
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(80).collect();
        Err(format!(
            "'{shown}' is not an origin as browsers send it: write it in lower case, without a path \
             and without the scheme's own port, as https://console.example"
        ))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_would_send_or_it_is_refused() {
        for good in
            ["https://console.example", "http://localhost:3000", "https://[::1]:8443", "app://x"]
        {
            assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "*",
            "null",
            "console.example",
            "https://",
            "https://Console.example",
            "https://console.example/",
            "https://console.example/path",
            "https://console.example:443",
            "http://console.example:80",
            "https://a b",
            "HTTPS://console.example",
        ] {
            let error = bad.parse::<Origin>().unwrap_err();
            assert!(error.contains(&format!("'{bad}'")), "{error}");
            assert!(error.contains("https://console.example"), "{error}");
        }
    }
}
