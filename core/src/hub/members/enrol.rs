//! Peers that a join token brought: joining, coming back by certificate or refresh token, and new
//! credentials within a session.
//!
//! ```text
//!   join ──► issue n, drawn from the hub's counter; family of one token
//!   refresh ─► a successor; the family's current token stays good until one is used; issue n, or
//!              another where the certificate of issue n was seen after its end
//!   resume ──► nothing changes; a family that was voided begins anew
//!   join again, with the same key ──► another issue: earlier certificates and tokens are void
//! ```
//!
//! spec: tokens, admission §9.

use crate::ask::{Certified, Claim, Grant, Issues, Renewal};
use crate::capability::Capabilities;
use crate::code::Code;
use crate::facts::{
    Binding, Conflict, Enrolled, Enrolment, FactRecord, Family, Invited, NotTaken, PeerRecord,
    Refreshing,
};
use crate::hub::HubEvent;
use crate::hub::effects::Effects;
use crate::hub::members::Members;
use crate::hub::members::grant::{Denial, Granted, may_serve};
use crate::id::{Jti, PeerId, PublicKey, RefreshHash};
use crate::time::Now;
use crate::wire::frame::{Method, Purpose};

/// Who asks.
type Claimant = (PeerId, PublicKey);

impl Members {
    pub(super) fn join(
        &mut self,
        claim: &Claim,
        invited: &Invited,
        fresh: RefreshHash,
        (peer, key): Claimant,
        now: Now,
        effects: &mut Effects,
    ) -> Result<Granted, Denial> {
        self.not_restored()?;
        let row = match self.joins(invited, (peer, key)) {
            Ok(row) => row,
            Err(why) => {
                if let Some(event) = suspected(why, peer, invited.jti) {
                    effects.event(event);
                }
                return Err(why.into());
            }
        };
        let (role, capabilities, labels) = (row.role, row.capabilities(), row.labels.clone());
        if self.is_reserved(peer) {
            return Err(Code::IdTaken.into());
        }
        self.look_at_later(claim, now, effects)?;
        self.not_restored()?;
        may_serve(claim, &capabilities)?;
        let issue = self.draw_issue()?;
        let issues = self.issues(issue, now);
        let serves = claim.purpose == Purpose::Serve;
        let known = self.known(peer);
        let first_seen = known.map_or(now.unix, |known| known.binding.first_seen);
        let enrolled = Enrolled {
            jti: invited.jti,
            role,
            capabilities: capabilities.clone(),
            labels,
            issue: issues.issue,
            family: Some(Family::of(fresh, issues.refresh_ends)),
        };
        let record = FactRecord::Enrol(Box::new(Enrolment {
            binding: Binding { peer, key, method: Method::Join, first_seen, serves },
            invited: invited.clone(),
            enrolled,
        }));
        Ok(Granted {
            peer,
            capabilities,
            expires: Some(issues.not_after),
            record: Some(record),
            issues: Some(issues),
        })
    }

    pub(super) fn resume(
        &mut self,
        claim: &Claim,
        (peer, key): Claimant,
        certified: Certified,
        fresh: RefreshHash,
        now: Now,
        effects: &mut Effects,
    ) -> Result<Granted, Denial> {
        // A storage that is older than the certificate says so before it judges it, or knows the
        // peer.
        self.look_at_issue(peer, certified, now, effects)?;
        let enrolled = PeerRecord::enrolled(self.known(peer), &key)?.clone();
        self.look_at_later(claim, now, effects)?;
        let Certified { issue, not_after, expired } = certified;
        if issue < enrolled.issue {
            return Err(Code::Voided.into());
        }
        // One that was drawn, and never recorded for this peer: a storage that was restored, and
        // accepted, has forgotten it.
        if issue > enrolled.issue {
            return Err(Code::Refused.into());
        }
        // It may have ended since the link looked.
        if expired || now.unix >= not_after {
            let seen = self.registry.see(peer);
            seen.outlived = seen.outlived.max(issue);
        }
        if self.outlived(peer) >= issue {
            return Err(Code::Expired.into());
        }
        let granted = self.comes_back(claim, peer, &enrolled, not_after)?;
        if enrolled.family.is_some() || self.facts.restored.is_some() {
            return Ok(Granted { record: self.to_serve(claim, peer), ..granted });
        }
        let issues = self.issues(issue, now);
        let fresh_ends = issues.refresh_ends;
        let (presented, serves) = (None, claim.purpose == Purpose::Serve);
        let refreshing = Refreshing { peer, key, presented, fresh, fresh_ends, issue, serves };
        Ok(Granted {
            expires: Some(issues.not_after),
            record: Some(FactRecord::Refresh(refreshing)),
            issues: Some(issues),
            ..granted
        })
    }

