//! A peer whose hub was taken over, in virtual time: what it dials, holds, runs and is told stays
//! within its bounds, and it comes back once the hub is honest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bowline_core::ask::{Answer, Question};
use bowline_core::auth::{Dial, Transport};
use bowline_core::code::Code;
use bowline_core::id::{CallId, PeerId};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::limits::Limits;
use bowline_core::link::{Event, Link};
use bowline_core::peer::{BackoffSpans, LinkOutcome, NextDial, Peer};
use bowline_core::random::{Random, Seed};
use bowline_core::time::{Mono, Now};
use bowline_core::trust::KnownHub;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{CallResult, Command, Register, Status};
use bowline_testkit::later;

use crate::sim::dice::Dice;
use crate::sim::joins::START;
use crate::sim::model::{Checked, violated};
use crate::sim::taken::Taken;

/// Bytes that a link's buffers may hold.
const MEMORY: usize = 2 << 20;
/// Dials in a minute.
const DIALS: usize = 30;
/// The longest that a peer may wait between two dials: an hour that it was asked for, and the most
/// by itself.
const WAITS: Duration = Duration::from_secs(3600 + 60 + 30);
/// How often the hub does something.
const ACTS: Duration = Duration::from_millis(250);

/// The peer, its hub, and what has been seen.
struct Captive {
    now: Now,
    dice: Dice,
    hub: Taken,
    limits: Limits,
    id: PeerId,
    machine: Peer,
    link: Option<Link>,
    dialled: VecDeque<Mono>,
    dials: usize,
    kept: usize,
    /// Calls that came and are open, with the bytes of their arguments.
    open: BTreeMap<CallId, usize>,
    /// Calls that came in this session, and when it began.
    calls: (u64, Mono),
    registered: usize,
    heard: bool,
}

/// Lets a peer be dialled by a hub that was taken over until it has dialled so often, and then has
/// the hub be honest. How often it dialled, and how many calls came.
///
/// # Errors
/// Something happened that must not, or did not that must.
pub fn run(seed: u64, dials: usize) -> Result<(usize, u64), crate::sim::Violation> {
    let mut captive = Captive::new(seed);
    let mut calls = 0;
    while captive.dials < dials {
        captive.moment()?;
        calls = calls.max(captive.calls.0);
    }
    captive.hub.honest = true;
    captive.end(LinkOutcome { is_retryable: true, retry_after: None });
    let by = captive.now.mono.after(WAITS);
    while !captive.heard {
        if captive.now.mono > by {
            return violated("a peer did not come back to an honest hub", captive.dials);
        }
        captive.moment()?;
    }
    let (dials, by) = (captive.dials, captive.now.mono.after(Duration::from_secs(300)));
    while captive.now.mono < by {
        captive.moment()?;
    }
    match captive.dials == dials && captive.link.is_some() {
        true => Ok((dials, calls)),
        false => violated("a link to an honest hub ended", captive.dials),
    }
}

