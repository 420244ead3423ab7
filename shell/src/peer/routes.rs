//! Whether this machine's network has changed, as far as the way to the hub goes.
//!
//! Asked is which of this machine's addresses a packet to the hub would come from. A UDP socket
//! that is connected makes the system look that up, everywhere in the same way, and sends nothing.
//! A hub whose name was not resolved yet has no address; the ways out of this network stand in for
//! it. What changes further away, behind a router, cannot be seen from here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use crate::peer::builder::HubPlace;
use crate::peer::reach::DialError;
use crate::url::HubUrl;

/// The ways to a hub, as they were at the last look.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Addresses that the hub's name had at the last dial.
    resolved: Vec<IpAddr>,
    /// From where each address is reached; none where no way leads there.
    ways: BTreeMap<IpAddr, Option<IpAddr>>,
}

impl Routes {
    /// A dial has failed for this reason.
    pub(super) fn missed(&mut self, reason: &DialError) {
        if let DialError::Addresses(missed) = reason {
            let addresses = missed.iter().map(|(address, _)| address.ip());
            self.resolved = addresses.take(MOST_ADDRESSES).collect();
        }
    }

    /// Whether a way leads to the hub that did not at the last look, or another one; this is a
    /// look. The first finds no change.
    pub(super) fn is_changed(&mut self, place: &HubPlace) -> bool {
        self.compare(place, way)
    }

    fn compare(&mut self, place: &HubPlace, way: impl Fn(IpAddr) -> Option<IpAddr>) -> bool {
        let targets = self.targets(place);
        let ways: BTreeMap<_, _> = targets.into_iter().map(|to| (to, way(to))).collect();
        let changed = ways.iter().any(|(to, way)| {
            way.is_some() && self.ways.get(to).is_some_and(|before| before != way)
        });
        self.ways = ways;
        changed
    }

    /// The addresses that a way is looked for to.
    fn targets(&self, place: &HubPlace) -> BTreeSet<IpAddr> {
        let HubPlace::Network(urls) = place else { return BTreeSet::new() };
        let urls = &urls[..urls.len().min(MOST_ADDRESSES)];
        let mut targets: BTreeSet<_> = urls.iter().filter_map(HubUrl::ip).collect();
        if urls.iter().any(|url| url.ip().is_none() && !url.is_loopback()) {
            targets.extend(OUTSIDE);
        }
        targets.extend(&self.resolved);
        targets
    }
}

/// The address that a packet to `to` would come from.
fn way(to: IpAddr) -> Option<IpAddr> {
    let any = match to {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((to, DISCARD)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// A port; nothing is sent to it.
const DISCARD: u16 = 9;

/// Addresses of a hub that are looked at, so that a name with many costs no more than one with
/// few.
const MOST_ADDRESSES: usize = 8;

/// Nobody's addresses (RFC 5737, RFC 3849), which the default routes lead to.
const OUTSIDE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::peer::AttemptError;

    const HOME: &str = "192.168.1.5";
    const AWAY: &str = "10.0.0.9";

    fn hub(urls: &[&str]) -> HubPlace {
        HubPlace::Network(urls.iter().map(|url| url.parse().unwrap()).collect())
    }

    fn from(address: &str) -> impl Fn(IpAddr) -> Option<IpAddr> {
        let address = address.parse().ok();
        move |_| address
    }

    #[test]
    fn a_network_that_comes_back_or_is_another_is_a_change_and_one_that_goes_is_none() {
        let place = hub(&["wss://203.0.113.7:7777"]);
        let mut routes = Routes::default();
        assert!(!routes.compare(&place, from(HOME)), "there was nothing before");
        assert!(!routes.compare(&place, from(HOME)));
        assert!(!routes.compare(&place, from("")), "it goes");
        assert!(!routes.compare(&place, from("")));
        assert!(routes.compare(&place, from(HOME)), "it comes back");
        assert!(!routes.compare(&place, from(HOME)), "it is told once");
        assert!(routes.compare(&place, from(AWAY)), "it is another");
    }

    #[test]
    fn a_name_is_looked_for_at_its_addresses_and_outside_and_an_address_nowhere_else() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut routes = Routes::default();
        let of = |routes: &Routes, place: &HubPlace| Vec::from_iter(routes.targets(place));
        assert_eq!(of(&routes, &hub(&["wss://203.0.113.7:1"])), [ip("203.0.113.7")]);
        assert_eq!(of(&routes, &hub(&["wss://localhost:1"])), [] as [IpAddr; 0]);
        assert_eq!(of(&routes, &HubPlace::Local("/run/hub".into())), [] as [IpAddr; 0]);
        let name = hub(&["wss://hub.example:1"]);
        assert_eq!(of(&routes, &name), OUTSIDE);
        let missed =
            |n: u8| ((([198, 51, 100, n]), 1).into(), AttemptError::Silent(Duration::ZERO));
        routes.missed(&DialError::Addresses((1..=8).map(missed).collect()));
        assert_eq!(routes.targets(&name).len(), MOST_ADDRESSES + 2);
        routes.missed(&DialError::Addresses((1..=9).map(missed).collect()));
        assert_eq!(routes.targets(&name).len(), MOST_ADDRESSES + 2);
        assert!(routes.targets(&name).contains(&ip("198.51.100.8")));
    }

    #[test]
    fn another_hub_is_no_change_of_the_network() {
        let mut routes = Routes::default();
        routes.compare(&hub(&["wss://203.0.113.7:1"]), from(HOME));
        assert!(!routes.compare(&hub(&["wss://203.0.113.8:1"]), from(AWAY)));
    }

    #[test]
    fn the_system_says_where_a_packet_to_this_machine_comes_from() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(way(here), Some(here));
    }
}
