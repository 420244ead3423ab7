//! Where a connection comes from, and what counts as one source.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The other end of a hub's connection: of the socket, or, where a trusted proxy carries it, the
/// end that the proxy names. No port is known of that one, and it stands as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address of the network.
    Network(SocketAddr),
    /// This machine, by a socket that only the hub's own user may open.
    Local,
}

impl Source {
    /// The address, IPv4 inside IPv6 as IPv4; none for a local one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address.ip().to_canonical()),
            Self::Local => None,
        }
    }

    /// The address under which attempts are counted: an IPv4 address, or an IPv6 /64, since whoever
    /// has one address of a /64 has all of them. IPv4 inside IPv6 counts as IPv4. None for what is
    /// not counted.
    #[must_use]
    pub fn group(&self) -> Option<IpAddr> {
        Some(match self.address()? {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => {
                let ip = address.ip().to_canonical();
                match address.port() {
                    0 => fmt::Display::fmt(&ip, f),
                    port => fmt::Display::fmt(&SocketAddr::new(ip, port), f),
                }
            }
            Self::Local => f.pad("local"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_source_is_its_64_and_an_ipv4_source_is_itself() {
        let group = |text: &str| Source::Network(text.parse().unwrap()).group();
        assert_eq!(group("[2001:db8:1:2:3::4]:5"), group("[2001:db8:1:2:ffff::1]:6"));
        assert_ne!(group("[2001:db8:1:2::1]:5"), group("[2001:db8:1:3::1]:5"));
        assert_ne!(group("192.0.2.1:5"), group("192.0.2.2:5"));
        assert_eq!(group("[::ffff:192.0.2.1]:5"), group("192.0.2.1:9"));
    }

    #[test]
    fn a_source_is_shown_as_ipv4_where_it_is_and_without_a_port_where_none_is_known() {
        let shown = |text: &str| Source::Network(text.parse().unwrap()).to_string();
        assert_eq!(shown("[::ffff:192.0.2.1]:5"), "192.0.2.1:5");
        assert_eq!(shown("[2001:db8::1]:5"), "[2001:db8::1]:5");
        assert_eq!(shown("[2001:db8::1]:0"), "2001:db8::1");
    }

    #[test]
    fn a_local_source_counts_as_none() {
        assert_eq!(Source::Local.group(), None);
        assert_eq!(Source::Local.to_string(), "local");
    }
}
