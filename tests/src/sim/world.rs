//! A world: one hub, its peers, two operators, and a network between them, on a virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bowline_core::auth::SharedSecret;
use bowline_core::limits::Limits;
use bowline_core::time::{Mono, Now};
use bowline_core::tunnel::ClientTls;
use bowline_core::wire::frame::{Delivery, Purpose};
use bowline_testkit::later;

use crate::sim::dice::Dice;
use crate::sim::durable::Durable;
use crate::sim::hub::HubNode;
use crate::sim::impostor::Impostor;
use crate::sim::joins::{JoinKeys, START};
use crate::sim::model::{Checked, Goal, Model, Violation, violated};
use crate::sim::network::{End, Pipe};
use crate::sim::peer::PeerNode;
use crate::sim::program::Plan;
use crate::sim::restored::Backup;
use crate::sim::script::Step;
use crate::sim::wish::{Whom, Wish};

/// Turns of everything, after which a world that has not come to rest never will.
const TURNS: usize = 20_000;
/// In every so many worlds, the hub takes join tokens.
const JOINING: u64 = 4;
/// Bytes that a link's buffers may hold.
const MEMORY: usize = 512 << 10;
/// When both ends of a connection that swallows must have ended: silence, and the last words.
const DEAD: Duration = Duration::from_secs(48);

/// Everything.
#[derive(Debug)]
pub struct World {
    pub(super) now: Now,
    dice: Dice,
    limits: Limits,
    pub(super) durable: Durable,
    hub: Option<HubNode>,
    /// Who answers while it is down.
    impostor: Option<Impostor>,
    /// When a hub that is down starts again.
    hub_back: Option<Mono>,
    pub(super) peers: Vec<PeerNode>,
    peers_back: BTreeMap<usize, Mono>,
    conns: BTreeMap<u64, Conn>,
    next_conn: u64,
    /// Connections to the hub that is meant.
    genuine: BTreeSet<u64>,
    recordings: Vec<Vec<u8>>,
    pub(super) model: Model,
    /// A copy of the ledger, and how many tokens were made after it was put back.
    pub(super) backup: Option<Backup>,
    pub(super) invited: u8,
    /// Moments at which something happened.
    pub moments: u64,
}

/// A connection.
#[derive(Debug)]
struct Conn {
    up: Pipe,
    down: Pipe,
    client: Client,
    recorded: Vec<u8>,
    swallowed: Option<Mono>,
    /// Each end was told that the other's bytes have ended.
    up_over: bool,
    down_over: bool,
}

#[derive(Clone, Copy, Debug)]
enum Client {
    Peer(usize),
    /// Somebody who sends what was sent before, and reads nothing.
    Replayer,
}

