//! `X-Forwarded-For`: for whom a proxy carries a connection.
//!
//! Each proxy appends the address that it was connected from, so the list grows to the right and
//! only its right end was written by somebody who is trusted. What stands further left, a peer may
//! have written itself. So the list is read from the right, and only on a connection from a trusted
//! proxy: a member that is a trusted proxy vouches for the one to its left, and the first that is
//! none is where the connection comes from.
//!
//! ```text
//!  X-Forwarded-For: 10.9.9.9, 203.0.113.7, 192.0.2.2      from 192.0.2.1
//!                   │         │            └ trusted: go on   └ trusted: the header is read
//!                   │         └ not trusted: the source
//!                   └ whatever the peer wrote: never looked at
//! ```
//!
//! Headers that forward a client certificate are never read: nothing here or above knows them.
//!
//! spec: websocket §3.1

use core::net::{IpAddr, SocketAddr};

use crate::network::{Network, any_contains};

/// What `X-Forwarded-For` lists, the nearest first, up to the first member that is no address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    hops: Vec<IpAddr>,
}

/// How many members are read, from the right. More proxies than this stand in front of no hub, and
/// a list without end is not walked.
pub const HOPS: usize = 16;

impl Forwarded {
    /// Reads the values of all lines of the header, in their order: together they are one list
    /// (RFC 9110 §5.3). None where there is no line.
    #[must_use]
    pub fn read(lines: &[&[u8]]) -> Option<Self> {
        if lines.is_empty() {
            return None;
        }
        let hops = lines
            .iter()
            .rev()
            .flat_map(|line| line.rsplit(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
            .take(HOPS)
            .map_while(address)
            .collect();
        Some(Self { hops })
    }

    /// Where a connection from `proxy`, which is trusted, truly comes from: the nearest address
    /// that is no trusted proxy, and the farthest that was vouched for where there is none.
    #[must_use]
    pub fn source(&self, proxy: IpAddr, trusted: &[Network]) -> IpAddr {
        let mut believed = proxy;
        for &hop in &self.hops {
            believed = hop;
            if !any_contains(trusted, hop) {
                break;
            }
        }
        believed
    }
}

/// An address, alone or with a port, as proxies write it.
fn address(member: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(member).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bare {
        Some(bare) => IpAddr::V6(bare.parse().ok()?),
        None => match text.parse() {
            Ok(address) => address,
            Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
        },
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "192.0.2.1";

    /// The source of a connection from [`PROXY`], where 192.0.2.0/24 and ::1 are trusted.
    fn source(lines: &[&str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        let trusted = ["192.0.2.0/24".parse().unwrap(), "::1".parse().unwrap()];
        let forwarded = Forwarded::read(&lines).unwrap();
        forwarded.source(PROXY.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_is_the_source() {
        for (lines, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["203.0.113.7, 192.0.2.9"], "203.0.113.7"),
            (&["203.0.113.7 ,192.0.2.9,::1"], "203.0.113.7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7:4711"], "203.0.113.7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
        ] {
            assert_eq!(source(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_the_peer_wrote_left_of_its_own_address_is_never_believed() {
        for spoofed in
            ["10.9.9.9, 203.0.113.7", "::1, 192.0.2.7, 203.0.113.7", "\u{fc}, 203.0.113.7"]
        {
            assert_eq!(source(&[spoofed]), "203.0.113.7", "{spoofed}");
        }
        assert_eq!(source(&["127.0.0.1", "203.0.113.7, 192.0.2.9"]), "203.0.113.7");
    }

    #[test]
    fn several_lines_are_one_list_in_their_order() {
        assert_eq!(source(&["203.0.113.7", "192.0.2.9", "192.0.2.8"]), "203.0.113.7");
        assert_eq!(source(&["203.0.113.7", "203.0.113.8"]), "203.0.113.8");
        assert_eq!(source(&["203.0.113.7", "", " , "]), "203.0.113.7", "empty members are none");
    }

    #[test]
    fn a_member_that_is_no_address_ends_the_walk_at_the_last_one_believed() {
        for garbage in
            ["unknown", "203.0.113.7 x", "hub.example", "1.2.3", "[1.2.3.4]", "\u{fc}", "::1%eth0"]
        {
            assert_eq!(source(&[garbage]), PROXY, "{garbage}");
            let list = format!("203.0.113.7, {garbage}, 192.0.2.9");
            assert_eq!(source(&[&list]), "192.0.2.9", "{garbage}");
        }
        assert_eq!(source(&[""]), PROXY);
        assert_eq!(source(&["192.0.2.5, 192.0.2.9"]), "192.0.2.5", "all of them trusted");
    }

    #[test]
    fn a_list_is_walked_to_its_bound_and_no_further() {
        let chain = |proxies: usize| format!("203.0.113.7{}", ", 192.0.2.9".repeat(proxies));
        assert_eq!(source(&[&chain(HOPS - 1)]), "203.0.113.7");
        assert_eq!(source(&[&chain(HOPS)]), "192.0.2.9");
    }

    #[test]
    fn no_line_is_no_header() {
        assert_eq!(Forwarded::read(&[]), None);
    }

    proptest! {
        #[test]
        fn nothing_that_stands_further_left_changes_the_source(
            spoofed in "[ -~]{0,200}",
            client in any::<[u8; 4]>().prop_map(|bytes| IpAddr::from(bytes).to_string()),
            proxies in 0usize..4,
        ) {
            let trusted = ["192.0.2.0/24".parse().unwrap()];
            prop_assume!(!any_contains(&trusted, client.parse().unwrap()));
            let line = format!("{spoofed},{client}{}", ",192.0.2.9".repeat(proxies));
            prop_assert_eq!(source(&[&line]), client);
        }
    }
}
