//! The hub waits for Authenticate and checks all that can be checked without its lock.

use std::sync::Arc;

use crate::arrival::Way;
use crate::auth::HubSnapshot;
use crate::auth::error::{AuthError, pin_or_none, pins_or_none};
use crate::auth::hub::await_answer::{AwaitReserved, Proved};
use crate::auth::hub::{HubAuth, State, Step, Stop};
use crate::auth::proof::{ChannelBound, PeerProved};
use crate::auth::transcript::transcript;
use crate::id::{Nonce, PeerId, PublicKey, SecretNumber};
use crate::identity::{Transcript, verify_possession};
use crate::ledger::{Claim, Question};
use crate::random::Random;
use crate::source::Source;
use crate::time::Now;
use crate::wire::Frame;
use crate::wire::frame::{AuthBody, Hello, Method};

/// Bytes of a possession proof, an Ed25519 signature.
const POSSESSION: usize = 64;
/// Bytes of a MAC, HMAC-SHA256.
const MAC: usize = 32;

#[derive(Debug)]
pub(super) struct AwaitAuthenticate {
    snapshot: Arc<HubSnapshot>,
    source: Source,
    way: Way,
    peer_nonce: Nonce,
    /// The whole message, for the transcript.
    hello: Vec<u8>,
}

impl AwaitAuthenticate {
    pub(super) fn greet(
        snapshot: Arc<HubSnapshot>,
        source: Source,
        way: Way,
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
    pub(super) fn message(self, message: &[u8]) -> Result<Step, Stop> {
        let frame = match Frame::decode(message)? {
            Frame::Authenticate(frame) => frame,
            other => return Err(AuthError::OutOfTurn(other.kind()).into()),
        };
        let body = AuthBody::decode(frame.body)?;
        let method = self.offered(body.method)?;
        let bound = self.channel(&body)?;
        let transcript = transcript(&self.peer_nonce, &self.hello, frame.body);
        let (identity, secret, proved) = match method {
            Method::Secret => self.secret(&body, frame.proof, &transcript)?,
            Method::Open => open(&body, frame.proof)?,
            Method::Join | Method::Resume | Method::Refresh | Method::Pass => {
                return Err(AuthError::MethodNotOffered(body.method).into());
            }
        };
        let claim = Claim {
            method,
            purpose: body.purpose,
            identity,
            secret,
            agent: body.agent,
            labels: body.labels,
        };
        let proved = Proved { snapshot: self.snapshot, transcript, claim, bound, proved };
        let question = Question::Reserve(Box::new(proved.claim.clone()));
        Ok(Step::Ask(HubAuth(State::Reserved(Box::new(AwaitReserved(proved)))), question))
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

    fn secret(
        &self,
        body: &AuthBody,
        proof: &[u8],
        transcript: &Transcript,
    ) -> Result<ProvedClaim, AuthError> {
        let (Some(peer), Some(key), None) = (body.peer, body.key, &body.credential) else {
            return Err(AuthError::Form("'secret' carries a peer id and key, and no credential"));
        };
        let (Some((possession, mac)), true) =
            (proof.split_first_chunk::<POSSESSION>(), proof.len() == POSSESSION + MAC)
        else {
            return Err(AuthError::Form("'secret' is proved by 96 bytes"));
        };
        let secret = self.snapshot.secrets.proved(transcript, mac).ok_or(AuthError::WrongSecret)?;
        verify_possession(&key, transcript, possession).map_err(|_| AuthError::NoPossession)?;
        Ok((Some((peer, key)), Some(secret), PeerProved(())))
    }
}

/// Who was proved, by which secret, and that it was.
type ProvedClaim = (Option<(PeerId, PublicKey)>, Option<SecretNumber>, PeerProved);

fn open(body: &AuthBody, proof: &[u8]) -> Result<ProvedClaim, AuthError> {
    let bare = body.peer.is_none() && body.key.is_none() && body.credential.is_none();
    if !bare || !proof.is_empty() {
        return Err(AuthError::Form("'open' carries no id, key, credential or proof"));
    }
    Ok((None, None, PeerProved(())))
}
