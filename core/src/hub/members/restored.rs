//! A storage that is older than the hub: what shows that, and what the hub does not do from then
//! on.
//!
//! A backup that was put in the place of the storage has forgotten which tokens were used and who
//! was revoked since. What shows it is evidence and never a claim: a Hello that this hub's identity
//! signed with a generation above its own, or a certificate that its CA signed with an issue that
//! was never drawn. Either counts only once whoever brings it is proved.
//!
//! spec: hub §7.

use crate::ask::{AskRefusal, Certified, Claim, Later, StoreAsk};
use crate::code::Code;
use crate::facts::{Change, Restored, Sign};
use crate::hub::HubEvent;
use crate::hub::effects::Effects;
use crate::hub::members::Members;
use crate::hub::members::grant::Denial;
use crate::id::PeerId;
use crate::identity::LAST_ISSUE;
use crate::time::Now;

/// Seconds after which a hub that was restored is worth another try: a person has to act.
const RESTORED: u64 = 300;

/// What those who come by a token are told meanwhile.
pub const RESTORED_SAID: &str = "The hub was restored from a backup, and takes no token until its operator has \
                                 accepted that.";

impl Members {
    /// A peer whose key its id is bound to, or that a token admits, may show that the hub has
    /// started later than this start. What nobody has looked at is to be looked at first.
    pub(super) fn look_at_later(
        &mut self,
        claim: &Claim,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), Denial> {
        let Some((peer, _)) = claim.identity else { return Ok(()) };
        match claim.later {
            Later::Nothing => Ok(()),
            Later::Shown => Err(Denial::LookAtLater),
            Later::Verified(generation) => {
                if generation > self.terms.generation {
                    let shown = sign(Sign::Hello, peer, now);
                    self.is_restored(Restored { generation, issue: 0, ..shown }, effects);
                }
                Ok(())
            }
        }
    }

    /// A certificate of this hub's, whose key was proved: one of an issue that was never drawn here
    /// is from after the backup.
    pub(super) fn look_at_issue(
        &mut self,
        peer: PeerId,
        certified: Certified,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), AskRefusal> {
        let Certified { issue, not_after, expired } = certified;
        if issue <= self.facts.issues || expired || now.unix >= not_after {
            return Ok(());
        }
        let generation = self.terms.generation;
        let shown = sign(Sign::Certificate, peer, now);
        self.is_restored(Restored { generation, issue, ..shown }, effects);
        self.not_restored()
    }

    fn is_restored(&mut self, shown: Restored, effects: &mut Effects) {
        let (first, change) = (self.facts.restored.is_none(), Change::Restored(shown));
        if !self.change(&change) {
            return;
        }
        if first {
            // What is being granted by a token would come from a storage that has forgotten.
            self.outdate();
        }
        if let Some(restored) = self.facts.restored {
            effects.event(HubEvent::RolledBack { restored, own: self.terms.generation });
        }
        effects.asks.quietly(StoreAsk::Change(change));
    }

    /// A hub whose storage is older than itself makes nobody new credentials.
    pub(super) fn not_restored(&self) -> Result<(), AskRefusal> {
        match self.facts.restored {
            None => Ok(()),
            Some(_) => Err(AskRefusal {
                said: Some(RESTORED_SAID),
                ..AskRefusal::later(Code::Unavailable, Some(RESTORED))
            }),
        }
    }

    /// An issue that no certificate has had. What is recorded with it makes it durable; where
    /// nothing is, no certificate had it either.
    pub(in crate::hub) fn draw_issue(&mut self) -> Result<u32, AskRefusal> {
        if self.facts.issues >= LAST_ISSUE {
            return Err(Code::Unavailable.into());
        }
        self.facts.issues += 1;
        Ok(self.facts.issues)
    }
}

fn sign(sign: Sign, peer: PeerId, now: Now) -> Restored {
    Restored { generation: 0, issue: 0, sign, by: Some(peer), at: now.unix }
}
