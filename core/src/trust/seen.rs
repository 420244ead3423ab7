//! A start of a hub that a peer saw: the Hello that the hub signed for it.
//!
//! A peer keeps the one of the highest generation, and shows it where the hub tells of a lower one,
//! so that the hub learns that its storage was restored from a backup. Its bytes are
//! `nonce ‖ Hello`, the nonce that went out in the upgrade and the whole message that came back.
//! Anybody gets a Hello, so it says nothing of who shows it.
//!
//! spec: admission §4.2, trust §4.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use data_encoding::BASE64;

use crate::id::{HubId, Nonce, PublicKey};
use crate::identity::verify_hello;
use crate::wire::Frame;
use crate::wire::bounds;
use crate::wire::frame::HelloBody;

/// A Hello of a hub's, with the nonce that it was signed for.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenStart {
    generation: u64,
    identity: PublicKey,
    bytes: Arc<[u8]>,
}

/// Text that is no [`SeenStart`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a nonce and a Hello of a hub, in base64")]
pub struct NoSeenStart;

impl SeenStart {
    /// The Hello in `message`, which came on a link whose upgrade had this nonce; none where it is
    /// longer than anybody would take.
    #[must_use]
    pub fn of(nonce: &Nonce, message: &[u8]) -> Option<Self> {
        Self::read(&[&nonce.0[..], message].concat())
    }

    /// What these bytes hold, whose signature nobody has checked; none where they are no Hello, or
    /// more than [`SEEN_START`](bounds::SEEN_START).
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > bounds::SEEN_START {
            return None;
        }
        let (_, message) = bytes.split_first_chunk::<32>()?;
        let Ok(Frame::Hello(hello)) = Frame::decode(message) else { return None };
        let HelloBody { generation, identity, .. } = HelloBody::decode(hello.body).ok()?;
        Some(Self { generation, identity, bytes: bytes.into() })
    }

    /// The generation that it tells.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The hub that it names.
    #[must_use]
    pub fn hub(&self) -> HubId {
        HubId::of(&self.identity)
    }

    /// Whether this identity signed it.
    #[must_use]
    pub fn is_signed_by(&self, identity: &PublicKey) -> bool {
        let Some((nonce, message)) = self.bytes.split_first_chunk::<32>() else { return false };
        let Ok(Frame::Hello(hello)) = Frame::decode(message) else { return false };
        self.identity == *identity
            && verify_hello(identity, &Nonce(*nonce), hello.body, hello.signature).is_ok()
    }

    /// `nonce ‖ Hello`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromStr for SeenStart {
    type Err = NoSeenStart;
    fn from_str(text: &str) -> Result<Self, NoSeenStart> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| NoSeenStart)?;
        let seen = Self::read(&bytes).ok_or(NoSeenStart)?;
        if seen.is_signed_by(&seen.identity) { Ok(seen) } else { Err(NoSeenStart) }
    }
}

impl fmt::Display for SeenStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BASE64.encode(&self.bytes))
    }
}

impl fmt::Debug for SeenStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeenStart({} of {})", self.generation, self.hub())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{HubIdentity, SigningKey};
    use crate::random::{Random, Seed};
    use crate::wire::frame::{Hello, SessionLimits};

    const NONCE: Nonce = Nonce([0x11; 32]);

    fn hub(byte: u8) -> HubIdentity {
        HubIdentity(SigningKey::generate(&mut Random::new(&Seed([byte; 32]))))
    }

    fn hello(hub: &HubIdentity, generation: u64, name: &str) -> Vec<u8> {
        let body = HelloBody {
            identity: hub.0.public(),
            name: name.to_owned(),
            nonce: Nonce([2; 32]),
            methods: vec![1],
            unix: 7,
            tls_keys: Vec::new(),
            generation,
            limits: SessionLimits { message: 1, open_calls: 1, call_deadline_ms: 1 },
        };
        let body = body.encode();
        let signature = hub.sign_hello(&NONCE, &body);
        let mut message = Vec::new();
        Frame::Hello(Hello { body: &body, signature: &signature }).encode(&mut message);
        message
    }

    #[test]
    fn a_hello_is_evidence_for_the_hub_that_signed_it_and_the_nonce_that_it_was_signed_for() {
        let (own, other) = (hub(1), hub(2));
        let seen = SeenStart::of(&NONCE, &hello(&own, 9, "hub")).unwrap();
        assert_eq!((seen.generation(), seen.hub()), (9, own.id()));
        assert!(seen.is_signed_by(&own.0.public()));
        assert!(!seen.is_signed_by(&other.0.public()));
        let moved = SeenStart::of(&Nonce([0x12; 32]), &hello(&own, 9, "hub")).unwrap();
        assert!(!moved.is_signed_by(&own.0.public()));
        // Another generation under the signature of this one.
        let mut bytes = seen.as_bytes().to_vec();
        let at = bytes.windows(2).rposition(|pair| pair == [0x06, 0x09]).unwrap();
        bytes[at + 1] = 0x0a;
        let forged = SeenStart::read(&bytes).unwrap();
        assert_eq!(forged.generation(), 10);
        assert!(!forged.is_signed_by(&own.0.public()));
        assert_eq!(forged.to_string().parse::<SeenStart>(), Err(NoSeenStart));
    }

    #[test]
    fn what_is_no_hello_or_too_long_is_none_and_the_rest_reads_back() {
        let own = hub(1);
        let seen = SeenStart::of(&NONCE, &hello(&own, 9, "hub")).unwrap();
        assert_eq!(seen.to_string().parse(), Ok(seen.clone()));
        for cut in [0, 31, 32, seen.as_bytes().len() - 1] {
            assert_eq!(SeenStart::read(&seen.as_bytes()[..cut]), None, "{cut}");
        }
        let longer = [seen.as_bytes(), &[0][..]].concat();
        assert_eq!(SeenStart::read(&longer), None);
        assert_eq!(SeenStart::read(&vec![0; bounds::SEEN_START + 1]), None);
        // The longest Hello that there is fits.
        assert!(SeenStart::of(&NONCE, &hello(&own, u64::MAX, &"x".repeat(1024))).is_some());
    }
}
