//! Bowline's protocol as pure state machines: a hub, its peers, and the links between them.
//!
//! A program that speaks Bowline moves bytes, tells the time and keeps files. This crate does all
//! the rest, and none of that: no sockets, no clocks, no random source, no files, no threads, no
//! `async`. It runs under any runtime, or under none. `bowline-tokio` and `bowline-smol` are shells
//! around it; what follows is for whoever writes another, or wants to know what they rely on.
//!
//! # The loop contract
//!
//! **After every input, drain: events until `None`, then transmit until empty, then ask for the
//! timeout. A machine that has ended stays ended, and asks for nothing.**
//!
//! For a [`link::Link`], one at each end of a connection, that is:
//!
//! 1. *Input*: [`receive_buffer`](link::Link::receive_buffer) and
//!    [`received`](link::Link::received), [`received_eof`](link::Link::received_eof),
//!    [`transmitted`](link::Link::transmitted), [`handle_timeout`](link::Link::handle_timeout),
//!    [`answer`](link::Link::answer), [`send`](link::Link::send),
//!    [`output`](link::Link::output), [`close`](link::Link::close). Any number may come before a
//!    drain; the more, the more frames share a TLS record and a write.
//! 2. *Events*: [`poll_event`](link::Link::poll_event) until `None`. Nothing else opens or reads
//!    what came. What an event lends lives until the next call.
//! 3. *Bytes*: write [`transmit`](link::Link::transmit) and say with `transmitted` how much of it
//!    the socket took. A part is normal. `transmitted` is an input too: the end of a link is told
//!    after its last byte was taken.
//! 4. *Time*: [`poll_timeout`](link::Link::poll_timeout) gives the next deadline and its reason; at
//!    or after it call `handle_timeout`. Early, late or twice does no harm.
//!
//! Before sleeping, [`rest`](link::Link::rest) frees every buffer that is empty. A
//! [`hub::Hub`], which all links of a hub share, is drained likewise: wakes, events, timeout, and
//! [`hub::Hub::work`], which goes on with what is too long for one hold of its lock.
//!
//! # Layers
//!
//! ```text
//! hub | peer     who is admitted and where frames go      when to dial, and what is known
//! control        what may be asked of a hub itself: commands, typed
//! link           one connection, whole
//! session        after admission: call ids, credit, lanes, heartbeat, expiry
//! auth           before admission: who proves what to whom
//! ask            what needs the world: questions and their answers
//! facts          what a hub keeps for good, and the rules of it
//! trust          whether this hub is the one that was meant
//! token          signed tokens: who vouches for what, until when
//! identity       keys and certificates
//! wire           frames ⇄ message bytes (CBOR)
//! socket         messages ⇄ plaintext bytes (WebSocket)
//! tunnel         plaintext ⇄ network bytes (TLS 1.3, or none)
//! ```
//!
//! A floor uses only those below it. `hub` and `peer` know nothing of `link`: the shell carries
//! frames, questions and outboxes between them.
//!
//! # Time
//!
//! Every input that may matter takes a [`time::Now`]: nanoseconds on a monotonic clock, which drive
//! timers, and seconds since 1970, which are compared with the dates of certificates and sessions.
//! Either may stand still or step back; a session ends when the first of the two says so. A shell
//! reads both once a turn. The next deadline is always later than the last one handled.
//!
//! # Randomness
//!
//! A machine gets a [`random::Seed`] at its birth, 32 bytes that nobody else may know and no other
//! machine gets. The same seed and the same inputs give the same events and the same plaintext.
//! Network bytes differ under TLS, whose key shares are drawn inside rustls.
//!
//! # Back-pressure
//!
//! Every queue has a bound in [`limits::Limits`]. An empty `receive_buffer` means: do not read the
//! socket. Frames wait in lanes and are sealed late, at most 64 KiB ahead of the socket;
//! [`session::SendError::Full`] means that nothing was taken, and passes with the next transmit.
//! Output and input have credit for each call, so a slow reader slows one call and never a link:
//! [`link::Link::output`] takes what there is credit for and says how much, and
//! [`link::Link::grant`] gives the other end more.
//!
//! Who must grant: whoever takes the bytes, once it has. A peer that runs a call grants its Input,
//! and the caller the Output, each by the call's id on its link; a hub's shell grants nothing, as
//! the hub routes what the two ends grant. A call begins with 64 KiB for its input and with
//! [`Call::window`](wire::frame::Call::window) for its output. Where nobody grants, a call stands
//! still after that many bytes, with no error, until its deadline.
//!
//! Beside calls whose reader has stopped a small call takes as many turns as alone; beside floods
//! it waits on each link for what was sealed ahead of it, and for nothing else: with sockets that
//! carry 16 KiB a turn it ends within 13 turns in place of 5. Reading never waits on writing, nor
//! writing on reading.
//!
//! # Questions
//!
//! What needs the world is asked: [`link::Event::Ask`] with a [`ask::Question`]. What is
//! [`ask::Question::Hub`] goes to [`hub::Hub::answer`], Record, Keep and Held to durable storage
//! ([`ask::Memory`] forgets with the process). A hub has questions of its own to its storage, each
//! a
//! [`ask::StoreAsk`] from [`hub::Hub::poll_ask`], whose answers go to [`hub::Hub::answer_ask`]: a
//! change, say, or Rotate, after which links are made from another snapshot.
//! If a fact cannot be recorded, the answer is [`ask::Answer::Refused`].
//!
//! Every question is to be answered. A link waits for the answer, and before admission it waits no
//! longer than [`limits::Limits::admission_within`]: a shell that passes over an `Ask` sees its
//! links end with [`code::Code::AdmissionTimeout`], and the other end is closed with code 4011. A
//! question of a kind that a shell does not know gets `Answer::Refused`.
//!
//! Trust is not asked: an unknown hub ends the link with what a person needs to decide, and the
//! decision is a trust entry and a new link.
//!
//! # Ending
//!
//! A link that is closed says what still waits, then Goaway (a hub, to a peer that it did not
//! admit: Refuse), the WebSocket's Close, TLS's close_notify, and then [`link::Event::Ended`], the
//! last event, with the reason. It has [`limits::Limits::ending_within`] to be heard. The shell
//! then shuts down writing and reads and drops what still comes until end of stream, 64 KiB or 2 s:
//! a socket that is closed with unread input resets the connection, and the last words are lost.
//!
//! # Keys and ids
//!
//! A hub binds a [`id::PeerId`] to the key that proved itself with it first, for good. So a peer
//! keeps its [`identity::PeerKey`] on the disk, readable by its owner only, before it dials for the
//! first time. A new key needs a new id: with one that is bound to another key the link ends with
//! [`code::Code::IdTaken`], until the hub's operator forgets the peer. What a peer learns of its
//! hub comes by [`ask::Question::Store`] and goes into [`auth::Dial::known`] at the next dial; a
//! peer that keeps nothing meets its hub for the first time each time.
//!
//! # Errors
//!
//! They have three readers. The *remote* gets a [`code::Code`] from one small table, and nothing
//! else. The *operator* gets a typed error, such as [`link::EndReason`], [`auth::AuthError`] or
//! [`trust::TrustError`], which says what was seen and what was expected, and holds no secret; what
//! to do is a [`remedy::Remedy`], which a shell words for its reader. The *programmer* gets
//! [`session::SendError::Misuse`]. No input from the network panics.
//!
//! # A hub and two peers, whole
//!
//! One process, no runtime, no sockets: `web-1` serves a command and `ops` calls it.
//!
//! ```
#![doc = include_str!("../examples/in_memory.rs")]
//! ```
#![warn(missing_docs)]

pub mod arrival;
pub mod ask;
pub mod buffer;
pub mod capability;
pub mod code;
pub mod forwarded;
pub mod id;
pub mod limits;
pub mod network;
pub mod random;
pub mod rate;
pub mod source;
pub mod text;
pub mod time;
pub mod word;

pub mod auth;
pub mod control;
pub mod facts;
pub mod hub;
pub mod identity;
pub mod link;
pub mod peer;
pub mod remedy;
pub mod session;
pub mod socket;
pub mod token;
pub mod trust;
pub mod tunnel;
pub mod wire;
