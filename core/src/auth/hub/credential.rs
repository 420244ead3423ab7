//! What a peer proves itself with, method by method: all that can be checked without the lock.
//!
//! spec: admission §4, "credential form", "signature or MAC", "claims", "possession".

use crate::ask::{Certified, Evidence};
use crate::auth::error::AuthError;
use crate::auth::proof::PeerProved;
use crate::auth::{HubSnapshot, Joins, RefreshToken};
use crate::facts::Invited;
use crate::id::{PeerId, PublicKey};
use crate::identity::{PeerCertificate, Transcript, verify_possession};
use crate::random::Random;
use crate::time::Now;
use crate::token::verify_join;
use crate::wire::frame::{AuthBody, Method};

/// Bytes of a possession proof, an Ed25519 signature.
const POSSESSION: usize = 64;
/// Bytes of a MAC, HMAC-SHA256.
const MAC: usize = 32;

/// Who was proved, by what, and that it was.
pub(super) struct ProvedBy {
    pub(super) identity: Option<(PeerId, PublicKey)>,
    pub(super) evidence: Option<Evidence>,
    pub(super) proved: PeerProved,
    /// A refresh token that may be handed out.
    pub(super) fresh: Option<RefreshToken>,
}

/// One message to be checked.
pub(super) struct Check<'a> {
    pub(super) snapshot: &'a HubSnapshot,
    pub(super) body: &'a AuthBody,
    pub(super) proof: &'a [u8],
    pub(super) transcript: &'a Transcript,
    /// The client certificate in the TLS handshake, in DER.
    pub(super) shown: Option<&'a [u8]>,
    pub(super) now: Now,
}

impl Check<'_> {
    pub(super) fn method(
        &self,
        method: Method,
        random: &mut Random,
    ) -> Result<ProvedBy, AuthError> {
        match method {
            Method::Open => self.open(),
            Method::Secret => self.secret(),
            Method::Join => self.join(random),
            Method::Resume => self.resume(random),
            Method::Refresh => self.refresh(random),
            Method::Pass => Err(AuthError::MethodNotOffered(self.body.method)),
        }
    }

    fn open(&self) -> Result<ProvedBy, AuthError> {
        let body = self.body;
        let bare = body.peer.is_none() && body.key.is_none() && body.credential.is_none();
        if !bare || !self.proof.is_empty() {
            return Err(AuthError::Form("'open' carries no id, key, credential or proof"));
        }
        let proved = PeerProved(());
        Ok(ProvedBy { identity: None, evidence: None, proved, fresh: None })
    }

    fn secret(&self) -> Result<ProvedBy, AuthError> {
        let (Some(peer), Some(key), None) = (self.body.peer, self.body.key, &self.body.credential)
        else {
            return Err(AuthError::Form("'secret' carries a peer id and key, and no credential"));
        };
        let (Some((possession, mac)), true) =
            (self.proof.split_first_chunk::<POSSESSION>(), self.proof.len() == POSSESSION + MAC)
        else {
            return Err(AuthError::Form("'secret' is proved by 96 bytes"));
        };
        let number =
            self.snapshot.secrets.proved(self.transcript, mac).ok_or(AuthError::WrongSecret)?;
        let proved = self.possession(&key, possession)?;
        let evidence = Some(Evidence::Secret(number));
        Ok(ProvedBy { identity: Some((peer, key)), evidence, proved, fresh: None })
    }

    fn join(&self, random: &mut Random) -> Result<ProvedBy, AuthError> {
        let (joins, identity, token, possession) = self.form()?;
        let hub = self.snapshot.identity.id();
        let unix = self.now.unix;
        let verified = verify_join(token, &joins.keys, hub, unix, &joins.rules)?;
        let proved = self.possession(&identity.1, possession)?;
        let fresh = RefreshToken::draw(random);
        let claims = verified.claims;
        let invited = Box::new(Invited {
            jti: claims.jti,
            kid: verified.kid,
            sub: claims.sub,
            issued: claims.iat,
            ends: claims.exp,
            uses: claims.uses.get(),
            role: claims.role,
            caps: claims.caps,
            rooms: claims.rooms.iter().map(ToString::to_string).collect(),
            labels: claims.labels,
            id: claims.id,
        });
        let evidence = Some(Evidence::Join { invited, fresh: fresh.hash() });
        Ok(ProvedBy { identity: Some(identity), evidence, proved, fresh: Some(fresh) })
    }

    fn resume(&self, random: &mut Random) -> Result<ProvedBy, AuthError> {
        let (joins, identity, der, possession) = self.form()?;
        let certificate = PeerCertificate::check(der, &joins.authority())?;
        if (certificate.peer, certificate.key) != identity {
            return Err(AuthError::Form("'resume' carries the certificate of its own id and key"));
        }
        // One in the handshake proves nothing by itself; but two that differ are nobody's mistake.
        if self.shown.is_some_and(|shown| shown != der) {
            return Err(AuthError::OtherCertificate);
        }
        let proved = self.possession(&identity.1, possession)?;
        let unix = self.now.unix;
        if certificate.not_before > unix.saturating_add(joins.rules.skew) {
            return Err(AuthError::NotYetValid { by: certificate.not_before - unix });
        }
        let certified = Certified {
            issue: certificate.issue,
            not_after: certificate.not_after,
            expired: unix >= certificate.not_after,
        };
        let fresh = RefreshToken::draw(random);
        let evidence = Some(Evidence::Resume { certified, fresh: fresh.hash() });
        Ok(ProvedBy { identity: Some(identity), evidence, proved, fresh: Some(fresh) })
    }

    fn refresh(&self, random: &mut Random) -> Result<ProvedBy, AuthError> {
        let (_, identity, token, possession) = self.form()?;
        let presented = RefreshToken::read(token)
            .ok_or(AuthError::Form("'refresh' carries a token of 32 bytes"))?;
        let proved = self.possession(&identity.1, possession)?;
        let fresh = RefreshToken::draw(random);
        let evidence = Some(Evidence::Refresh { presented: presented.hash(), fresh: fresh.hash() });
        Ok(ProvedBy { identity: Some(identity), evidence, proved, fresh: Some(fresh) })
    }

    /// What `join`, `resume` and `refresh` carry.
    fn form(&self) -> Result<Carried<'_>, AuthError> {
        let joins = self.snapshot.joins.as_deref();
        let joins = joins.ok_or(AuthError::MethodNotOffered(self.body.method))?;
        let (Some(peer), Some(key), Some(credential)) =
            (self.body.peer, self.body.key, &self.body.credential)
        else {
            return Err(AuthError::Form("it carries a peer id, a key and a credential"));
        };
        let Ok(possession) = self.proof.try_into() else {
            return Err(AuthError::Form("it is proved by 64 bytes"));
        };
        Ok((joins, (peer, key), credential, possession))
    }

    fn possession(
        &self,
        key: &PublicKey,
        possession: &[u8; POSSESSION],
    ) -> Result<PeerProved, AuthError> {
        verify_possession(key, self.transcript, possession)
            .map(|()| PeerProved(()))
            .map_err(|_| AuthError::NoPossession)
    }
}

/// The keys, who it is, the credential and the proof.
type Carried<'a> = (&'a Joins, (PeerId, PublicKey), &'a [u8], &'a [u8; POSSESSION]);
