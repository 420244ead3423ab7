//! `status`: how the hub is set up, and how much goes on. `// spec: control §2`

use crate::code::Code;
use crate::control::{CommandAnswer, ControlError, Handler, HubStatus, RolledBack, StatusRequest};
use crate::facts::Restored;
use crate::hub::control::Control;
use crate::hub::links::Standing;
use crate::wire::frame::Method;

/// Links, by how far they are and where they come from.
#[derive(Default)]
struct LinkCounts {
    sessions: u64,
    operators: u64,
    pending: u64,
    serving: u64,
    calls: u64,
}

impl Handler<StatusRequest> for Control<'_> {
    fn handle(&mut self, _: StatusRequest) -> Result<CommandAnswer<HubStatus>, ControlError> {
        let (members, now) = (&*self.sessions.members, self.sessions.now);
        let setup = self.setup.cloned().ok_or(Code::Unsupported)?;
        let LinkCounts { sessions, operators, pending, serving, calls } = self.counts();
        Ok(CommandAnswer::Now(HubStatus {
            // Whether a join token admits anybody at this moment.
            joins: setup.methods.contains(&Method::Join) && members.restored().is_none(),
            name: setup.name,
            hub: setup.hub,
            version: setup.version,
            generation: setup.generation,
            mode: setup.mode,
            bind: setup.bind,
            url: setup.url,
            urls: setup.urls,
            methods: setup.methods.into_iter().map(Into::into).collect(),
            auth_required: setup.auth_required,
            secret_role: self.config.secret_role.into(),
            self_labels: self.config.self_labels,
            pin: setup.pin,
            not_after: setup.not_after,
            control: setup.control,
            since: setup.since,
            tokens: members.open_tokens(now.unix) as u64,
            contested: members.duplicate_sessions(now.mono).collect(),
            old_secret_until: members.old_until(),
            warnings: setup.warnings,
            sessions,
            operators,
            pending,
            peers: members.bound_count() as u64,
            serving,
            calls,
            rolled_back: members.restored().map(rolled_back),
        }))
    }
}

fn rolled_back(Restored { generation, issue, sign, by, at }: Restored) -> RolledBack {
    RolledBack { generation, sign: sign.into(), issue, by, at }
}

impl Control<'_> {
    fn counts(&self) -> LinkCounts {
        let mut counts = LinkCounts { calls: self.calls.running() as u64, ..LinkCounts::default() };
        for (_, standing) in self.sessions.links.iter() {
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
