//! `rotate-secret`: another shared secret in the place of the current one. `// spec: control §8`

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::arguments::named;
use crate::hub::members::secrets::Held;
use crate::id::{CallId, LinkId, SecretNumber};
use crate::ledger::{Question, Rotated};
use crate::time::Now;
use crate::wire::frame::Call;
use crate::wire::value::{Scalar, ValueBuf};

/// Seconds for which an old secret may still admit: a second to seven days.
pub const GRACE: core::ops::RangeInclusive<u64> = 1..=7 * 24 * 60 * 60;

impl Hub {
    /// Asks the shell for another secret, on the disk; answered when it admits.
    pub(super) fn rotate_secret(&mut self, link: LinkId, call: &Call<'_>) {
        if !self.may(link, call, Capability::KeyAdmin) {
            return;
        }
        let grace = match grace(call) {
            Ok(grace) => grace,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        // The numbers follow each other, so one at a time.
        if self.is_asked(|question| matches!(question, Question::Rotate { .. })) {
            return self.fail(link, call.id, None, Code::Busy);
        }
        let number = SecretNumber(self.members.secrets.current().0 + 1);
        self.ask(link, call.id, Question::Rotate { number, grace });
    }

    /// It is on the disk, and what links are made from has it.
    pub(in crate::hub) fn rotated(
        &mut self,
        link: LinkId,
        call: CallId,
        number: SecretNumber,
        rotated: &Rotated,
        now: Now,
    ) {
        let old = rotated.old_until.map(|until| (self.members.secrets.current(), until));
        self.members.secrets = Held::new(number, old, now);
        let ended = self.end_outdated();
        let mut value =
            vec![("file", ValueBuf::text(&rotated.file)), ("ended", ValueBuf::uint(ended))];
        value.extend(rotated.old_until.map(|until| ("old_until", ValueBuf::uint(until))));
        self.answer_call(link, call, ValueBuf::map(value));
        self.look_at_secrets(now);
    }
}

fn grace(call: &Call<'_>) -> Result<Option<u64>, Code> {
    match named(call, ["grace_s"])? {
        [None] => Ok(None),
        [Some(Scalar::Integer(seconds))] => u64::try_from(seconds)
            .ok()
            .filter(|seconds| GRACE.contains(seconds))
            .map(Some)
            .ok_or(Code::BadArgument),
        [Some(_)] => Err(Code::BadArgument),
    }
}
