//! `status`: how the hub is set up, and how much goes on. `// spec: control §2`

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::control::named;
use crate::hub::{Facts, Hub, Standing};
use crate::id::LinkId;
use crate::ledger::Restored;
use crate::time::Now;
use crate::wire::frame::{Call, Method};
use crate::wire::value::{ValueBuf, ValueError};

/// Links, by how far they are and where they come from.
#[derive(Default)]
struct Counts {
    sessions: u64,
    operators: u64,
    pending: u64,
    serving: u64,
    calls: u64,
}

impl Hub {
    pub(super) fn status(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        if !self.may(link, call, Capability::PeerAdmin) {
            return;
        }
        if let Err(code) = named(call, []) {
            return self.fail(link, call.id, None, code);
        }
        let Some(facts) = &self.facts else {
            return self.fail(link, call.id, None, Code::Unsupported);
        };
        let value = self.state(facts, now);
        self.answer_call(link, call.id, value);
    }

    fn state(&self, facts: &Facts, now: Now) -> Result<ValueBuf, ValueError> {
        let contested =
            self.members.registry.twins(now.mono).map(|peer| ValueBuf::text(peer.as_str()));
        let Counts { sessions, operators, pending, serving, calls } = self.counts();
        let texts =
            |texts: &[String]| ValueBuf::array(texts.iter().map(|text| ValueBuf::text(text)));
        let methods = facts.methods.iter().map(|method| ValueBuf::text(method.name()));
        let mut state = vec![
            ("name", ValueBuf::text(&facts.name)),
            ("hub", ValueBuf::text(&facts.hub.to_string())),
            ("version", ValueBuf::text(&facts.version)),
            ("generation", ValueBuf::uint(facts.generation)),
            ("mode", ValueBuf::text(&facts.mode)),
            ("bind", ValueBuf::text(&facts.bind)),
            ("url", ValueBuf::text(&facts.url)),
            ("urls", texts(&facts.urls)?),
            ("methods", ValueBuf::array(methods)?),
            ("auth_required", ValueBuf::boolean(facts.auth_required)),
            ("secret_role", ValueBuf::text(&self.config.secret_role.to_string())),
            ("self_labels", ValueBuf::boolean(self.config.self_labels)),
            ("since", ValueBuf::uint(facts.since)),
            ("warnings", texts(&facts.warnings)?),
            ("sessions", ValueBuf::uint(sessions)),
            ("operators", ValueBuf::uint(operators)),
            ("pending", ValueBuf::uint(pending)),
            ("peers", ValueBuf::uint(self.members.registry.len() as u64)),
            ("serving", ValueBuf::uint(serving)),
            ("calls", ValueBuf::uint(calls)),
            ("contested", ValueBuf::array(contested)?),
            ("joins", ValueBuf::boolean(self.takes_joins(facts))),
            ("tokens", ValueBuf::uint(self.members.tokens.open(now.unix) as u64)),
        ];
        if let Some(Restored { generation, issue, sign, by, at }) = self.members.restored {
            state.push(("rolled_back", ValueBuf::uint(generation)));
            state.push(("rolled_back_sign", ValueBuf::text(&sign.to_string())));
            state.push(("rolled_back_issue", ValueBuf::uint(issue.into())));
            state.push(("rolled_back_at", ValueBuf::uint(at)));
            state.extend(by.map(|by| ("rolled_back_by", ValueBuf::text(by.as_str()))));
        }
        let until = self.members.secrets.old_until();
        state.extend(until.map(|until| ("old_secret_until", ValueBuf::uint(until))));
        state.extend(facts.pin.map(|pin| ("pin", ValueBuf::text(&pin.to_string()))));
        state.extend(facts.not_after.map(|at| ("not_after", ValueBuf::uint(at))));
        state.extend(facts.control.as_ref().map(|path| ("control", ValueBuf::text(path))));
        ValueBuf::map(state)
    }

    /// Whether a join token admits anybody at this moment.
    fn takes_joins(&self, facts: &Facts) -> bool {
        facts.methods.contains(&Method::Join) && self.members.restored.is_none()
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts { calls: self.calls.running() as u64, ..Counts::default() };
        for (_, standing) in self.links.iter() {
            match standing {
                Standing::Live(live) => {
                    counts.serving += u64::from(live.serves.is_some());
                    if live.source.is_local() {
                        counts.operators += 1;
                    } else {
                        counts.sessions += 1;
                    }
                }
                Standing::TurnedAway(_)
                | Standing::Carried(_)
                | Standing::Pending(_)
                | Standing::Reserved(..) => counts.pending += 1,
            }
        }
        counts
    }
}
