//! A peer's end of a connection: calls that it runs, calls that it made, and what is on its way to
//! its disk.

use std::collections::BTreeMap;

use bowline_core::ask::{AskId, PeerUpdate};
use bowline_core::code::Code;
use bowline_core::id::{CallId, PeerId};
use bowline_core::link::Link;
use bowline_core::time::{Mono, Now};
use bowline_core::wire::frame::Status;

use crate::sim::came::Came;
use crate::sim::model::{Model, Violation, violated};
use crate::sim::program::{Looked, Run, Token, byte};

/// A peer's end of a connection.
#[derive(Debug)]
pub(super) struct PeerEnd {
    /// The connection.
    pub conn: u64,
    pub(super) link: Link,
    pub(super) admitted: bool,
    pub(super) registered: bool,
    /// What is on its way to the disk.
    pub(super) keeping: Option<Keeping>,
    pub(super) runs: BTreeMap<CallId, Run>,
    pub(super) made: BTreeMap<CallId, Made>,
    pub(super) ended: bool,
}

/// What is on its way to a peer's disk.
#[derive(Debug)]
pub(super) struct Keeping {
    pub(super) done: Mono,
    pub(super) ask: AskId,
    pub(super) kept: Box<PeerUpdate>,
}

/// A call that an operator made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) token: Token,
    /// Whether more than one may answer.
    pub(super) many: bool,
    pub(super) got: BTreeMap<PeerId, [u64; 2]>,
    pub(super) fed: u64,
    pub(super) input_ended: bool,
    pub(super) unread: u64,
}

impl PeerEnd {
    pub(super) fn take(
        &mut self,
        came: Came,
        model: &mut Model,
        now: Now,
    ) -> Result<(), Violation> {
        match came {
            Came::Registered => self.registered = true,
            Came::Call(id, token, plan, deadline) => {
                self.runs.insert(id, Run::new(token, plan, id, deadline));
            }
            Came::Input(id, offset, bytes, end) => {
                if let Some(run) = self.runs.get_mut(&id) {
                    if !run.input(offset, &bytes, end) {
                        return violated("input was changed on the way", run.token);
                    }
                    self.link.grant(id, bytes.len() as u64);
                }
            }
            Came::Cancel(id) => {
                if let Some(run) = self.runs.get_mut(&id) {
                    run.stop(Code::Cancelled);
                }
            }
            Came::Output(id, peer, at, offset, bytes) => {
                let Some(made) = self.made.get_mut(&id) else {
                    return violated("output of a call that is over", id);
                };
                let got = &mut made.got.entry(peer).or_default()[at];
                let source = at as u64 + 1;
                let same = (offset..).zip(&bytes).all(|(o, b)| *b == byte(made.token, source, o));
                if offset != *got || !same {
                    return violated("output was changed on the way", made.token);
                }
                *got += bytes.len() as u64;
                made.unread += bytes.len() as u64;
            }
            Came::Result(id, peer, status) => {
                let is_part = self.made.get(&id).is_some_and(|made| made.many);
                let made = if is_part { None } else { self.made.remove(&id) };
                let Some(made) = made.as_ref().or_else(|| self.made.get(&id)) else {
                    return violated("a call ended twice on its link", id);
                };
                let got = peer.and_then(|peer| made.got.get(&peer)).copied().unwrap_or_default();
                match (made.many, peer) {
                    (false, _) => model.told(made.token, status, got, now.mono)?,
                    (true, Some(peer)) => {
                        model.told_of(made.token, peer, status, got, now.mono)?;
                    }
                    (true, None) => return violated("a result of nobody", made.token),
                }
            }
            Came::Done(id, counts) => match self.made.remove(&id) {
                Some(made) if made.many => model.done(made.token, counts)?,
                _ => return violated("a call ended twice on its link", id),
            },
            Came::Denied(id, status) => match self.made.remove(&id) {
                Some(made) => model.told(made.token, status, [0; 2], now.mono)?,
                None => return violated("a call ended twice on its link", id),
            },
            Came::Nothing => {}
        }
        Ok(())
    }

    /// Commands go on.
    pub(super) fn run(&mut self, peer: PeerId, model: &mut Model, now: Now) -> bool {
        let Self { runs, link, .. } = self;
        let before = runs.len();
        runs.retain(|_, run| match run.look(link, now.mono) {
            Looked::Waits => true,
            Looked::Ended(status) => {
                model.ran(run.token, peer, status, run.written);
                false
            }
            Looked::Gone => false,
        });
        runs.len() < before
    }

    /// An operator that reads gives credit for what it has read.
    pub(super) fn read(&mut self) {
        for (id, made) in &mut self.made {
            self.link.grant(*id, core::mem::take(&mut made.unread));
        }
    }

    /// The link is over: whoever waits hears that its call is lost.
    pub(super) fn abandon(&mut self, model: &mut Model, now: Now) -> Result<(), Violation> {
        self.runs.clear();
        for made in core::mem::take(&mut self.made).into_values() {
            model.told(made.token, Status::Failed(Code::Lost), [0; 2], now.mono)?;
        }
        Ok(())
    }
}
