//! `keys`, `rotate-keys` and `export-keys`: the keys that sign join tokens.
//! `// spec: control §14 to §16`

use core::fmt;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::arguments::{flag, named};
use crate::id::{CallId, LinkId};
use crate::ledger::{KeyRecord, Question};
use crate::time::Now;
use crate::token::{KeyState, MOST_KEYS, TokenKeys};
use crate::wire::frame::Call;
use crate::wire::value::{ValueBuf, ValueError};

impl Hub {
    /// Answers with an array of maps, the newest key first.
    pub(super) fn list_keys(&mut self, link: LinkId, call: &Call<'_>) {
        if !self.may(link, call, Capability::KeyAdmin) {
            return;
        }
        if let Err(code) = named(call, []) {
            return self.fail(link, call.id, None, code);
        }
        let mut keys: Vec<_> = self.members.tokens.keys().iter().collect();
        let state = |key: &KeyRecord| (key.state == KeyState::Active, key.created, key.key.id());
        keys.sort_by_key(|key| core::cmp::Reverse(state(key)));
        let keys: Result<Vec<_>, _> = keys.into_iter().map(shown).collect();
        self.answer_call(link, call.id, keys.and_then(ValueBuf::array));
    }

    /// Answers with the keys that verify, as a JWK set.
    pub(super) fn export_keys(&mut self, link: LinkId, call: &Call<'_>) {
        if !self.may(link, call, Capability::KeyAdmin) {
            return;
        }
        if let Err(code) = named(call, []) {
            return self.fail(link, call.id, None, code);
        }
        let mut keys = TokenKeys::new();
        for record in self.members.tokens.keys() {
            keys.insert(record.key.clone(), record.state);
        }
        self.answer_call(link, call.id, Ok(ValueBuf::text(&keys.to_jwks())));
    }

    /// Asks the shell for another key, on the disk; answered when it signs.
    pub(super) fn rotate_keys(&mut self, link: LinkId, call: &Call<'_>) {
        if !self.may(link, call, Capability::KeyAdmin) {
            return;
        }
        let now = match named(call, ["now"]).and_then(|[now]| flag(now)) {
            Ok(now) => now,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        // One at a time: each makes the last one's key an old one.
        if self.count_asked(|question| matches!(question, Question::RotateKeys { .. })) > 0 {
            return self.fail(link, call.id, None, Code::Busy);
        }
        let held = self.members.tokens.keys().iter().filter(|key| key.state != KeyState::Revoked);
        if !now && held.count() >= MOST_KEYS {
            let wrong = format!(
                "{MOST_KEYS} keys verify, and no more may: wait until tokens have ended, or rotate \
                 with 'now'"
            );
            return self.fail_with(link, call.id, Code::Busy, &wrong);
        }
        self.ask(link, call.id, Question::RotateKeys { now });
    }

    /// They are on the disk, and what links are made from has them.
    pub(in crate::hub) fn keys_rotated(
        &mut self,
        (link, call): (LinkId, CallId),
        keys: Vec<KeyRecord>,
        now: Now,
    ) {
        let open = self.members.tokens.open(now.unix);
        self.members.tokens.set_keys(keys);
        let void = open - self.members.tokens.open(now.unix);
        // What is being admitted by a token is asked for again.
        self.outdate();
        let active = self.members.tokens.keys().iter().find(|key| key.state == KeyState::Active);
        let Some(active) = active else { return self.fail(link, call, None, Code::Failed) };
        let value = ValueBuf::map([
            ("kid", ValueBuf::text(&active.key.id().to_string())),
            ("void", ValueBuf::uint(void as u64)),
        ]);
        self.answer_call(link, call, value);
    }
}

fn shown(record: &KeyRecord) -> Result<ValueBuf, ValueError> {
    let text = |text: &dyn fmt::Display| ValueBuf::text(&text.to_string());
    let (state, until) = match record.state {
        KeyState::Active => ("active", None),
        KeyState::VerifyOnly { until } => ("verify-only", Some(until)),
        KeyState::Revoked => ("revoked", None),
    };
    let mut entry = vec![
        ("kid", text(&record.key.id())),
        ("algorithm", text(&record.key.algorithm())),
        ("created", ValueBuf::uint(record.created)),
        ("state", ValueBuf::text(state)),
    ];
    entry.extend(until.map(|until| ("until", ValueBuf::uint(until))));
    ValueBuf::map(entry)
}
