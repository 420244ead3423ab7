//! The peer waits for Hello, decides trust on it, and only then proves itself.

use std::sync::Arc;

use crate::auth::error::AuthError;
use crate::auth::peer::{AwaitWelcome, Learnt, PeerAuth, State, Step, Stop};
use crate::auth::transcript::transcript;
use crate::auth::{Credential, Dial};
use crate::id::{HubId, Nonce};
use crate::identity::{Transcript, verify_hello};
use crate::time::Now;
use crate::trust::{self, Contact, TrustError};
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
    ) -> Result<Step, Stop> {
        let frame = match Frame::decode(message)? {
            Frame::Hello(hello) => hello,
            Frame::Refuse(refuse) => return Err(Stop::Refused(refuse.into())),
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
        let learnt = Learnt {
            hub: HubId::of(&hello.identity),
            methods: hello.methods.iter().filter_map(|&n| Method::from_number(n)).collect(),
            name: hello.name.into(),
            pin: served.map(|served| served.pin),
            how: decision.how,
            unix: hello.unix,
        };
        if let Credential::Withheld(_) = dial.credential {
            return Err(Stop::Looked(Box::new(learnt)));
        }
        let body = self.auth_body(served);
        let transcript = transcript(&self.nonce, message, &body);
        let proof = self.proof(&transcript);
        Frame::Authenticate(Authenticate { body: &body, proof: &proof }).encode(reply);
        let next = AwaitWelcome { dial: self.dial, hub: learnt.hub, transcript, decision };
        Ok(Step::Wait(PeerAuth(State::Welcome(Box::new(next))), Box::new(learnt)))
    }

    fn auth_body(&self, served: Option<&Served>) -> Vec<u8> {
        let dial = &self.dial;
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
            generation: dial.known.entry.as_ref().map(|entry| entry.generation),
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
    Err(AuthError::HubLacksMethod { wanted: method.name(), offered })
}
