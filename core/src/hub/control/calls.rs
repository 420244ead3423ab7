//! `calls` and `cancel-call`: what runs, what has ended, and who may stop it. `// spec: control §5 and §7`

use core::fmt;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::{CallName, Known, Record};
use crate::hub::control::arguments::{named, parsed};
use crate::hub::control::peers::PAGE;
use crate::id::LinkId;
use crate::time::Now;
use crate::wire::frame::{Call, Delivery};
use crate::wire::value::ValueBuf;

impl Hub {
    /// Answers with an array of maps, in the order of the numbers. A caller that wants more asks
    /// again with `after` = the last id, until it gets an empty array.
    pub(super) fn calls(&mut self, link: LinkId, call: &Call<'_>) {
        let after = match named(call, ["after"]).and_then(|[after]| parsed(after)) {
            Ok(after) => after,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let generation = self.config.generation;
        let mut known: Vec<_> = self
            .calls
            .iter()
            .filter(|known| self.may_see(link, known))
            .filter(|known| {
                let behind = |CallName(g, n): CallName| (generation, known.number()) > (g, n);
                after.is_none_or(behind)
            })
            .collect();
        known.sort_unstable_by_key(Known::number);
        let (mut page, mut size) = (Vec::new(), 0);
        for known in known {
            // A map of two levels, each key once.
            let Ok(entry) = ValueBuf::map(summary(&known.to_record(), generation)) else {
                continue;
            };
            size += entry.as_value().as_bytes().len();
            page.push(entry);
            if size >= PAGE {
                break;
            }
        }
        self.answer_call(link, call.id, ValueBuf::array(page));
    }

    /// Has a call's runners told to stop; whether it was running.
    pub(super) fn cancel_call(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        let id = match named(call, ["id"]).and_then(|[id]| parsed(id)) {
            Ok(Some(id)) => id,
            Ok(None) => return self.fail(link, call.id, None, Code::BadArgument),
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let Some(known) = self.known_call(link, id) else {
            return self.fail(link, call.id, None, Code::UnknownCall);
        };
        let number = known.number();
        let who = self.live(link).map(|live| live.peer);
        let reason = who.map_or_else(String::new, |who| format!("{who} cancelled the call"));
        let was_running = self.calling(now).cancel(number, &reason);
        self.answer_call(link, call.id, Ok(ValueBuf::boolean(was_running)));
    }

    /// The call of this id, if the link may know of it.
    pub(super) fn known_call(&self, link: LinkId, id: CallName) -> Option<Known<'_>> {
        let CallName(generation, number) = id;
        if generation != self.config.generation {
            return None;
        }
        let known = self.calls.known(number)?;
        self.may_see(link, &known).then_some(known)
    }

    /// A peer knows of its own calls, an administrator of all.
    fn may_see(&self, link: LinkId, known: &Known<'_>) -> bool {
        let Some(live) = self.live(link) else { return false };
        let own = known.caller() == live.peer && self.calls.owns(live.peer, known.number());
        own || live.capabilities.allow(Capability::PeerAdmin)
    }
}

/// The keys that every call has.
pub(super) fn summary(record: &Record, generation: u64) -> Vec<(&'static str, ValueBuf)> {
    let text = |text: &dyn fmt::Display| ValueBuf::text(&text.to_string());
    let delivery = match record.delivery {
        Delivery::Attached => "attached",
        Delivery::Detached => "detached",
    };
    let state = if record.ended.is_some() { "ended" } else { "running" };
    let mut entries = vec![
        ("id", text(&CallName(generation, record.number))),
        ("caller", text(&record.caller)),
        ("target", record.goal.to_value()),
        ("command", text(&record.name)),
        ("delivery", ValueBuf::text(delivery)),
        ("state", ValueBuf::text(state)),
        ("started", ValueBuf::uint(record.started)),
        ("targets", ValueBuf::uint(record.targets)),
        ("answered", ValueBuf::uint(record.counts.answered)),
        ("failed", ValueBuf::uint(record.counts.failed)),
        ("missing", ValueBuf::uint(record.counts.missing)),
    ];
    let claimed = Some(record.claimed).filter(|&claimed| claimed > 0);
    entries.extend(claimed.map(|claimed| ("claimed", ValueBuf::uint(claimed))));
    entries.extend(record.ended.map(|ended| ("ended", ValueBuf::uint(ended))));
    entries
}