impl Captive {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut limits = Limits::default();
        (limits.calls_per_second, limits.calls_burst) = (40, 80);
        (limits.frames_per_second, limits.frames_burst) = (400, 800);
        (limits.open_calls, limits.open_arguments) = (64, 200_000);
        let hub = Taken::new(&mut dice, &limits);
        let now = Now { mono: Mono(1), unix: START };
        let known = KnownHub { hub: "hub".to_owned(), ..KnownHub::default() };
        let machine = Peer::new(known, BackoffSpans::default(), &Seed(dice.bytes()), now);
        let id = "p0".parse().expect("an id");
        Self {
            now,
            dice,
            hub,
            limits,
            id,
            machine,
            link: None,
            dialled: VecDeque::new(),
            dials: 0,
            kept: 0,
            open: BTreeMap::new(),
            calls: (0, now.mono),
            registered: 0,
            heard: false,
        }
    }

    /// What happens at this moment, and then the next one.
    fn moment(&mut self) -> Checked {
        if self.link.is_none() && self.machine.next(self.now) == NextDial::Dial {
            self.dial()?;
        }
        self.hub.act(self.id, &mut self.dice);
        self.exchange()?;
        let wake = match (&self.link, self.machine.next(self.now)) {
            (Some(link), _) => {
                let acts = self.now.mono.after(ACTS);
                link.poll_timeout().map_or(acts, |(at, _)| at.min(acts))
            }
            (None, NextDial::Wait(at)) => at,
            (None, NextDial::Dial | NextDial::Busy) => return violated("nobody dials", self.now),
        };
        let passed = wake.since(self.now.mono);
        if passed > WAITS {
            return violated("a peer waits too long", passed);
        }
        self.now = later(self.now, wake);
        if let Some(link) = &mut self.link {
            link.handle_timeout(self.now);
        }
        Ok(())
    }

    fn dial(&mut self) -> Checked {
        self.dials += 1;
        self.dialled.push_back(self.now.mono);
        let minute = Duration::from_secs(60);
        while self.dialled.front().is_some_and(|at| at.after(minute) < self.now.mono) {
            self.dialled.pop_front();
        }
        if self.dialled.len() > DIALS {
            return violated("a peer dials in a tight loop", self.dialled.len());
        }
        self.hub.accept(&mut self.dice);
        let key = SigningKey::generate(&mut Random::new(&Seed([7; 32])));
        let dial = Dial {
            known: KnownHub { hub_id: Some(self.hub.id()), ..self.machine.known().clone() },
            limits: self.limits.clone(),
            ..Dial::new("hub:7777", Transport::Plain, self.id, PeerKey(key))
        };
        let link = Link::connect(Arc::new(dial), &Seed(self.dice.bytes()), self.now);
        self.link = Some(link.expect("a link"));
        self.open.clear();
        (self.kept, self.registered) = (0, 0);
        Ok(())
    }

    /// Bytes go both ways until none move.
    fn exchange(&mut self) -> Checked {
        let (mut down, mut over) = (VecDeque::new(), false);
        while let Some(mut link) = self.link.take() {
            let ended = self.events(&mut link)?;
            if let Some(outcome) = ended {
                self.end(outcome);
                return Ok(());
            }
            let up = link.transmit().to_vec();
            link.transmitted(up.len(), self.now);
            self.hub.take(&up, &mut self.dice, self.now);
            let (more, ends) = self.hub.sent();
            down.extend(more);
            let room = link.receive_buffer();
            let n = room.len().min(down.len());
            for (to, byte) in room.iter_mut().zip(down.drain(..n)) {
                *to = byte;
            }
            link.received(n, self.now);
            if link.memory() > MEMORY {
                return violated("a link holds too much", link.memory());
            }
            let tell_end = ends && down.is_empty() && !core::mem::replace(&mut over, ends);
            if tell_end {
                link.received_eof(self.now);
            }
            // What a peer that holds back has not read waits where TCP has it.
            let still = up.is_empty() && n == 0 && !tell_end;
            self.link = Some(link);
            if still {
                self.hub.put_back(down);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes the events; how the link ended, where it has.
    fn events(&mut self, link: &mut Link) -> Result<Option<LinkOutcome>, crate::sim::Violation> {
        while let Some(event) = link.poll_event() {
            match event {
                Event::Ask(ask, Question::Store(_)) => {
                    self.kept += 1;
                    if self.kept > 1 {
                        return violated("a link writes the disk again", self.kept);
                    }
                    link.answer(ask, Answer::Stored, self.now);
                }
                Event::Ask(ask, _) => {
                    link.answer(ask, Answer::Refused(Code::Refused.into()), self.now)
                }
                Event::Admitted(_) => {
                    self.machine.admitted(self.now);
                    self.calls = (0, self.now.mono);
                    let name = "run".parse().expect("a name");
                    let (description, arguments) = (String::new(), Vec::new());
                    let commands = vec![Command { name, description, arguments }];
                    // A session may have ended as it began.
                    let _ = link.send(&Frame::Register(Register { commands }));
                }
                Event::Frame(frame) => self.frame(&frame)?,
                Event::Ended(ended) => {
                    let reason = &ended.reason;
                    let (is_retryable, retry_after) = (reason.is_retryable(), reason.retry_after());
                    return Ok(Some(LinkOutcome { is_retryable, retry_after }));
                }
                _ => {}
            }
        }
        // Some of what runs ends.
        while self.open.len() > 32 || (!self.open.is_empty() && self.dice.one_in(2)) {
            let Some((id, arguments)) = self.open.pop_first() else { break };
            let (peer, status, value) = (None, Status::Exited(0), None);
            let result = CallResult { id, peer, status, value, text: "" };
            if link.send(&Frame::Result(result)).is_err() {
                self.open.insert(id, arguments);
                break;
            }
        }
        Ok(None)
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Checked {
        match frame {
            Frame::Call(call) => {
                let (positional, named) = call.arguments.as_bytes();
                self.open.insert(call.id, positional.len() + named.len());
                self.calls.0 += 1;
            }
            Frame::Registered(_) => {
                self.registered += 1;
                self.heard |= self.hub.honest;
            }
            _ => {}
        }
        let (calls, began) = self.calls;
        let seconds = self.now.mono.since(began).as_secs() + 1;
        let most = self.limits.calls_burst + self.limits.calls_per_second * seconds;
        let arguments: usize = self.open.values().sum();
        if calls > most {
            return violated("a peer takes calls beyond its rate", (calls, most));
        }
        if self.open.len() > self.limits.open_calls || arguments > self.limits.open_arguments {
            return violated("a peer holds too many calls", (self.open.len(), arguments));
        }
        if self.registered > 1 {
            return violated("a peer is told that it serves, and did not ask", self.registered);
        }
        Ok(())
    }

    fn end(&mut self, outcome: LinkOutcome) {
        self.link = None;
        self.machine.ended(outcome, self.now);
    }
}
