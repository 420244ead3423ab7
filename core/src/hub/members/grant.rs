//! Who a claim over the network is, and what its session may do.
//!
//! Here are those that bring the shared secret, or nothing; `enrol` has those that a join token
//! brought here.

use crate::ask::{AskRefusal, Claim, Evidence, Issues};
use crate::capability::{Capabilities, Capability};
use crate::code::Code;
use crate::facts::{Binding, Conflict, FactRecord, PeerRecord};
use crate::hub::effects::Effects;
use crate::hub::members::Members;
use crate::id::{PeerId, PublicKey, SecretNumber};
use crate::time::Now;
use crate::wire::frame::{Method, Purpose};

/// What a claim gets, where there is room.
pub(in crate::hub) struct Granted {
    pub(in crate::hub) peer: PeerId,
    pub(in crate::hub) capabilities: Capabilities,
    /// When the session ends, seconds since 1970.
    pub(in crate::hub) expires: Option<u64>,
    pub(in crate::hub) record: Option<FactRecord>,
    pub(in crate::hub) issues: Option<Issues>,
}

/// Why something is not granted.
pub(in crate::hub) enum Denial {
    /// It is not.
    No(AskRefusal),
    /// A refresh token of this peer came again after its successor: it may have been copied.
    Reused(PeerId),
    /// It is to be asked for again, once it was looked at what the peer shows of a later start.
    LookAtLater,
}

impl<N: Into<AskRefusal>> From<N> for Denial {
    fn from(no: N) -> Self {
        Self::No(no.into())
    }
}

impl Members {
    // spec: admission §4, from "claims"
    pub(in crate::hub) fn granted(
        &mut self,
        claim: &Claim,
        now: Now,
        effects: &mut Effects,
    ) -> Result<Granted, Denial> {
        match (claim.method, claim.evidence.as_ref(), claim.identity) {
            (Method::Open, None, None) => {
                let guest = self.guest();
                Ok(self.weak(claim, guest, None)?)
            }
            (Method::Secret, Some(Evidence::Secret(number)), Some((peer, key))) => {
                self.by_secret(claim, *number, (peer, key), now, effects)
            }
            (Method::Join, Some(Evidence::Join { invited, fresh }), Some(identity)) => {
                self.join(claim, invited, *fresh, identity, now, effects)
            }
            (Method::Resume, Some(&Evidence::Resume { certified, fresh }), Some(identity)) => {
                self.resume(claim, identity, certified, fresh, now, effects)
            }
            (Method::Refresh, Some(&Evidence::Refresh { presented, fresh }), Some(identity)) => {
                self.refresh(claim, identity, presented, fresh, now, effects)
            }
            // A claim that carries what its method does not.
            (
                Method::Open
                | Method::Secret
                | Method::Join
                | Method::Resume
                | Method::Refresh
                | Method::Pass,
                ..,
            ) => Err(Code::Refused.into()),
        }
    }

    fn by_secret(
        &mut self,
        claim: &Claim,
        number: SecretNumber,
        (peer, key): (PeerId, PublicKey),
        now: Now,
        effects: &mut Effects,
    ) -> Result<Granted, Denial> {
        let expires = self.secrets.expiry(number)?;
        if self.is_reserved(peer) || self.stronger(peer, claim.method) {
            return Err(Code::IdTaken.into());
        }
        PeerRecord::admits(self.known(peer), &key)?;
        self.look_at_later(claim, now, effects)?;
        let granted = self.weak(claim, peer, expires)?;
        Ok(Granted { record: self.to_bind(claim, peer, key, now).map(FactRecord::Bind), ..granted })
    }

    /// What the shared secret, or nothing at all, is good for.
    fn weak(&self, claim: &Claim, peer: PeerId, expires: Option<u64>) -> Result<Granted, Code> {
        // Whatever the role: who has the secret, or nothing at all, never administers.
        let capabilities = self.terms.secret_role.capabilities().without_administration();
        may_serve(claim, &capabilities)?;
        Ok(Granted { peer, capabilities, expires, record: None, issues: None })
    }

    /// Whether an id is the operator's, another key's, or a guest's who serves under it.
    pub(in crate::hub) fn is_taken(&self, peer: PeerId, key: &PublicKey) -> bool {
        let admits = PeerRecord::admits(self.known(peer), key);
        self.is_reserved(peer) || admits == Err(Conflict::IdTaken)
    }

    /// Whether an id is no key's: the operator's, or a guest's who serves under it.
    pub(super) fn is_reserved(&self, peer: PeerId) -> bool {
        let guest = self.known(peer).is_none() && self.serving(peer).is_some();
        peer == PeerId::operator() || guest
    }

    /// An id enrolled by a join token is never admitted by less.
    fn stronger(&self, peer: PeerId, method: Method) -> bool {
        let weak = |method| matches!(method, Method::Open | Method::Secret);
        let bound = self.known(peer).map(|known| known.binding.method);
        weak(method) && bound.is_some_and(|bound| !weak(bound))
    }

    fn to_bind(&self, claim: &Claim, peer: PeerId, key: PublicKey, now: Now) -> Option<Binding> {
        let serves = claim.purpose == Purpose::Serve;
        let known = self.known(peer).map(|known| known.binding);
        match known {
            Some(binding) if binding.serves || !serves => None,
            Some(binding) => Some(Binding { serves, ..binding }),
            None => Some(Binding { peer, key, method: claim.method, first_seen: now.unix, serves }),
        }
    }

    /// An id for a peer that brings none.
    fn guest(&mut self) -> PeerId {
        loop {
            let id = format!("guest-{}", self.next_guest);
            self.next_guest += 1;
            // Letters, a dash and digits: always a peer id.
            if let Ok(peer) = id.parse()
                && self.known(peer).is_none()
            {
                return peer;
            }
        }
    }
}

/// Only who may serve has a session that serves.
pub(in crate::hub) fn may_serve(claim: &Claim, capabilities: &Capabilities) -> Result<(), Code> {
    let may = claim.purpose != Purpose::Serve || capabilities.allow(Capability::Serve);
    if may { Ok(()) } else { Err(Code::MayNotServe) }
}
