//! Who may connect at a hub: what goes with what, and the origins of browsers.

use core::fmt;
use core::str::FromStr;

use bowline_core::wire::bounds;

use crate::config::{ConfigError, PreauthConfig, TlsMode};

impl PreauthConfig {
    /// Whether the pins of proxies go with `mode` and with a proxy, and how many they are.
    pub(super) fn check(&self, mode: TlsMode) -> Result<(), ConfigError> {
        if self.external_pins.is_empty() {
            return Ok(());
        }
        if mode != TlsMode::Plain {
            return Err(ConfigError::ExternalPinsWithTls { mode });
        }
        if self.trusted_proxies.is_empty() {
            return Err(ConfigError::ExternalPinsWithoutProxy);
        }
        if self.external_pins.len() > bounds::TLS_KEYS {
            let reason = format!("expected at most {} pins", bounds::TLS_KEYS);
            return Err(ConfigError::Setting {
                key: "external-pins",
                flag: "external-pin",
                reason,
            });
        }
        Ok(())
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
