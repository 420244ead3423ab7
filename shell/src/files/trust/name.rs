//! What an entry of the trust file is kept under.
//!
//! A hub at one place is kept under that place: host, port and path, whether with TLS or without.
//! Were the scheme part of it, a known hub's address without TLS would be a first contact again. A
//! hub that is reached at several places has no one of them, and is kept under its id.

use core::fmt;
use core::str::FromStr;

use bowline_core::id::HubId;

use crate::url::{HubUrl, UrlError};

/// A hub's entry in the trust file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HubName {
    /// A place, as `host:port/path`.
    Place(String),
    /// A hub that has several places, `hub_…`.
    Hub(HubId),
}

impl HubName {
    /// The name of a hub that is reached at these URLs.
    #[must_use]
    pub fn of(urls: &[HubUrl], hub: HubId) -> Self {
        match urls {
            [url] => Self::from(url),
            _ => Self::Hub(hub),
        }
    }
}

impl From<&HubUrl> for HubName {
    fn from(url: &HubUrl) -> Self {
        Self::Place(format!("{}{}", url.authority(), url.path()))
    }
}

/// A URL of either scheme, a place without one, or a hub's id.
impl FromStr for HubName {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Ok(hub) = text.parse() {
            return Ok(Self::Hub(hub));
        }
        let url: HubUrl = match text.contains("://") {
            true => text.parse()?,
            false => format!("wss://{text}").parse()?,
        };
        Ok(Self::from(&url))
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => f.write_str(place),
            Self::Hub(hub) => fmt::Display::fmt(hub, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        text.parse::<HubName>().unwrap().to_string()
    }

    #[test]
    fn a_place_is_the_same_with_tls_and_without() {
        let place = "hub.example:7777/link";
        for text in ["wss://hub.example:7777/link", "ws://HUB.example:7777", "hub.example", place] {
            assert_eq!(name(text), place, "{text}");
        }
        assert_eq!(name("ws://[0:0:0:0:0:0:0:1]:80/a"), "[::1]:80/a");
        assert_ne!(name("wss://hub.example:7778"), place);
        assert_ne!(name("wss://hub.example:7777/other"), place);
        let hub = HubId([7; 16]);
        assert_eq!(hub.to_string().parse(), Ok(HubName::Hub(hub)));
    }

    #[test]
    fn what_is_printed_reads_back_as_itself() {
        for text in ["wss://hub.example:7777/link", "ws://[::1]:80/a", "10.0.0.1:7777"] {
            assert_eq!(name(&name(text)), name(text));
        }
        for bad in ["", "a b", "http://hub.example", "hub.example:0", "a \"b\"\n"] {
            assert!(bad.parse::<HubName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn several_places_have_the_hubs_id_for_a_name() {
        let [one, other] = ["wss://a:1", "wss://b:1"].map(|url| url.parse::<HubUrl>().unwrap());
        let hub = HubId([7; 16]);
        assert_eq!(HubName::of(std::slice::from_ref(&one), hub), HubName::from(&one));
        assert_eq!(HubName::of(&[one, other], hub), HubName::Hub(hub));
    }
}
