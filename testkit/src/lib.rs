//! A hub and its peers in memory, for tests of what drives `bowline-core`: no runtime, no sockets,
//! no clock of the machine, and keys from numbers, so that each run is as the one before it.
//!
//! ```text
//!  your program ⇄ Pair.peer ══ ferry ══ Pair.hub ⇄ TestHub ⇄ Memory
//! ```
//!
//! [`snapshot`] and [`dial`] are what both ends are set up with; what is to be otherwise is said
//! before them. [`TestHub`] does all that a hub's shell does; [`ferry`] does what a socket does, in
//! pieces of a chosen size. What a peer's program makes of its events is left to the test, since
//! that loop is as a rule what is tested:
//!
//! ```
//! use bowline_core::auth::Dial;
//! use bowline_core::hub::HubConfig;
//! use bowline_core::link::Event;
//! use bowline_core::time::Now;
//! use bowline_core::trust::Mode;
//! use bowline_core::wire::Frame;
//! use bowline_core::wire::frame::{OutputStream, Purpose, Target};
//! use bowline_testkit::{Clock, Pair, TestHub, call, dial, register, snapshot, success};
//!
//! /// A peer that serves `uptime`, or an operator that calls it; whether anything moved.
//! fn acts(pair: &mut Pair, heard: &mut Vec<u8>, now: Now) -> bool {
//!     let mut moved = false;
//!     while let Some(event) = pair.peer.poll_event() {
//!         moved = true;
//!         match event {
//!             Event::Ask(ask, question) => pair.answer(ask, &question, now),
//!             Event::Admitted(admitted) if admitted.purpose == Purpose::Serve => {
//!                 pair.peer.send(&register(&["uptime"])).unwrap();
//!             }
//!             Event::Admitted(_) => {
//!                 let id = pair.peer.next_call().unwrap();
//!                 let web = Target::Peer("web-1".parse().unwrap());
//!                 pair.peer.send(&Frame::Call(call(id, web, "uptime"))).unwrap();
//!             }
//!             Event::Frame(Frame::Call(call)) => {
//!                 let id = call.id;
//!                 pair.peer.output(id, OutputStream::Out, b"up 3 days\n").unwrap();
//!                 pair.peer.send(&success(id)).unwrap();
//!             }
//!             Event::Frame(Frame::Output(output)) => heard.extend(output.bytes),
//!             _ => {}
//!         }
//!     }
//!     moved
//! }
//!
//! let (clock, mut heard) = (Clock::default(), Vec::new());
//! let mut hub = TestHub::new(snapshot(Mode::Tofu), HubConfig::default());
//! let operator = Dial { purpose: Purpose::Operate, ..dial(Mode::Tofu, "ops") };
//! let mut pairs = Vec::new();
//! for dial in [dial(Mode::Tofu, "web-1"), operator] {
//!     pairs.push(hub.connect(dial, clock.now()));
//!     let mut moving = true;
//!     while core::mem::take(&mut moving) {
//!         for pair in &mut pairs {
//!             moving |= acts(pair, &mut heard, clock.now()) | hub.turn(pair, clock.now());
//!         }
//!     }
//! }
//! assert_eq!(heard, b"up 3 days\n");
//! ```
//!
//! Everything here panics where something fails that a test's set-up rests on.

#![forbid(unsafe_code)]

mod clock;
mod ferry;
mod frames;
mod hub;
mod joins;
mod pair;
mod setup;

pub use clock::{Clock, START, later};
pub use ferry::{ferry, ferry_all};
pub use frames::{call, register, success};
pub use hub::{TestHub, session, somewhere};
pub use joins::{issue, joins, mint};
pub use pair::Pair;
pub use setup::{dial, random, secret, server_tls, signing_key, snapshot};
