//! The peer waits for Hello, decides trust on it, and only then proves itself.

use std::sync::Arc;

use crate::auth::error::AuthError;
use crate::auth::peer::{
    AwaitWelcome, HubInfo, PeerAuth, PeerAuthState, PeerAuthStep, PeerAuthStop,
};
use crate::auth::transcript::transcript;
use crate::auth::{Credential, Dial};
use crate::id::{HubId, Nonce};
use crate::identity::{Transcript, verify_hello};
use crate::time::Now;
use crate::trust::{self, Contact, SeenStart, TrustError};
use crate::tunnel::Served;
use crate::wire::Frame;
use crate::wire::frame::{AuthBody, Authenticate, HelloBody, Method};

#[derive(Debug)]
pub(super) struct AwaitHello {
    pub(super) dial: Arc<Dial>,
    pub(super) nonce: Nonce,
}

impl AwaitHello {
    pub(super) fn message(
        self,
        message: &[u8],
        served: Option<&Served>,
        now: Now,
        reply: &mut Vec<u8>,
    ) -> Result<PeerAuthStep, PeerAuthStop> {
        let frame = match Frame::decode(message)? {
            Frame::Hello(hello) => hello,
            Frame::Refuse(refuse) => return Err(PeerAuthStop::Refused(refuse.into())),
            other => return Err(AuthError::OutOfTurn(other.kind()).into()),
        };
        let hello = HelloBody::decode(frame.body)?;
        let dial = &self.dial;
        let verified = verify_hello(&hello.identity, &self.nonce, frame.body, frame.signature)
            .map_err(|_| TrustError::BadHello {
                hub: dial.known.hub.clone(),
                claimed: HubId::of(&hello.identity),
            })?;
        let method = dial.credential.method();
        let host = &dial.host;
        let contact = Contact { host, method, hello: &hello, verified: &verified, served };
        let decision = trust::decide(dial.trust, &dial.known, contact, now.unix)?;
        offered(method, &hello)?;
        let learnt = HubInfo {
            hub: HubId::of(&hello.identity),
            methods: hello.methods.iter().filter_map(|&n| Method::from_number(n)).collect(),
            name: hello.name.into(),
            pin: served.map(|served| served.pin),
            how: decision.how,
            unix: hello.unix,
        };
        if let Credential::Withheld(_) = dial.credential {
            return Err(PeerAuthStop::Looked(Box::new(learnt)));
        }
        let body = self.auth_body(served, hello.generation);
        let transcript = transcript(&self.nonce, message, &body);
        let seen = self.later_than_known(hello.generation, message);
        let proof = self.proof(&transcript);
        Frame::Authenticate(Authenticate { body: &body, proof: &proof }).encode(reply);
        let next = AwaitWelcome { dial: self.dial, hub: learnt.hub, transcript, decision, seen };
        Ok(PeerAuthStep::Wait(PeerAuth(PeerAuthState::Welcome(Box::new(next))), Box::new(learnt)))
    }

    /// This Hello, where no later start of the hub was kept than it tells.
    fn later_than_known(&self, generation: u64, message: &[u8]) -> Option<SeenStart> {
        let known = &self.dial.known;
        let entry = known.entry.is_none_or(|entry| entry.generation <= generation);
        let seen = known.seen.as_ref().is_none_or(|seen| seen.generation() < generation);
        if entry && seen { SeenStart::of(&self.nonce, message) } else { None }
    }

    /// `generation` is the hub's in its Hello: a later one that it signed is shown to it.
    fn auth_body(&self, served: Option<&Served>, generation: u64) -> Vec<u8> {
        let dial = &self.dial;
        let seen = dial.known.seen.as_ref().filter(|seen| seen.generation() > generation);
        let (named, credential) = match &dial.credential {
            Credential::Open | Credential::Withheld(_) => (false, None),
            Credential::Secret(_) => (true, None),
            Credential::Join(token) => (true, Some(token.0.as_bytes().to_vec())),
            Credential::Resume(minted) => (true, Some(minted.certificate.clone())),
            Credential::Refresh(minted) => (true, Some(minted.refresh.0.to_vec())),
        };
        AuthBody {
            method: dial.credential.method() as u64,
            purpose: dial.purpose,
            peer: named.then_some(dial.peer),
            key: named.then(|| dial.key.public()),
            seen: served.map(|served| served.pin),
            credential,
            agent: dial.agent.clone(),
            labels: dial.labels.clone(),
            generation: None,
            later: seen.filter(|_| named).map(|seen| seen.as_bytes().to_vec()),
        }
        .encode()
    }

    fn proof(&self, transcript: &Transcript) -> Vec<u8> {
        let possession = || self.dial.key.sign_possession(transcript);
        match &self.dial.credential {
            Credential::Open | Credential::Withheld(_) => Vec::new(),
            Credential::Secret(secret) => {
                [possession().as_slice(), &secret.peer_mac(transcript)].concat()
            }
            Credential::Join(_) | Credential::Resume(_) | Credential::Refresh(_) => {
                possession().to_vec()
            }
        }
    }
}

fn offered(method: Method, hello: &HelloBody) -> Result<(), AuthError> {
    if hello.methods.contains(&(method as u64)) {
        return Ok(());
    }
    let names: Vec<_> = hello
        .methods
        .iter()
        .map(|&number| match Method::from_number(number) {
            Some(method) => format!("'{}'", method.name()),
            None => "one that is not known here".to_owned(),
        })
        .collect();
    let offered = match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(" and "),
    };
    Err(AuthError::HubLacksMethod { wanted: method, offered })
}
