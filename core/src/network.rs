//! A network of addresses, as an address list names it: `192.0.2.0/24`, `2001:db8::/32`, or one
//! address.
//!
//! IPv4 written or seen inside IPv6 (`::ffff:192.0.2.1`) counts as IPv4 everywhere, so a list of
//! IPv4 networks holds for a socket that takes both.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use ipnet::IpNet;

/// An IPv4 or IPv6 network, with no bits set beyond its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Whether it is every address of its family.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        self.0.prefix_len() == 0
    }

    /// Whether `address` is one of this network's.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Why text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Neither an address nor an address and a prefix.
    #[error("'{0}' is not a network: write it as 192.0.2.0/24 or 2001:db8::/32, or as one address")]
    Form(String),
    /// Bits are set beyond the prefix, so it is not clear which network is meant.
    #[error("'{given}' has bits beyond its prefix: write {network}, or {address} alone")]
    Bits {
        /// What was written.
        given: String,
        /// The network that has this prefix.
        network: String,
        /// The address in it.
        address: IpAddr,
    },
}

impl FromStr for Network {
    type Err = NetworkError;
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let given = || text.chars().take(60).collect::<String>();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().into()));
        }
        let written: IpNet = text.parse().map_err(|_| NetworkError::Form(given()))?;
        let net = canonical(written);
        if net != net.trunc() {
            let (network, address) = (net.trunc().to_string(), net.addr());
            return Err(NetworkError::Bits { given: given(), network, address });
        }
        Ok(Self(net))
    }
}

/// An IPv4 network that was written inside IPv6, as IPv4.
fn canonical(net: IpNet) -> IpNet {
    let inside = net.prefix_len().checked_sub(MAPPED);
    match (net.addr().to_canonical(), inside) {
        (IpAddr::V4(address), Some(prefix)) if net.addr().is_ipv6() => {
            IpNet::new(address.into(), prefix).unwrap_or(net)
        }
        _ => net,
    }
}

/// The prefix of `::ffff:0:0/96`, below which IPv4 lies inside IPv6.
const MAPPED: u8 = 96;

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            return fmt::Display::fmt(&self.0.addr(), f);
        }
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether `address` is in one of `networks`.
#[must_use]
pub fn any_contains(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_ends_at_its_last_address() {
        for (net, first, last, after) in [
            ("192.0.2.0/24", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
            ("::1", "::1", "::1", "::2"),
        ] {
            let net = network(net);
            assert!(net.contains(address(first)) && net.contains(address(last)), "{net}");
            assert!(!net.contains(address(after)), "{net}");
        }
        assert!(network("0.0.0.0/0").contains(address("255.255.255.255")));
        assert!(!network("::/0").contains(address("192.0.2.1")), "another family");
        assert!(network("::/0").is_everyone() && !network("::/1").is_everyone());
    }

    #[test]
    fn ipv4_inside_ipv6_counts_as_ipv4_on_both_sides() {
        let seen = address("::ffff:192.0.2.1");
        assert!(network("192.0.2.0/24").contains(seen));
        assert!(!network("::/0").contains(seen));
        assert_eq!(network("::ffff:192.0.2.0/120"), network("192.0.2.0/24"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1/32"));
    }

    #[test]
    fn text_that_is_no_network_is_refused_with_what_to_write() {
        for bad in
            ["", "192.0.2", "192.0.2.0/33", "::/129", "hub.example", "192.0.2.0/", "1.2.3.4:5"]
        {
            let error = bad.parse::<Network>().unwrap_err();
            assert_eq!(error, NetworkError::Form(bad.to_owned()));
            assert!(error.to_string().contains("192.0.2.0/24"), "{error}");
        }
        let error = "192.0.2.7/24".parse::<Network>().unwrap_err().to_string();
        assert_eq!(
            error,
            "'192.0.2.7/24' has bits beyond its prefix: write 192.0.2.0/24, or 192.0.2.7 alone"
        );
    }

    #[test]
    fn a_network_reads_back_as_it_is_shown() {
        for text in ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "::1", "0.0.0.0/0"] {
            assert_eq!(network(text).to_string(), text);
        }
    }
}
