//! The end of a world: everything is put right, and then everything must work.

use std::time::Duration;

use bowline_core::code::Code;
use bowline_core::id::Jti;
use bowline_core::wire::frame::{Delivery, Purpose, Status};

use crate::sim::model::{Checked, Told, violated};
use crate::sim::peer::PeerNode;
use crate::sim::program::{Plan, Token};
use crate::sim::script::Step;
use crate::sim::wish::{Whom, Wish};
use crate::sim::world::World;

/// Both write more than a window to both outputs, and exit with 3; the second reads first.
const PROBES: [Plan; 2] = [Plan::of(false), Plan::of(true)];

/// Input of each of them: more than the credit that a call begins with.
const FED: u64 = 100_000;

impl World {
    /// Everything is put right; then everybody must come back, and every call must be over.
    ///
    /// # Errors
    /// Something happened that must not, or did not that must.
    pub fn settle(&mut self) -> Checked {
        self.durable.full = false;
        self.peers.iter_mut().for_each(|peer| peer.paused = false);
        match self.model.line.was_put_back {
            true => self.recover()?,
            false => self.wait(Duration::from_secs(150))?,
        }
        self.leave()?;
        self.stop_two()?;
        self.lose_one()?;
        let ends = self.model.ends();
        self.probe()?;
        self.wait(Duration::from_secs(60))?;
        // Those whom nobody lets in try now and then; nothing else ends.
        if self.model.ends() > ends + 12 {
            return violated("links end for no reason", self.model.ends() - ends);
        }
        for peer in self.peers.iter().filter(|peer| peer.honest) {
            let is_bound = self.model.key_of(peer.id) == Some(peer.key.public());
            if is_bound && !peer.is_up() {
                return violated("a peer did not come back", peer.id);
            }
            if !is_bound && peer.is_up() {
                return violated("a peer is up under another's id", peer.id);
            }
            if peer.running() > 0 {
                return violated("a command runs for nobody", (peer.id, peer.running()));
            }
        }
        self.joined()?;
        match self.model.untold().as_slice() {
            [] => Ok(()),
            untold => violated("a call was forgotten", untold),
        }
    }

    /// Everybody who may join has: one key by the first token, two by the second.
    fn joined(&self) -> Checked {
        // Where the ledger was put back, whoever is out was invited again.
        if self.durable.joins.is_none() || self.model.line.was_put_back {
            return Ok(());
        }
        let keys = [1, 2].map(|number| self.model.keys_of(Jti([number; 16])));
        match keys {
            [1, 2] => Ok(()),
            _ => violated("a peer that was invited did not join", keys),
        }
    }

    /// A peer dies while calls run on it: their callers hear of it long before their deadlines.
    fn lose_one(&mut self) -> Checked {
        let is_up = |peer: &&PeerNode| peer.purpose == Purpose::Serve && peer.is_up();
        let Some(id) = self.peers.iter().find(is_up).map(|peer| peer.id) else { return Ok(()) };
        let Some(nth) = self.peers.iter().position(|peer| peer.id == id && peer.is_up()) else {
            return Ok(());
        };
        let one = self.try_out(3, Whom::Peer(id), Plan::staying());
        let all = self.try_out(4, Whom::All, Plan::staying());
        self.wait(Duration::from_secs(2))?;
        self.step(Step::CrashPeer(nth as u8, 500))?;
        self.wait(Duration::from_secs(6))?;
        let told = [one, all].map(|token| self.model.was_told_of(token?, id));
        if told != [Some(Status::Failed(Code::Lost)); 2] {
            return violated("a caller does not hear of a peer that died", (id, told));
        }
        self.peers[4].cancel(0, &mut self.model);
        self.wait(Duration::from_secs(4))?;
        match all.and_then(|token| self.model.was_told(token)) {
            Some(Told::Counts(_)) => Ok(()),
            told => violated("a call for several was cancelled in vain", (all, told)),
        }
    }

    /// An operator dies: what it started stops.
    fn leave(&mut self) -> Checked {
        self.wait(Duration::from_secs(1))?;
        let before: usize = self.peers.iter().map(PeerNode::running).sum();
        self.try_out(3, Whom::All, Plan::staying());
        let is_up = |peer: &&PeerNode| peer.purpose == Purpose::Serve && peer.is_up();
        if let Some(peer) = self.peers.iter().find(is_up).map(|peer| peer.id) {
            self.try_out(3, Whom::Peer(peer), Plan::staying());
        }
        self.wait(Duration::from_secs(2))?;
        self.step(Step::CrashPeer(3, 500))?;
        self.wait(Duration::from_secs(6))?;
        let after: usize = self.peers.iter().map(PeerNode::running).sum();
        match after > before {
            true => violated("a command runs for a caller that died", (before, after)),
            false => Ok(()),
        }
    }

    /// A call is cancelled, and one is late that hears of no deadline: both end in time.
    fn stop_two(&mut self) -> Checked {
        let is_up = |peer: &&PeerNode| peer.purpose == Purpose::Serve && peer.is_up();
        let Some(id) = self.peers.iter().find(is_up).map(|peer| peer.id) else { return Ok(()) };
        let stays = self.try_out(3, Whom::Peer(id), Plan::staying());
        self.wait(Duration::from_secs(2))?;
        self.peers[3].cancel(0, &mut self.model);
        let (within, window, delivery) = (Duration::from_secs(3), 1, Delivery::Attached);
        let wish = Wish { whom: Whom::Peer(id), plan: Plan::deaf(), within, window, delivery };
        let goal = self.goal(wish.whom);
        let deaf = self.peers[4].call(&wish, goal, &mut self.model, self.now);
        self.wait(Duration::from_secs(16))?;
        let told = [stays, deaf].map(|token| self.model.was_told(token?));
        let codes = [Code::Cancelled, Code::Deadline];
        if told != codes.map(|code| Some(Told::Status(Status::Failed(code)))) {
            return violated("a call does not stop in time", (id, told));
        }
        Ok(())
    }

    /// Calls with nothing in their way, more output than credit, and input: each ends by itself.
    fn probe(&mut self) -> Checked {
        let mut tokens = Vec::new();
        for plan in PROBES {
            for by in [3, 4] {
                for to in 0..3 {
                    let target = self.peers[to].id;
                    let is_bound = self.model.key_of(target) == Some(self.peers[to].key.public());
                    if !is_bound {
                        continue;
                    }
                    tokens.push(self.try_out(by, Whom::Peer(target), plan));
                    self.wait(Duration::from_millis(30))?;
                }
                tokens.push(self.try_out(by, Whom::All, plan));
            }
            for _ in 0..100 {
                [3, 4].into_iter().for_each(|by| self.peers[by].feed_all(FED));
                self.wait(Duration::from_millis(100))?;
            }
        }
        for token in tokens {
            let told = token.and_then(|token| self.model.was_told(token));
            match told {
                Some(Told::Status(Status::Exited(3))) => {}
                // All exit with 3, which counts as failed.
                Some(Told::Counts([0, failed, _])) if failed > 0 => {}
                _ => return violated("a call in good weather did not end", (token, told)),
            }
        }
        Ok(())
    }

    /// A call with its input.
    fn try_out(&mut self, by: usize, whom: Whom, plan: Plan) -> Option<Token> {
        let window = if matches!(whom, Whom::All) { 60_000 } else { 9_000 };
        let within = Duration::from_secs(50);
        let wish = Wish { whom, plan, within, window, delivery: Delivery::Attached };
        let goal = self.goal(whom);
        self.peers[by].call(&wish, goal, &mut self.model, self.now)
    }
}
