//! `run --batch`: a call for each peer, so many at a time.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use bowline_core::code::Code;
use bowline_core::control::{PeerSummary, PeersRequest};
use bowline_core::id::PeerId;
use bowline_core::wire::frame::Status;
use bowline_shell::call::{CallEvent, Calling};
use bowline_shell::peer::Session;

use super::fan::{Answer, Fan, Told};
use super::target::Target;
use crate::exit::{self, Failure};

/// What makes the call for one peer.
type Caller<'a> = Box<dyn FnMut(PeerId) -> Calling + Send + 'a>;

/// Calls, of which some run and the rest wait.
pub(super) struct Batch<'a> {
    size: usize,
    call: Caller<'a>,
    waiting: VecDeque<PeerId>,
    /// Peers that only claim the labels asked for.
    claimed: u64,
    running: Vec<(PeerId, Calling)>,
    /// Whose turn it is: no peer that talks without end keeps the others from being heard.
    turn: usize,
    /// Why the rest is not called.
    stopped: Option<Code>,
}

impl<'a> Batch<'a> {
    /// The calls that `call` makes for `peers`, `size` at a time.
    pub(super) fn new(
        size: usize,
        Picked { peers, claimed }: Picked,
        call: impl FnMut(PeerId) -> Calling + Send + 'a,
    ) -> Self {
        let (waiting, running) = (peers.into(), Vec::new());
        Self { size, call: Box::new(call), waiting, claimed, running, turn: 0, stopped: None }
    }

    /// What one of the running calls tells.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<Told> {
        for _ in 0..self.running.len() {
            self.turn = (self.turn + 1) % self.running.len();
            let (peer, calling) = &mut self.running[self.turn];
            let peer = *peer;
            match calling.poll_next(cx) {
                Poll::Ready(Some(CallEvent::Output { source, bytes, .. })) => {
                    return Poll::Ready(Told::Output { peer, source, bytes });
                }
                Poll::Ready(Some(CallEvent::Finished(end))) => {
                    drop(self.running.swap_remove(self.turn));
                    // The hub names the peer that it lost; who is not named lost the hub.
                    if end.status == Status::Failed(Code::Lost) && end.peer.is_none() {
                        self.stopped = Some(Code::Lost);
                    }
                    return Poll::Ready(Told::Ended(Answer { peer: Some(peer), ..end.into() }));
                }
                Poll::Ready(_) | Poll::Pending => {}
            }
        }
        Poll::Pending
    }
}

impl Fan for Batch<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Told> {
        match (self.running.len() < self.size, self.stopped) {
            (true, None) => {
                if let Some(peer) = self.waiting.pop_front() {
                    self.running.push((peer, (self.call)(peer)));
                    return Poll::Ready(Told::Sent(vec![peer]));
                }
            }
            (true, Some(code)) if self.running.is_empty() => {
                if let Some(peer) = self.waiting.pop_front() {
                    let (peer, status) = (Some(peer), Status::Failed(code));
                    let text = "not called any more".to_owned();
                    return Poll::Ready(Told::Ended(Answer { peer, status, text: text.into() }));
                }
            }
            _ => {}
        }
        if !self.running.is_empty() {
            return self.poll_running(cx);
        }
        Poll::Ready(Told::Over(match self.stopped {
            Some(Code::Lost) => {
                let lost = format!("{}: the link to the hub ended", Code::Lost);
                Err(Failure::new(exit::UNREACHABLE, lost))
            }
            _ => Ok(None),
        }))
    }

    fn cancel(&mut self) {
        self.stopped.get_or_insert(Code::Cancelled);
        self.running.iter_mut().for_each(|(_, calling)| calling.cancel());
    }

    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn claimed(&self) -> u64 {
        self.claimed
    }
}

/// Whom a target means.
#[derive(Debug, Default)]
pub(super) struct Picked {
    peers: Vec<PeerId>,
    /// How many more would be meant if what peers say of themselves counted.
    claimed: u64,
}

/// Every peer that the hub lists and the target means, the absent ones too.
pub(super) async fn pick(session: &Session, target: &Target) -> Result<Picked, Failure> {
    let mut picked = Picked::default();
    let mut pages = session.hub().pages(PeersRequest::default());
    while let Some(page) = pages.next().await? {
        for PeerSummary { peer, .. } in page.iter() {
            let counts = |name: &str| Some(peer.labels.as_ref()?.get(name)?.as_str());
            let claims = |name: &str| Some(peer.claimed.as_ref()?.get(name)?.as_str());
            let is_meant = match target {
                Target::Peer(one) => *one == peer.id,
                Target::Labels(tests) => tests.hold(counts),
                Target::All => true,
            };
            if is_meant {
                picked.peers.push(peer.id);
            } else if let Target::Labels(tests) = target
                && tests.hold(|name| counts(name).or_else(|| claims(name)))
            {
                picked.claimed += 1;
            }
        }
    }
    Ok(picked)
}
