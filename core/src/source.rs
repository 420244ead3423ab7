//! Where a connection comes from, and what counts as one source.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The other end of a hub's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address of the network.
    Network(SocketAddr),
    /// This machine, by a socket that only the hub's own user may open.
    Local,
}

impl Source {
    /// The address under which attempts are counted: an IPv4 address, or an IPv6 /64, since whoever
    /// has one address of a /64 has all of them. IPv4 inside IPv6 counts as IPv4. None for what is
    /// not counted.
    #[must_use]
    pub fn group(&self) -> Option<IpAddr> {
        let Self::Network(address) = self else { return None };
        Some(match address.ip().to_canonical() {
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
            Self::Network(address) => fmt::Display::fmt(address, f),
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
    fn a_local_source_counts_as_none() {
        assert_eq!(Source::Local.group(), None);
        assert_eq!(Source::Local.to_string(), "local");
    }
}
