//! Where a connection comes from, and what counts as one source.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address of a connection's other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(pub SocketAddr);

impl Source {
    /// The address under which attempts are counted: an IPv4 address, or an IPv6 /64, since whoever
    /// has one address of a /64 has all of them. IPv4 inside IPv6 counts as IPv4.
    #[must_use]
    pub fn group(&self) -> IpAddr {
        match self.0.ip().to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }

    /// A source for links that have no address.
    #[must_use]
    pub fn local() -> Self {
        Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_source_is_its_64_and_an_ipv4_source_is_itself() {
        let group = |text: &str| Source(text.parse().unwrap()).group();
        assert_eq!(group("[2001:db8:1:2:3::4]:5"), group("[2001:db8:1:2:ffff::1]:6"));
        assert_ne!(group("[2001:db8:1:2::1]:5"), group("[2001:db8:1:3::1]:5"));
        assert_ne!(group("192.0.2.1:5"), group("192.0.2.2:5"));
        assert_eq!(group("[::ffff:192.0.2.1]:5"), group("192.0.2.1:9"));
    }
}