impl World {
    /// A world in which everybody is about to start.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let now = Now { mono: Mono(1), unix: START };
        let mut limits = Limits::default();
        (limits.open_calls, limits.output_window) = (8, 256 << 10);
        (limits.call_queue, limits.output_lane, limits.answer_lane) = (8 << 10, 32 << 10, 16 << 10);
        let secret = SharedSecret::new(&dice.bytes()).expect("a secret");
        let wrong = SharedSecret::new(&dice.bytes()).expect("a secret");
        let mut durable = Durable::new(dice.bytes(), secret.clone());
        durable.joins = seed.is_multiple_of(JOINING).then(|| JoinKeys { seed: dice.bytes() });
        let mut peers = Vec::new();
        for (id, purpose, secret, honest) in [
            ("p0", Purpose::Serve, &secret, true),
            ("p1", Purpose::Serve, &secret, true),
            ("p2", Purpose::Serve, &secret, true),
            ("o0", Purpose::Operate, &secret, true),
            ("o1", Purpose::Operate, &secret, true),
            // The id of another, with a key of its own; and a wrong secret.
            ("p0", Purpose::Serve, &secret, true),
            ("p9", Purpose::Serve, &wrong, false),
        ] {
            let peer = PeerNode::new(id, purpose, secret.clone(), honest, &limits, &mut dice);
            peers.push(peer);
        }
        // Two for a token that one key may use, and two for one that two may.
        let wanted = [("j0", 1, 1), ("j1", 1, 1), ("j2", 2, 2), ("j3", 2, 2)];
        let joining = durable.joins.is_some();
        for (id, number, uses) in wanted.into_iter().filter(|_| joining) {
            let serve = Purpose::Serve;
            let mut peer = PeerNode::new(id, serve, secret.clone(), true, &limits, &mut dice);
            let token = durable.issue(number, uses);
            peer.token = token.map(|token| (token, durable.id()));
            peers.push(peer);
        }
        let tls = durable.joins.map(|_| ClientTls::new().expect("TLS"));
        peers.iter_mut().for_each(|peer| peer.tls.clone_from(&tls));
        let peers_back = (0..peers.len()).map(|nth| (nth, Mono(1 + dice.below(2_000_000_000))));
        let peers_back = peers_back.collect();
        let mut model = Model::new(durable.id());
        peers.iter().filter(|peer| !peer.honest).for_each(|peer| model.bar(peer.id));
        peers.iter().filter(|peer| peer.lies()).for_each(|peer| model.line.lies(peer.id));
        Self {
            now,
            dice,
            limits,
            durable,
            hub: None,
            impostor: None,
            hub_back: Some(Mono(1)),
            peers,
            peers_back,
            conns: BTreeMap::new(),
            next_conn: 1,
            genuine: BTreeSet::new(),
            recordings: Vec::new(),
            model,
            backup: None,
            invited: 0,
            moments: 0,
        }
    }

    /// What is known of it.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Does one step.
    ///
    /// # Errors
    /// Something happened that must not.
    pub fn step(&mut self, step: Step) -> Checked {
        match step {
            Step::Wait(ms) => return self.wait(Duration::from_millis(ms.into())),
            Step::Call(by, to, what, within, how) => self.call(by, to, what, within, how),
            Step::Cancel(by, nth) => {
                let by = self.operator(by);
                self.peers[by].cancel(nth.into(), &mut self.model);
            }
            Step::Feed(by, nth, bytes) => {
                let by = self.operator(by);
                self.peers[by].feed(nth.into(), bytes.into(), false);
            }
            Step::EndInput(by, nth) => {
                let by = self.operator(by);
                self.peers[by].feed(nth.into(), 0, true);
            }
            Step::Pause(by) => {
                let by = self.operator(by);
                self.peers[by].paused ^= true;
            }
            Step::Cut(nth) => self.with_conn(nth, |conn, _| {
                conn.up.cut();
                conn.down.cut();
            }),
            Step::Stall(nth, ms) => self.with_conn(nth, |conn, now| {
                let until = now.after(Duration::from_millis(ms.into()));
                conn.up.stall(until);
                conn.down.stall(until);
            }),
            Step::Swallow(nth) => self.with_conn(nth, |conn, now| {
                conn.up.swallow();
                conn.down.swallow();
                conn.swallowed.get_or_insert(now);
            }),
            Step::CrashHub(ms) => self.crash_hub(ms),
            Step::StopHub(ms) => {
                if let Some(hub) = &mut self.hub {
                    hub.stop(self.now);
                }
                self.wait(Duration::from_millis(2_500))?;
                self.crash_hub(ms);
            }
            Step::CrashPeer(nth, ms) => {
                let nth = usize::from(nth) % self.peers.len();
                self.peers[nth].crash(&mut self.model, &mut self.dice);
                let back = self.now.mono.after(Duration::from_millis(ms.into()));
                self.peers_back.insert(nth, back);
            }
            Step::Impostor(ms) => {
                self.crash_hub(ms);
                self.impostor = Some(Impostor::new(&mut self.dice, &self.limits));
            }
            Step::Replay(nth) => self.replay(nth),
            Step::Clock(seconds) => {
                self.now.unix = self.now.unix.saturating_add_signed(seconds.into());
            }
            Step::Disk(room) => self.durable.full = !room,
            Step::Backup => self.back_up(),
            Step::PutBack(ms) => self.put_back(ms),
            Step::Accept(keeps) => self.accept(keeps),
        }
        self.rest()
    }

    fn operator(&self, by: u8) -> usize {
        3 + usize::from(by) % 2
    }

    fn call(&mut self, by: u8, to: u8, what: u32, within: u8, how: u8) {
        let whom = match to % 12 {
            11 => Whom::Peer("nobody".parse().expect("an id")),
            10 => Whom::Zone("c"),
            9 => Whom::Zone("a"),
            7 | 8 => Whom::All,
            to => Whom::Peer(self.peers[usize::from(to) % 3].id),
        };
        let delivery = if how.is_multiple_of(8) { Delivery::Detached } else { Delivery::Attached };
        let within = Duration::from_millis(1 + u64::from(within) * 1_000);
        let window = 1 + u64::from(how) * 997;
        let wish = Wish { whom, plan: Plan(what), within, window, delivery };
        let (by, goal) = (self.operator(by), self.goal(whom));
        self.peers[by].call(&wish, goal, &mut self.model, self.now);
    }

    pub(super) fn goal(&self, whom: Whom) -> Goal {
        let peers = self.peers.iter().filter(|peer| peer.purpose == Purpose::Serve);
        match whom {
            Whom::Peer(peer) => Goal::One(peer),
            // Peers say of themselves which zone they are of; no token does.
            Whom::Zone(_) if self.durable.joins.is_some() => Goal::Some(BTreeSet::new()),
            Whom::Zone(zone) => {
                Goal::Some(peers.filter(|peer| peer.zone == zone).map(|peer| peer.id).collect())
            }
            Whom::All => Goal::Some(peers.map(|peer| peer.id).collect()),
        }
    }

    fn with_conn(&mut self, nth: u8, change: impl FnOnce(&mut Conn, Mono)) {
        let count = self.conns.len();
        let Some(nth) = usize::from(nth).checked_rem(count) else { return };
        if let Some(conn) = self.conns.values_mut().nth(nth) {
            change(conn, self.now.mono);
        }
    }

    pub(super) fn crash_hub(&mut self, ms: u16) {
        if let Some(hub) = self.hub.take() {
            hub.crash(&mut self.durable, &mut self.dice);
            self.model.link_ended();
        }
        self.impostor = None;
        self.hub_back = Some(self.now.mono.after(Duration::from_millis(ms.into())));
    }

    fn replay(&mut self, nth: u8) {
        let count = self.recordings.len();
        let Some(nth) = usize::from(nth).checked_rem(count) else { return };
        let bytes = self.recordings[nth].clone();
        if let Some(id) = self.connect(Client::Replayer)
            && let Some(conn) = self.conns.get_mut(&id)
        {
            conn.up.put(&bytes, self.now.mono, &mut self.dice);
        }
    }

    fn connect(&mut self, client: Client) -> Option<u64> {
        let id = self.next_conn;
        let is_peer = matches!(client, Client::Peer(_));
        match (&mut self.hub, &mut self.impostor) {
            (Some(hub), _) => {
                if !hub.accept(id, is_peer, &mut self.dice, self.now) {
                    return None;
                }
                self.genuine.insert(id);
            }
            (None, Some(impostor)) => impostor.accept(id, &mut self.dice),
            (None, None) => return None,
        }
        self.next_conn += 1;
        let conn = Conn {
            up: Pipe::default(),
            down: Pipe::default(),
            client,
            recorded: Vec::new(),
            swallowed: None,
            up_over: false,
            down_over: false,
        };
        self.conns.insert(id, conn);
        Some(id)
    }

    /// Lets time pass, from one moment at which something happens to the next.
    pub(super) fn wait(&mut self, time: Duration) -> Checked {
        let until = self.now.mono.after(time);
        loop {
            self.rest()?;
            let next = self.next().filter(|&next| next < until).unwrap_or(until);
            let passed = next.since(self.now.mono);
            self.now = later(self.now, next);
            self.moments += 1;
            if next >= until {
                return self.rest();
            }
            if passed.is_zero() {
                return violated("time stands still", self.now);
            }
        }
    }

    fn next(&mut self) -> Option<Mono> {
        let now = self.now;
        let pipes = self.conns.values().flat_map(|conn| [conn.up.next(), conn.down.next()]);
        let pipes: Vec<_> = pipes.flatten().filter(|&at| at > now.mono).collect();
        let peers: Vec<_> = self.peers.iter_mut().filter_map(|peer| peer.next(now)).collect();
        let back = self.peers_back.values().copied().chain(self.hub_back);
        let hub = self.hub.as_ref().and_then(HubNode::next);
        back.chain(pipes).chain(peers).chain(hub).min()
    }

    /// Turns everything until nothing moves.
    fn rest(&mut self) -> Checked {
        for _ in 0..TURNS {
            if !self.turn()? {
                return self.look();
            }
        }
        violated("the world does not come to rest", self.now)
    }

    fn turn(&mut self) -> Result<bool, Violation> {
        let now = self.now;
        let mut moved = self.come_back();
        for nth in 0..self.peers.len() {
            if self.peers[nth].wants_to_dial(now) {
                self.model.dials(self.peers[nth].key.public(), now.mono)?;
                let conn = self.connect(Client::Peer(nth));
                let peer = &mut self.peers[nth];
                peer.dialled(conn, &mut self.dice, now);
                self.model.line.shows(peer.key.public(), peer.would_show());
                moved = true;
            }
        }
        let Self { hub, durable, impostor, model, dice, peers, genuine, .. } = self;
        if let Some(hub) = hub {
            moved |= hub.turn(durable, model, dice, now)?;
        }
        if let Some(impostor) = impostor {
            moved |= impostor.turn(now);
        }
        for peer in peers {
            moved |= peer.turn(genuine, model, dice, now)?;
        }
        for id in self.conns.keys().copied().collect::<Vec<_>>() {
            moved |= self.carry(id);
        }
        Ok(moved)
    }

    fn come_back(&mut self) -> bool {
        let now = self.now.mono;
        let due: Vec<_> =
            self.peers_back.iter().filter(|(_, at)| **at <= now).map(|(nth, _)| *nth).collect();
        for nth in &due {
            self.peers_back.remove(nth);
            self.peers[*nth].start(&mut self.dice, self.now);
        }
        let hub = self.hub_back.is_some_and(|at| at <= now);
        if hub {
            self.hub_back = None;
            self.impostor = None;
            self.hub = Some(HubNode::start(&mut self.durable, &self.limits));
        }
        hub || !due.is_empty()
    }

    /// Moves bytes of one connection; whether any moved.
    fn carry(&mut self, id: u64) -> bool {
        let Self { now, dice, hub, impostor, peers, conns, recordings, .. } = self;
        let Some(conn) = conns.get_mut(&id) else { return false };
        let client = match conn.client {
            Client::Peer(nth) => peers[nth].link(id),
            Client::Replayer => None,
        };
        let real = hub.as_mut().and_then(|hub| hub.end(id));
        let real = real.filter(|end| !end.ended).map(|end| end.link() as &mut dyn End);
        let other = impostor.as_mut().and_then(|impostor| impostor.end(id));
        let other = other.filter(|end| !end.ended).map(|end| end as &mut dyn End);
        let server = real.or(other);
        let server_over = server.is_none();
        let client_over = match conn.client {
            Client::Peer(_) => client.as_ref().is_none_or(|(_, ended)| *ended),
            Client::Replayer => server_over,
        };
        let mut moved = false;
        match client {
            Some((link, false)) => {
                moved |= conn.up.take_from(link, *now, dice, &mut conn.recorded);
                moved |= conn.down.give_to(link, *now, &mut conn.down_over);
            }
            _ => {
                conn.down.discard(now.mono);
            }
        }
        match server {
            Some(end) => {
                moved |= conn.down.take_from(end, *now, dice, &mut Vec::new());
                moved |= conn.up.give_to(end, *now, &mut conn.up_over);
            }
            None => {
                conn.up.discard(now.mono);
            }
        }
        if client_over {
            conn.up.end();
        }
        if server_over {
            conn.down.end();
        }
        if client_over && server_over {
            if conn.recorded.len() > 200 {
                recordings.push(core::mem::take(&mut conn.recorded));
            }
            conns.remove(&id);
            hub.iter_mut().for_each(|hub| hub.forget(id));
            impostor.iter_mut().for_each(|impostor| impostor.forget(id));
        }
        moved
    }

    /// What must hold at every moment.
    fn look(&mut self) -> Checked {
        let Self { now, hub, peers, conns, genuine, .. } = self;
        for (&id, conn) in conns {
            // Who pretends to be a hub notices nothing.
            let dead =
                genuine.contains(&id) && conn.swallowed.is_some_and(|at| now.mono > at.after(DEAD));
            if dead {
                return violated("a dead link was not noticed", id);
            }
            let client = match conn.client {
                Client::Peer(nth) => peers[nth].link(id).map(|(link, _)| &*link),
                Client::Replayer => None,
            };
            let server = hub.as_mut().and_then(|hub| hub.end(id)).map(|end| &*end.link());
            for link in client.into_iter().chain(server) {
                if link.memory() > MEMORY {
                    return violated("a link holds too much", link.memory());
                }
            }
        }
        hub.as_mut().map_or(Ok(()), |hub| hub.look(*now))
    }
}
