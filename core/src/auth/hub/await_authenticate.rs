//! The hub waits for Authenticate and checks all that can be checked without its lock.

use std::sync::Arc;

use crate::arrival::ProxyPath;
use crate::ask::{Claim, Later};
use crate::auth::HubSnapshot;
use crate::auth::error::{AuthError, pin_or_none, pins_or_none};
use crate::auth::hub::await_answer::Proved;
use crate::auth::hub::credential::{Check, ProvedBy};
use crate::auth::hub::{HubAuthStep, HubAuthStop};
use crate::auth::proof::ChannelBound;
use crate::auth::transcript::transcript;
use crate::id::Nonce;
use crate::random::Random;
use crate::source::Source;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{AuthBody, Hello, Method};

#[derive(Debug)]
pub(super) struct AwaitAuthenticate {
    snapshot: Arc<HubSnapshot>,
    source: Source,
    way: ProxyPath,
    peer_nonce: Nonce,
    /// The whole message, for the transcript.
    hello: Vec<u8>,
}

impl AwaitAuthenticate {
    pub(super) fn greet(
        snapshot: Arc<HubSnapshot>,
        source: Source,
        way: ProxyPath,
        peer_nonce: Nonce,
        random: &mut Random,
        now: Now,
        reply: &mut Vec<u8>,
    ) -> Self {
        let body = snapshot.hello(source, way, Nonce(random.bytes()), now.unix).encode();
        let signature = snapshot.identity.sign_hello(&peer_nonce, &body);
        let start = reply.len();
        Frame::Hello(Hello { body: &body, signature: &signature }).encode(reply);
        let hello = reply[start..].to_vec();
        Self { snapshot, source, way, peer_nonce, hello }
    }

    // spec: admission §4, in its order
    pub(super) fn message(
        self,
        message: &[u8],
        shown: Option<&[u8]>,
        random: &mut Random,
        now: Now,
    ) -> Result<HubAuthStep, HubAuthStop> {
        let frame = match Frame::decode(message)? {
            Frame::Authenticate(frame) => frame,
            other => return Err(AuthError::OutOfTurn(other.kind()).into()),
        };
        let body = AuthBody::decode(frame.body)?;
        let method = self.offered(body.method)?;
        let bound = self.channel(&body)?;
        let transcript = transcript(&self.peer_nonce, &self.hello, frame.body);
        let check = Check {
            snapshot: &self.snapshot,
            body: &body,
            proof: frame.proof,
            transcript: &transcript,
            shown,
            now,
        };
        let ProvedBy { identity, evidence, proved, fresh } = check.method(method, random)?;
        let claim = Claim {
            method,
            purpose: body.purpose,
            identity,
            evidence,
            later: body.later.as_ref().map_or(Later::Nothing, |_| Later::Shown),
            agent: body.agent,
            labels: body.labels,
        };
        let (snapshot, later) = (self.snapshot, body.later);
        let proved = Proved { snapshot, transcript, claim, later, bound, proved, fresh };
        Ok(proved.reserve())
    }

    fn offered(&self, number: u64) -> Result<Method, AuthError> {
        Method::from_number(number)
            .filter(|method| self.snapshot.methods(self.source).contains(method))
            .ok_or(AuthError::MethodNotOffered(number))
    }

    /// A relay that terminates TLS serves another key; that it shows here is what binds every
    /// method to this connection. A proxy that may terminate TLS for this hub serves one of the
    /// external pins, which Hello listed.
    fn channel(&self, body: &AuthBody) -> Result<ChannelBound, AuthError> {
        if self.snapshot.may_have_seen(self.source, self.way, body.seen) {
            return Ok(ChannelBound(()));
        }
        let keys = self.snapshot.keys(self.source, self.way);
        Err(AuthError::OtherKeySeen { seen: pin_or_none(body.seen), served: pins_or_none(&keys) })
    }
}
