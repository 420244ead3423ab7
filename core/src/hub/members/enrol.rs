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

use crate::ask::{Answer, Certified, Claim, Grant, Issues, No, Renewal};
use crate::code::Code;
use crate::facts::{
    Binding, Enrolled, Enrolment, Family, Invited, NotTaken, Record, Refreshing, Revocation,
};
use crate::hub::members::grant::{Denial, Granted, may_serve};
use crate::hub::members::tokens::Unusable;
use crate::hub::{Hub, HubEvent};
use crate::id::{Jti, LinkId, PeerId, PublicKey, RefreshHash};
use crate::time::Now;
use crate::wire::frame::{Method, Purpose};

/// Why a peer is revoked whose refresh token came a second time.
const REUSED: &str = "a refresh token was used again after its successor: it may have been copied";

/// Who asks.
type Identity = (PeerId, PublicKey);

impl Hub {
    pub(in crate::hub) fn join(
        &mut self,
        claim: &Claim,
        invited: &Invited,
        fresh: RefreshHash,
        (peer, key): Identity,
        now: Now,
    ) -> Result<Granted, Denial> {
        self.not_restored()?;
        let row = match self.members.tokens.admit(invited, peer, &key) {
            Ok(row) => row,
            Err(why) => {
                if let Some(event) = suspected(why, peer, invited.jti) {
                    self.effects.event(event);
                }
                return Err(why.code().into());
            }
        };
        let (role, capabilities, labels) = (row.role, row.capabilities(), row.labels.clone());
        if self.is_taken(peer, &key) {
            return Err(Code::IdTaken.into());
        }
        let known = self.members.registry.known(peer);
        if known.is_some_and(|known| known.revoked.is_some()) {
            return Err(Code::Revoked.into());
        }
        self.look_at_later(claim, now)?;
        self.not_restored()?;
        may_serve(claim, &capabilities)?;
        let issue = self.draw_issue()?;
        let issues = self.issues(issue, now);
        let serves = claim.purpose == Purpose::Serve;
        let known = self.members.registry.known(peer);
        let first_seen = known.map_or(now.unix, |known| known.binding.first_seen);
        let enrolled = Enrolled {
            jti: invited.jti,
            role,
            capabilities: capabilities.clone(),
            labels,
            issue: issues.issue,
            family: Some(Family::of(fresh, issues.refresh_ends)),
        };
        let record = Record::Enrol(Box::new(Enrolment {
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

    pub(in crate::hub) fn resume(
        &mut self,
        claim: &Claim,
        (peer, key): Identity,
        certified: Certified,
        fresh: RefreshHash,
        now: Now,
    ) -> Result<Granted, Denial> {
        // A storage that is older than the certificate says so before it judges it, or knows the
        // peer.
        self.look_at_issue(peer, certified, now)?;
        let enrolled = self.enrolled(peer, &key)?.clone();
        self.look_at_later(claim, now)?;
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
            self.members.registry.outlive(peer, issue);
        }
        if self.members.registry.known(peer).is_some_and(|known| known.outlived >= issue) {
            return Err(Code::Expired.into());
        }
        let granted = self.comes_back(claim, peer, &enrolled, not_after)?;
        if enrolled.family.is_some() || self.members.restored.is_some() {
            return Ok(Granted { record: self.to_serve(claim, peer), ..granted });
        }
        let issues = self.issues(issue, now);
        let fresh_ends = issues.refresh_ends;
        let (presented, serves) = (None, claim.purpose == Purpose::Serve);
        let refreshing = Refreshing { peer, key, presented, fresh, fresh_ends, issue, serves };
        Ok(Granted {
            expires: Some(issues.not_after),
            record: Some(Record::Refresh(refreshing)),
            issues: Some(issues),
            ..granted
        })
    }

    pub(in crate::hub) fn refresh(
        &mut self,
        claim: &Claim,
        (peer, key): Identity,
        presented: RefreshHash,
        fresh: RefreshHash,
        now: Now,
    ) -> Result<Granted, Denial> {
        self.not_restored()?;
        let enrolled = self.enrolled(peer, &key)?.clone();
        // An older storage does not know the latest tokens, and would take them for copies.
        self.look_at_later(claim, now)?;
        self.not_restored()?;
        let (refreshing, issues) =
            self.use_refresh(&enrolled, (peer, key), presented, fresh, now)?;
        let granted = self.comes_back(claim, peer, &enrolled, issues.not_after)?;
        let serves = claim.purpose == Purpose::Serve;
        let record = Some(Record::Refresh(Refreshing { serves, ..refreshing }));
        Ok(Granted { record, issues: Some(issues), ..granted })
    }

    /// A session asks for new credentials. `// spec: session §9`
    pub(in crate::hub) fn renew(&mut self, link: LinkId, renewal: &Renewal, now: Now) -> Answer {
        match self.renewal(link, renewal, now) {
            Ok(grant) => Answer::Reserved(Box::new(grant)),
            Err(no) => Answer::No(no),
        }
    }

    fn renewal(&mut self, link: LinkId, renewal: &Renewal, now: Now) -> Result<Grant, No> {
        let &Renewal { identity: (peer, key), presented, fresh } = renewal;
        // What a session that was ended still brings is not judged: it may be from before a join.
        let heard = self.live(link).filter(|live| live.peer == peer && !self.is_cut(link));
        let Some(live) = heard else { return Err(Code::Refused.into()) };
        let capabilities = live.capabilities.clone();
        self.not_restored()?;
        let enrolled = self.enrolled(peer, &key)?.clone();
        let (refreshing, issues) =
            self.use_refresh(&enrolled, (peer, key), presented, fresh, now)?;
        Ok(Grant {
            peer,
            capabilities,
            expires: Some(issues.not_after),
            record: Some(Record::Refresh(refreshing)),
            issues: Some(issues),
            epoch: self.epoch_of(peer),
        })
    }

    /// What was granted is on the disk: it holds from here on.
    pub(in crate::hub) fn renewed(&mut self, link: LinkId, grant: &Grant) -> Answer {
        if self.live(link).is_none() {
            return Answer::No(Code::Refused.into());
        }
        if grant.epoch != self.epoch_of(grant.peer) {
            return Answer::Stale;
        }
        self.apply(grant);
        Answer::Committed
    }

    /// Takes in what the ledger has recorded for a grant.
    pub(in crate::hub) fn apply(&mut self, grant: &Grant) {
        match &grant.record {
            Some(Record::Bind(binding)) => self.members.registry.bind(*binding),
            Some(Record::Enrol(enrolment)) => {
                let Binding { peer, key, .. } = enrolment.binding;
                self.members.tokens.used(enrolment.enrolled.jti, key, peer);
                self.members.registry.enrol(enrolment);
                self.outdate_peer(peer);
            }
            Some(Record::Refresh(refreshing)) => {
                self.members.registry.refresh(refreshing);
                self.outdate_peer(refreshing.peer);
            }
            None => {}
        }
    }

    /// Who joins leaves what it had before: sessions by that end, and come back by what it has. A
    /// session that serves is replaced by the one that begins, where that serves.
    pub(in crate::hub) fn end_earlier(&mut self, claim: &Claim, grant: &Grant) {
        let Some(Record::Enrol(_)) = &grant.record else { return };
        self.end_sessions(Code::SessionExpired, |live| {
            let replaced = claim.purpose == Purpose::Serve && live.purpose == Purpose::Serve;
            live.peer == grant.peer && !live.source.is_local() && !replaced
        });
    }

    /// What a join token made of a peer that comes back. Its key is what makes an id its own: to
    /// whoever lacks that every id is the same, known or not. `// spec: admission §9`
    fn enrolled(&self, peer: PeerId, key: &PublicKey) -> Result<&Enrolled, Code> {
        let known = self.members.registry.known(peer).filter(|known| known.binding.key == *key);
        let known = known.ok_or(Code::Refused)?;
        if known.revoked.is_some() {
            return Err(Code::Revoked);
        }
        known.enrolled.as_ref().ok_or(Code::Refused)
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
    fn to_serve(&self, claim: &Claim, peer: PeerId) -> Option<Record> {
        let binding = self.members.registry.known(peer)?.binding;
        let first = claim.purpose == Purpose::Serve && !binding.serves;
        first.then_some(Record::Bind(Binding { serves: true, ..binding }))
    }

    /// What using a refresh token leads to. One that is neither the last used one nor its successor
    /// has been copied: the peer is revoked.
    fn use_refresh(
        &mut self,
        enrolled: &Enrolled,
        (peer, key): Identity,
        presented: RefreshHash,
        fresh: RefreshHash,
        now: Now,
    ) -> Result<(Refreshing, Issues), No> {
        let family = enrolled.family.as_ref().ok_or(Code::Voided)?;
        let Some(ends) = family.ends(presented) else {
            self.effects.event(HubEvent::Reused { peer });
            self.revoke_at_once(vec![peer], Revocation { at: now.unix, reason: REUSED.to_owned() });
            return Err(Code::Revoked.into());
        };
        if now.unix >= ends {
            return Err(Code::Expired.into());
        }
        let outlived = self.members.registry.known(peer).map_or(0, |known| known.outlived);
        let issue = match outlived >= enrolled.issue {
            true => self.draw_issue()?,
            false => enrolled.issue,
        };
        let issues = self.issues(issue, now);
        let fresh_ends = issues.refresh_ends;
        let presented = Some(presented);
        let serves = false;
        Ok((Refreshing { peer, key, presented, fresh, fresh_ends, issue, serves }, issues))
    }

    fn issues(&self, issue: u32, now: Now) -> Issues {
        let lives = self.config.lives;
        Issues {
            issue,
            not_before: now.unix.saturating_sub(lives.skew),
            not_after: now.unix.saturating_add(lives.certificate),
            refresh_ends: now.unix.saturating_add(lives.refresh),
        }
    }
}

/// What a token that is not taken tells of: it was copied, or the key that signed it was.
fn suspected(why: Unusable, peer: PeerId, jti: Jti) -> Option<HubEvent> {
    match why {
        Unusable::Row(NotTaken::Used) => Some(HubEvent::Replayed { peer, jti }),
        Unusable::Row(NotTaken::Differs(claim)) => Some(HubEvent::Forged { peer, jti, claim }),
        Unusable::Row(NotTaken::Revoked | NotTaken::OtherId) | Unusable::Ended => None,
    }
}
