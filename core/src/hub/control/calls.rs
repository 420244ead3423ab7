//! `calls` and `cancel-call`: what runs, what has ended, and who may stop it. `// spec: control §5 and §7`

use core::fmt;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::job::Job;
use crate::hub::calls::record::{CallName, CallNumber, Record};
use crate::hub::calls::routes::{Forward, Made};
use crate::hub::control::arguments::{named, parsed};
use crate::hub::control::peers::PAGE;
use crate::id::{CallId, LinkId, PeerId};
use crate::wire::frame::{Call, Cancel, Delivery};
use crate::wire::value::ValueBuf;

/// Where a call that is known stands.
#[derive(Clone, Copy)]
pub(super) enum Known<'h> {
    /// It runs, on the link that made it.
    Made(LinkId, CallId, PeerId, &'h Forward),
    /// The hub carries it out, or keeps it.
    Job(&'h Job),
    /// It was attached and has ended.
    Ended(&'h Record),
}

impl Known<'_> {
    pub(super) fn number(&self) -> CallNumber {
        match self {
            Self::Made(_, _, _, forward) => forward.number,
            Self::Job(job) => job.number,
            Self::Ended(record) => record.number,
        }
    }

    fn caller(&self) -> PeerId {
        match self {
            Self::Made(_, _, caller, _) => *caller,
            Self::Job(job) => job.caller,
            Self::Ended(record) => record.caller,
        }
    }

    pub(super) fn to_record(self) -> Record {
        match self {
            Self::Made(_, _, caller, forward) => forward.to_record(caller),
            Self::Job(job) => job.to_record(),
            Self::Ended(record) => record.clone(),
        }
    }
}

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
            .known_calls()
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
    pub(super) fn cancel_call(&mut self, link: LinkId, call: &Call<'_>) {
        let id = match named(call, ["id"]).and_then(|[id]| parsed(id)) {
            Ok(Some(id)) => id,
            Ok(None) => return self.fail(link, call.id, None, Code::BadArgument),
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let Some(known) = self.known_call(link, id) else {
            return self.fail(link, call.id, None, Code::UnknownCall);
        };
        enum Runs {
            Made(LinkId, CallId),
            Job(CallNumber),
        }
        let runs = match known {
            Known::Made(caller, id, _, _) => Some(Runs::Made(caller, id)),
            Known::Job(job) if job.ended.is_none() => Some(Runs::Job(job.number)),
            Known::Job(_) | Known::Ended(_) => None,
        };
        let who = self.live(link).map(|live| live.peer);
        let reason = who.map_or_else(String::new, |who| format!("{who} cancelled the call"));
        match runs {
            Some(Runs::Made(caller, id)) => self.cancel(caller, &Cancel { id, reason: &reason }),
            Some(Runs::Job(number)) => self.cancel_job(number, &reason),
            None => {}
        }
        self.answer_call(link, call.id, Ok(ValueBuf::boolean(runs.is_some())));
    }

    /// The call of this id, if the link may know of it.
    pub(super) fn known_call(&self, link: LinkId, id: CallName) -> Option<Known<'_>> {
        let CallName(generation, number) = id;
        if generation != self.config.generation {
            return None;
        }
        let jobs = self.calls.book.job(number).map(Known::Job);
        let known = jobs
            .or_else(|| self.calls.book.ended().find(number).map(Known::Ended))
            .or_else(|| self.made_calls().find(|known| known.number() == number))?;
        self.may_see(link, &known).then_some(known)
    }

    fn known_calls(&self) -> impl Iterator<Item = Known<'_>> {
        let jobs = self.calls.book.jobs().map(Known::Job);
        jobs.chain(self.calls.book.ended().iter().map(Known::Ended)).chain(self.made_calls())
    }

    /// Attached calls for one peer that run.
    fn made_calls(&self) -> impl Iterator<Item = Known<'_>> {
        let live = self
            .links
            .live()
            .filter_map(|(link, live)| Some((link, live.peer, self.calls_of(link)?)));
        live.flat_map(|(link, peer, calls)| {
            calls.made.iter().filter_map(move |(id, made)| match made {
                Made::Call(forward) => Some(Known::Made(link, *id, peer, forward)),
                Made::Job(_) => None,
            })
        })
    }

    /// A peer knows of its own calls, an administrator of all.
    fn may_see(&self, link: LinkId, known: &Known<'_>) -> bool {
        let Some(live) = self.live(link) else { return false };
        let own = known.caller() == live.peer && self.calls.book.owns(live.peer, known.number());
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
