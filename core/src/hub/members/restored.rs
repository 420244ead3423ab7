//! A storage that is older than the hub: what shows that, and what the hub does not do from then
//! on.
//!
//! A backup that was put in the place of the storage has forgotten which tokens were used and who
//! was revoked since. What shows it is evidence and never a claim: a Hello that this hub's identity
//! signed with a generation above its own, or a certificate that its CA signed with an issue that
//! was never drawn. Either counts only once whoever brings it is proved.
//!
//! spec: hub §7.

use crate::ask::{Certified, Claim, Later, No, Question};
use crate::code::Code;
use crate::facts::{Change, Restored, Sign};
use crate::hub::members::grant::Denial;
use crate::hub::{Hub, HubEvent};
use crate::id::PeerId;
use crate::identity::LAST_ISSUE;
use crate::time::Now;

/// Seconds after which a hub that was restored is worth another try: a person has to act.
const RESTORED: u64 = 300;

/// What those who come by a token are told meanwhile.
pub const RESTORED_SAID: &str = "The hub was restored from a backup, and takes no token until its operator has \
                                 accepted that.";

impl Hub {
    /// A peer whose key its id is bound to, or that a token admits, may show that the hub has
    /// started later than this start. What nobody has looked at is to be looked at first.
    pub(in crate::hub) fn look_at_later(&mut self, claim: &Claim, now: Now) -> Result<(), Denial> {
        let Some((peer, _)) = claim.identity else { return Ok(()) };
        match claim.later {
            Later::Nothing => Ok(()),
            Later::Shown => Err(Denial::LookAtLater),
            Later::Verified(generation) => {
                if generation > self.config.generation {
                    self.is_restored(Restored {
                        generation,
                        issue: 0,
                        ..sign(Sign::Hello, peer, now)
                    });
                }
                Ok(())
            }
        }
    }

    /// A certificate of this hub's, whose key was proved: one of an issue that was never drawn here
    /// is from after the backup.
    pub(in crate::hub) fn look_at_issue(
        &mut self,
        peer: PeerId,
        certified: Certified,
        now: Now,
    ) -> Result<(), No> {
        let Certified { issue, not_after, expired } = certified;
        if issue <= self.members.issues || expired || now.unix >= not_after {
            return Ok(());
        }
        let generation = self.config.generation;
        self.is_restored(Restored { generation, issue, ..sign(Sign::Certificate, peer, now) });
        self.not_restored()
    }

    fn is_restored(&mut self, shown: Restored) {
        let Some(adds) = shown.beside(self.members.restored) else { return };
        if self.members.restored.is_none() {
            // What is being granted by a token would come from a storage that has forgotten.
            self.outdate();
        }
        let own = self.config.generation;
        self.effects.event(HubEvent::RolledBack { restored: adds, own });
        self.members.restored = Some(adds);
        self.ask_quietly(Question::Change(Change::Restored(shown)));
    }

    /// A hub whose storage is older than itself makes nobody new credentials.
    pub(in crate::hub) fn not_restored(&self) -> Result<(), No> {
        match self.members.restored {
            None => Ok(()),
            Some(_) => Err(No {
                said: Some(RESTORED_SAID),
                ..No::later(Code::Unavailable, Some(RESTORED))
            }),
        }
    }

    /// An issue that no certificate has had. What is recorded with it makes it durable; where
    /// nothing is, no certificate had it either.
    pub(in crate::hub) fn draw_issue(&mut self) -> Result<u32, No> {
        if self.members.issues >= LAST_ISSUE {
            return Err(Code::Unavailable.into());
        }
        self.members.issues += 1;
        Ok(self.members.issues)
    }
}

fn sign(sign: Sign, peer: PeerId, now: Now) -> Restored {
    Restored { generation: 0, issue: 0, sign, by: Some(peer), at: now.unix }
}