    pub(super) fn refresh(
        &mut self,
        claim: &Claim,
        (peer, key): Claimant,
        presented: RefreshHash,
        fresh: RefreshHash,
        now: Now,
        effects: &mut Effects,
    ) -> Result<Granted, Denial> {
        self.not_restored()?;
        let enrolled = PeerRecord::enrolled(self.known(peer), &key)?.clone();
        // An older storage does not know the latest tokens, and would take them for copies.
        self.look_at_later(claim, now, effects)?;
        self.not_restored()?;
        let (refreshing, issues) =
            self.use_refresh(&enrolled, (peer, key), presented, fresh, now)?;
        let granted = self.comes_back(claim, peer, &enrolled, issues.not_after)?;
        let serves = claim.purpose == Purpose::Serve;
        let record = Some(FactRecord::Refresh(Refreshing { serves, ..refreshing }));
        Ok(Granted { record, issues: Some(issues), ..granted })
    }

    /// What a session of this peer that asks for new credentials is granted; `capabilities`, what
    /// it may do.
    // spec: session §9
    pub(in crate::hub) fn renewal(
        &mut self,
        renewal: &Renewal,
        capabilities: Capabilities,
        now: Now,
    ) -> Result<Grant, Denial> {
        let &Renewal { identity: (peer, key), presented, fresh } = renewal;
        self.not_restored()?;
        let enrolled = PeerRecord::enrolled(self.known(peer), &key)?.clone();
        let (refreshing, issues) =
            self.use_refresh(&enrolled, (peer, key), presented, fresh, now)?;
        Ok(Grant {
            peer,
            capabilities,
            expires: Some(issues.not_after),
            record: Some(FactRecord::Refresh(refreshing)),
            issues: Some(issues),
            epoch: self.epoch_of(peer),
        })
    }

    /// What a peer that comes back gets.
    fn comes_back(
        &self,
        claim: &Claim,
        peer: PeerId,
        enrolled: &Enrolled,
        not_after: u64,
    ) -> Result<Granted, Code> {
        may_serve(claim, &enrolled.capabilities)?;
        Ok(Granted {
            peer,
            capabilities: enrolled.capabilities.clone(),
            expires: Some(not_after),
            record: None,
            issues: None,
        })
    }

    /// A peer that serves for the first time is listed from then on.
    fn to_serve(&self, claim: &Claim, peer: PeerId) -> Option<FactRecord> {
        let binding = self.known(peer)?.binding;
        let first = claim.purpose == Purpose::Serve && !binding.serves;
        first.then_some(FactRecord::Bind(Binding { serves: true, ..binding }))
    }

    /// What using a refresh token leads to. One that is neither the last used one nor its successor
    /// has been copied: the peer is revoked.
    fn use_refresh(
        &mut self,
        enrolled: &Enrolled,
        (peer, key): Claimant,
        presented: RefreshHash,
        fresh: RefreshHash,
        now: Now,
    ) -> Result<(Refreshing, Issues), Denial> {
        let ends = match enrolled.refresh_ends(presented) {
            Ok(ends) => ends,
            Err(Conflict::Superseded) => return Err(Denial::Reused(peer)),
            Err(conflict) => return Err(conflict.into()),
        };
        if now.unix >= ends {
            return Err(Code::Expired.into());
        }
        let issue = match self.outlived(peer) >= enrolled.issue {
            true => self.draw_issue()?,
            false => enrolled.issue,
        };
        let issues = self.issues(issue, now);
        let fresh_ends = issues.refresh_ends;
        let presented = Some(presented);
        let serves = false;
        Ok((Refreshing { peer, key, presented, fresh, fresh_ends, issue, serves }, issues))
    }

    /// The last issue of the peer's certificates that was seen after its end.
    fn outlived(&self, peer: PeerId) -> u32 {
        self.registry.seen(peer).map_or(0, |seen| seen.outlived)
    }

    fn issues(&self, issue: u32, now: Now) -> Issues {
        let lives = self.terms.lives;
        Issues {
            issue,
            not_before: now.unix.saturating_sub(lives.skew),
            not_after: now.unix.saturating_add(lives.certificate),
            refresh_ends: now.unix.saturating_add(lives.refresh),
        }
    }
}

/// What a token that is not taken tells of: it was copied, or the key that signed it was.
fn suspected(why: Conflict, peer: PeerId, jti: Jti) -> Option<HubEvent> {
    match why {
        Conflict::Token(NotTaken::Used) => Some(HubEvent::Replayed { peer, jti }),
        Conflict::Token(NotTaken::Differs(claim)) => Some(HubEvent::Forged { peer, jti, claim }),
        Conflict::Token(NotTaken::Revoked | NotTaken::OtherId)
        | Conflict::Ended
        | Conflict::IdTaken
        | Conflict::Revoked
        | Conflict::NotEnrolled
        | Conflict::Voided
        | Conflict::Superseded
        | Conflict::HasFamily => None,
    }
}
