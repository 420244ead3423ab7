//! A hub's address, as a person writes it: `wss://hub.example:7777/link`.
//!
//! Only what the protocol uses is accepted. A user name, a query or a fragment would be dropped
//! without a word, so each is refused.

use core::fmt;
use core::str::FromStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The port of a URL that names none. spec: protocol §1
pub(crate) const DEFAULT_PORT: u16 = 7777;

/// The path of a URL that names none. spec: protocol §1
const DEFAULT_PATH: &str = "/link";

/// Where a hub is reached. Printed whole, so that one hub has one spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HubUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
}

/// With TLS or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `ws`: no TLS; goes with mode `plain`.
    Ws,
    /// `wss`: TLS; goes with `tofu` and `strict`.
    Wss,
}

/// Why text is not a hub's URL.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a hub's URL: {reason}; write it as wss://HOST:7777")]
#[non_exhaustive]
pub struct UrlError {
    /// What was read, cut after 200 characters. A password in it is left out.
    pub text: String,
    /// What is wrong.
    pub reason: &'static str,
}

bowline_core::debug_as_display!(UrlError);

impl HubUrl {
    /// The URL of a hub at an address, with the default path.
    #[must_use]
    pub fn of_address(scheme: Scheme, address: std::net::SocketAddr) -> Self {
        let host = address.ip().to_string();
        Self { scheme, host, port: address.port(), path: DEFAULT_PATH.to_owned() }
    }

    /// The same at another host, a name or an address without brackets; none where it is neither.
    #[must_use]
    pub fn at(&self, host: &str) -> Option<Self> {
        let address = host.parse::<IpAddr>().ok().map(|ip| ip.to_string());
        let host = address.or_else(|| parse_host(host).ok())?;
        Some(Self { host, ..self.clone() })
    }

    /// With TLS or without.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// A name in lower case, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port, never 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host, where it is an address and not a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The Host header's value (RFC 9110 §7.2): host and port, brackets around IPv6.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether the host can only be this machine: `localhost`, 127.0.0.0/8 or ::1.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl FromStr for HubUrl {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        parse(text).map_err(|reason| UrlError { text: excerpt(text), reason })
    }
}

impl fmt::Display for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority(), self.path)
    }
}

impl fmt::Debug for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
        })
    }
}

fn parse(text: &str) -> Result<HubUrl, &'static str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("it has no scheme");
    };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" => Scheme::Ws,
        "wss" => Scheme::Wss,
        _ => return Err("its scheme is neither wss nor ws"),
    };
    if rest.contains('#') {
        return Err("it has a fragment ('#')");
    }
    if rest.contains('?') {
        return Err("it has a query ('?')");
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Err("it has a user name or password ('@')");
    }
    let (host, port) = split_port(authority)?;
    let path = if matches!(path, "" | "/") { DEFAULT_PATH } else { path };
    if !path.bytes().all(is_path_byte) || path.len() > 1024 {
        return Err("its path holds a character that a path may not, or is above 1024 bytes");
    }
    Ok(HubUrl { scheme, host, port, path: path.to_owned() })
}

fn split_port(authority: &str) -> Result<(String, u16), &'static str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let Some((address, after)) = rest.split_once(']') else {
            return Err("its '[' is not closed");
        };
        let address: Ipv6Addr =
            address.parse().map_err(|_| "what stands in brackets is not an IPv6 address")?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port),
            None if after.is_empty() => None,
            None => return Err("something stands between ']' and the port"),
        };
        (address.to_string(), port)
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((_, rest)) if rest.contains(':') => {
                return Err("an IPv6 address needs brackets, such as [::1]");
            }
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        (parse_host(host)?, port)
    };
    let port = match port {
        None => DEFAULT_PORT,
        // `parse` alone would take a plus sign.
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => match port.parse() {
            Ok(0) | Err(_) => return Err("its port is not within 1 to 65535"),
            Ok(port) => port,
        },
        Some(_) => return Err("its port is not a number"),
    };
    Ok((host, port))
}

/// A DNS name or an IPv4 address, in lower case.
pub(crate) fn parse_host(host: &str) -> Result<String, &'static str> {
    if host.is_empty() {
        return Err("it names no host");
    }
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if host.len() > 253 || !host.split('.').all(label_ok) {
        return Err("its host is neither a name (letters, digits, '-', '.') nor an address");
    }
    // Resolvers read names that end in a number as addresses, each in its own way: 127.1, 0177.1.
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return Err("its host ends in a number and is not an IPv4 address");
    }
    Ok(host.to_ascii_lowercase())
}

/// `pchar` of RFC 3986 §3.3, and the slash.
fn is_path_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&b)
}

/// What an error shows: no password, and not more than a line.
fn excerpt(text: &str) -> String {
    let shown = match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://…@{after}")
        }
        None => text.to_owned(),
    };
    shown.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_filled_in_and_printed() {
        for (text, printed) in [
            ("wss://hub.example", "wss://hub.example:7777/link"),
            ("wss://Hub.Example:7777/", "wss://hub.example:7777/link"),
            ("WS://127.0.0.1:80", "ws://127.0.0.1:80/link"),
            ("wss://[::1]", "wss://[::1]:7777/link"),
            ("wss://[2001:DB8::1]:1/a/b%20c", "wss://[2001:db8::1]:1/a/b%20c"),
        ] {
            let url: HubUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), printed);
            assert_eq!(printed.parse(), Ok(url));
        }
    }

    #[test]
    fn what_the_protocol_does_not_use_is_refused_by_name() {
        for (text, reason) in [
            ("", "it has no scheme"),
            ("hub.example:7777", "it has no scheme"),
            ("https://hub.example", "its scheme is neither wss nor ws"),
            ("wss://hub.example/link?n=1", "it has a query ('?')"),
            ("wss://hub.example#top", "it has a fragment ('#')"),
            ("wss://", "it names no host"),
            ("wss://:7777", "it names no host"),
            ("wss://::1", "an IPv6 address needs brackets, such as [::1]"),
            ("wss://[::1", "its '[' is not closed"),
            ("wss://[::1]7", "something stands between ']' and the port"),
            ("wss://[hub]", "what stands in brackets is not an IPv6 address"),
            ("wss://h:0", "its port is not within 1 to 65535"),
            ("wss://h:65536", "its port is not within 1 to 65535"),
            ("wss://h:", "its port is not within 1 to 65535"),
            ("wss://h:+1", "its port is not a number"),
            ("wss://127.1", "its host ends in a number and is not an IPv4 address"),
            ("wss://a..b", "its host is neither a name (letters, digits, '-', '.') nor an address"),
            (
                "wss://h/a b",
                "its path holds a character that a path may not, or is above 1024 bytes",
            ),
        ] {
            assert_eq!(text.parse::<HubUrl>().unwrap_err().reason, reason, "{text:?}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let error = "wss://me:hunter2@hub.example".parse::<HubUrl>().unwrap_err();
        assert_eq!(error.reason, "it has a user name or password ('@')");
        assert_eq!(error.text, "wss://…@hub.example");
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, loopback) in [
            ("ws://localhost", true),
            ("ws://127.9.9.9", true),
            ("ws://[::1]", true),
            ("ws://[::ffff:127.0.0.1]", true),
            ("ws://0.0.0.0", false),
            ("ws://localhost.example", false),
            ("ws://10.0.0.1", false),
        ] {
            assert_eq!(text.parse::<HubUrl>().unwrap().is_loopback(), loopback, "{text}");
        }
    }
}
