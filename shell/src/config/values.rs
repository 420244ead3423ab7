//! The values that settings take: an address to listen on, a TLS mode, a certificate's source.

use core::fmt;
use core::str::FromStr;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::Scheme;
use crate::url::DEFAULT_PORT;

/// How links are protected and the hub is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// No TLS.
    Plain,
    /// TLS; what is met first is remembered.
    #[default]
    Tofu,
    /// TLS; only what was given beforehand is trusted.
    Strict,
}

/// The spelling of a [`crate::config::TlsSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsSourceName {
    /// `self-signed`
    SelfSigned,
    /// `files`
    Files,
}

/// An address to listen on: `127.0.0.1:7777`, `[::1]:7777`, or without a port.
///
/// Port 0 lets the system choose. Of names only `localhost` is taken: another could mean several
/// addresses, and not the same ones at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind(pub SocketAddr);

impl Bind {
    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.ip().to_canonical().is_loopback()
    }
}

impl Default for Bind {
    fn default() -> Self {
        Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT))
    }
}

impl FromStr for Bind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = match text.strip_prefix("localhost") {
            Some(port) if port.is_empty() || port.starts_with(':') => format!("127.0.0.1{port}"),
            _ => text.to_owned(),
        };
        let address = numbers.parse().ok().or_else(|| {
            let ip = numbers.parse::<IpAddr>().ok()?;
            Some(SocketAddr::new(ip, DEFAULT_PORT))
        });
        address.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            format!("'{shown}' is not an address to listen on: write it as 127.0.0.1:7777")
        })
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TlsMode {
    /// Whether a URL of `scheme` goes with this mode.
    #[must_use]
    pub fn goes_with(self, scheme: Scheme) -> bool {
        (self == Self::Plain) == (scheme == Scheme::Ws)
    }
}

impl FromStr for TlsMode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "plain" => Ok(Self::Plain),
            "tofu" => Ok(Self::Tofu),
            "strict" => Ok(Self::Strict),
            other => Err(format!("'{}' is none of plain, tofu, strict", excerpt(other))),
        }
    }
}

impl fmt::Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Plain => "plain",
            Self::Tofu => "tofu",
            Self::Strict => "strict",
        })
    }
}

impl FromStr for TlsSourceName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "self-signed" => Ok(Self::SelfSigned),
            "files" => Ok(Self::Files),
            "keystore" | "acme" => Err(format!("'{text}' is not built yet")),
            other => Err(not_a_source(other)),
        }
    }
}

impl fmt::Display for TlsSourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SelfSigned => "self-signed",
            Self::Files => "files",
        })
    }
}

pub(crate) fn not_a_source(text: &str) -> String {
    format!("'{}' is none of self-signed, files", excerpt(text))
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_may_leave_out_its_port() {
        for (text, printed) in [
            ("127.0.0.1", "127.0.0.1:7777"),
            ("::", "[::]:7777"),
            ("[::1]:0", "[::1]:0"),
            ("localhost", "127.0.0.1:7777"),
            ("localhost:1", "127.0.0.1:1"),
        ] {
            assert_eq!(text.parse::<Bind>().unwrap().to_string(), printed);
        }
        for bad in ["", "localhostx", "hub:1", "127.0.0.1:", "127.0.0.1:65536", ":7777"] {
            assert!(bad.parse::<Bind>().is_err(), "{bad:?}");
        }
    }
}
