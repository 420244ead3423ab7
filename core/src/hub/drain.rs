//! A hub that stops: it says so at once, lets the calls that are open end, and then ends them.
//!
//! ```text
//!   drain ► Goaway to all, nobody new, no new call ──► each link closes when no call is open on it
//!               └─ within ─► what is open ends as going-away, a slice of links at a time ──┘
//! ```
//!
//! It is over with the last session: [`HubEvent::Drained`]. Here is how far it has come; which
//! calls are open is asked of whoever has them. `// spec: hub §8`

use core::time::Duration;
use std::collections::VecDeque;

use crate::code::Code;
use crate::hub::HubEvent;
use crate::hub::effects::Effects;
use crate::id::LinkId;
use crate::rate::seconds;
use crate::time::{Mono, Now};
use crate::wire::Frame;
use crate::wire::frame::Goaway;

/// Whether the hub stops, and what it knows of it then.
#[derive(Debug, Default)]
pub(super) struct Drain(Option<Begun>);

#[derive(Debug)]
struct Begun {
    /// When calls that are open end.
    until: Mono,
    /// That moment has come.
    is_over: bool,
    /// Links whose calls are still to be ended.
    ending: VecDeque<LinkId>,
    /// Sessions that have not ended.
    sessions: usize,
}

/// How far a hub is with stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It does not stop.
    Open,
    /// It takes no call, and waits for those that are open.
    Draining,
    /// Calls that are open have had their time.
    Over,
}

impl Drain {
    /// Stops, with these sessions: each is told Goaway, and how long the hub may still be there.
    pub(super) fn begin(
        &mut self,
        sessions: &[LinkId],
        within: Duration,
        is_idle: impl Fn(LinkId) -> bool,
        effects: &mut Effects,
        now: Now,
    ) {
        let is_busy = sessions.iter().any(|&link| !is_idle(link));
        self.0 = Some(Begun {
            until: now.mono.after(within),
            is_over: false,
            ending: VecDeque::new(),
            sessions: sessions.len(),
        });
        effects.watch();
        let reconnect_after = if is_busy { self.wait(now) } else { Some(1) };
        let goaway = Frame::Goaway(Goaway { code: Code::GoingAway, text: "", reconnect_after });
        for &link in sessions {
            if effects.closing(link).is_none() {
                effects.send(link, &goaway);
            }
        }
        if sessions.is_empty() {
            effects.event(HubEvent::Drained);
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match &self.0 {
            None => Stage::Open,
            Some(Begun { is_over: false, .. }) => Stage::Draining,
            Some(Begun { is_over: true, .. }) => Stage::Over,
        }
    }

    /// Seconds until a hub that stops has stopped, at least one; none where it does not.
    pub(super) fn wait(&self, now: Now) -> Option<u64> {
        self.0.as_ref().map(|drain| seconds(drain.until.since(now.mono)).max(1))
    }

    /// When calls that are open end.
    pub(super) fn due(&self) -> Option<Mono> {
        self.0.as_ref().filter(|drain| !drain.is_over).map(|drain| drain.until)
    }

    /// Time has passed; whether calls that are open have had theirs by now. It says so once, and
    /// gives out the links of `sessions` from then on: see [`Drain::next`].
    pub(super) fn time_passed(&mut self, now: Now, sessions: impl Iterator<Item = LinkId>) -> bool {
        match &mut self.0 {
            Some(drain) if !drain.is_over && drain.until <= now.mono => {
                drain.is_over = true;
                drain.ending = sessions.collect();
                true
            }
            Some(_) | None => false,
        }
    }

    /// The next link whose calls are to be ended.
    pub(super) fn next(&mut self) -> Option<LinkId> {
        self.0.as_mut()?.ending.pop_front()
    }

    /// Whether links wait for their calls to be ended.
    pub(super) fn has_work(&self) -> bool {
        self.0.as_ref().is_some_and(|drain| !drain.ending.is_empty())
    }

    /// A session has ended.
    pub(super) fn session_ended(&mut self, effects: &mut Effects) {
        let Some(drain) = &mut self.0 else { return };
        drain.sessions = drain.sessions.saturating_sub(1);
        if drain.sessions == 0 {
            effects.event(HubEvent::Drained);
        }
    }
}

/// Closes each of these links, on which something happened, where no call is open.
pub(super) fn settle(
    touched: Vec<LinkId>,
    is_idle: impl Fn(LinkId) -> bool,
    effects: &mut Effects,
) {
    for link in touched {
        if effects.closing(link).is_none() && is_idle(link) {
            effects.close(link, Code::GoingAway, false);
        }
    }
}
