//! Every bound, each with its default and the attack or accident that it stops.
//!
//! A bound that is reached has one effect, told in the field's words: the input is a protocol
//! error, the call is refused, or the sender is told that there is no room. None is ever a silent
//! loss. Tests hold each at n and at n + 1.
//!
//! How many elements and how much text a frame may hold is not a setting: see
//! [`crate::wire::bounds`].

use core::time::Duration;

/// The bounds of one link and, at a hub, of all links together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a WebSocket upgrade head, to its blank line (8 KiB). Stops a head without an end.
    pub head: usize,
    /// Bytes of one message before admission (16 KiB). Stops strangers from filling memory.
    pub message_before_admission: usize,
    /// Bytes of one message after admission (1 MiB).
    pub message: usize,
    /// Network bytes held undecrypted (64 KiB and one TLS record). TLS handshake messages can
    /// reach 64 KiB; a larger one is refused.
    pub tls_input: usize,
    /// Network bytes sealed ahead of the socket (64 KiB). More would only delay what is urgent.
    pub sealed: usize,
    /// Plaintext bytes that wait beyond which WebSocket pings go unanswered (64 KiB). Stops one
    /// that pings and never reads.
    pub pong_room: usize,
    /// Bytes that wait in the answers lane (2 MiB): calls, results, registrations.
    pub answer_lane: usize,
    /// Bytes that wait in the output lane, all calls together (1 MiB).
    pub output_lane: usize,
    /// TLS records without a byte of plaintext, in a row (32). Stops work that costs its sender
    /// nothing (rustls bounds warnings and key updates by itself).
    pub empty_records: u32,
    /// Fragments of one WebSocket message (64). Stops one-byte fragments.
    pub fragments: u32,
    /// WebSocket pings, pongs and empty messages between two whole messages (64).
    pub idle_frames: u32,
    /// TLS and the upgrade must be done within this (10 s).
    pub upgrade_within: Duration,
    /// Admission must be done within this after the upgrade (5 s).
    pub admission_within: Duration,
    /// A Ping goes out this often (15 s).
    pub heartbeat: Duration,
    /// A link that heard nothing for this long is dead (45 s).
    pub silence: Duration,
    /// Calls open in one direction on one link (1,024).
    pub open_calls: usize,
    /// Peers that the running calls of one caller are for, at a hub, each counted once for each
    /// call for several (20,000). Results that wait for the caller count, too. Stops one that calls
    /// everybody again and again and never reads.
    pub open_legs: usize,
    /// Peers of one call that are seen to at one hold of the hub's lock (256). A longer list is
    /// gone through in slices.
    pub slice: usize,
    /// Detached calls that a hub knows (1,000). For another one it forgets the one that ended
    /// first; where all run, it is refused.
    pub kept_calls: usize,
    /// Bytes that are kept of each output of a detached call on one peer (64 KiB): the last ones.
    pub kept_output_per_leg: usize,
    /// Bytes that are kept of all detached calls together (64 MiB), with what their peers take in
    /// the hub's tables. For more it forgets the call that ended first; where all run, output goes
    /// on within what it has.
    pub kept_output: usize,
    /// Attached calls that have ended and are still listed (1,024).
    pub ended_calls: usize,
    /// Output credit that one call may hold (1 MiB).
    pub output_window: u64,
    /// Output credit and waiting output of all calls of one caller, at a hub (64 MiB). A call or a
    /// window beyond it is refused as `busy`. As much input of its calls for several peers is under
    /// way at one time, and more of it waits; and as much may the arguments of one such call take
    /// for all peers together.
    pub caller_credit: u64,
    /// Bytes of output or input of one call that wait to be sent (64 KiB). What one call may take
    /// of the lane that all share.
    pub call_queue: usize,
    /// Peers in the registry (10,000). Stops a holder of the secret from enrolling without end.
    pub peers: usize,
    /// Join tokens whose records a hub keeps (10,000), those that were used or revoked among them:
    /// until they have ended. Stops an issuer from filling the disk.
    pub tokens: usize,
    /// Sessions admitted at one time (20,000).
    pub sessions: usize,
    /// Links not admitted yet, in total (1,024). Stops many sources together from filling memory
    /// with half-open links.
    pub pending: usize,
    /// Links not admitted yet, from one source (64); an IPv6 source is its /64. Stops one source
    /// from taking the room of all.
    pub pending_per_source: usize,
    /// Links from the hub's own machine, admitted or not (256). Stops a script that leaks them.
    pub local_links: usize,
    /// Links that are over a bound, or not allowed, and are kept only to be told so (64). Stops
    /// those who are turned away from costing more than those who are let in.
    pub turned_away: usize,
    /// Failed admissions from one source in a minute, and in one burst (30). Stops guessing, and
    /// work on proofs that do not hold.
    pub failures_per_minute: u64,
    /// Sessions that begin in a second, and in one burst (200). What is over is told when to come:
    /// all peers of a hub that starts again come back at once.
    pub admissions_per_second: u64,
    /// Sources whose failures are counted (4,096). Stops one that has many addresses from filling
    /// memory.
    pub sources: usize,
    /// Frames that an admitted peer may send in a second (100,000), and in one burst (as many).
    /// Stops one that floods from taking the hub from all others: it is held back. A peer holds its
    /// hub to the same.
    pub frames_per_second: u64,
    /// See [`Limits::frames_per_second`].
    pub frames_burst: u64,
    /// Bytes of messages that an admitted peer may send in a second (128 MiB), and in one burst (as
    /// many); it is held back likewise.
    pub bytes_per_second: u64,
    /// See [`Limits::bytes_per_second`].
    pub bytes_burst: u64,
    /// Calls that a hub may make of a peer in a second (10,000), and in one burst (as many). Stops
    /// a hub that has a peer start commands or refuse them without end: it is held back.
    pub calls_per_second: u64,
    /// See [`Limits::calls_per_second`].
    pub calls_burst: u64,
    /// Bytes that the arguments of all open calls may take at a peer (16 MiB). A call beyond it is
    /// answered with `busy`. Stops a hub that fills a peer's memory with arguments.
    pub open_arguments: usize,
    /// Peers that the Accepted frames of one call for several may name, and Results that may come
    /// of it (1,000,000, the most that a hub may know). Stops a hub whose answers do not end.
    pub call_peers: u64,
    /// Times that a session asks for new credentials at once, however short those last that came
    /// (8); then once in each [`Limits::renewal_pause`]. Stops a hub that mints what ends in a
    /// moment, and has the peer write its disk without end.
    pub renewals: u64,
    /// See [`Limits::renewals`] (5 s: a certificate of 20 s is renewed in time).
    pub renewal_pause: Duration,
    /// Calls that a peer tells its subscriber of in a second (100), and in one burst
    /// ([`Limits::told_burst`]). Stops a hub that fills a peer's log; what is left out is counted.
    pub told_per_second: u64,
    /// See [`Limits::told_per_second`] (1,000).
    pub told_burst: u64,
    /// The longest that a call may run (24 h); a longer deadline is shortened to this.
    pub call_deadline: Duration,
    /// What a hub waits beyond a call's deadline for the peer's own answer (10 s).
    pub deadline_grace: Duration,
    /// Calls that are open when a hub or a peer stops have this long to end by themselves (3 s).
    pub drain: Duration,
    /// An ending link has this long to get its last words out (2 s).
    pub ending_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 8 << 10,
            message_before_admission: 16 << 10,
            message: 1 << 20,
            tls_input: (64 << 10) + TLS_RECORD,
            sealed: 64 << 10,
            pong_room: 64 << 10,
            answer_lane: 2 << 20,
            output_lane: 1 << 20,
            empty_records: 32,
            fragments: 64,
            idle_frames: 64,
            upgrade_within: Duration::from_secs(10),
            admission_within: Duration::from_secs(5),
            heartbeat: Duration::from_secs(15),
            silence: Duration::from_secs(45),
            open_calls: 1024,
            open_legs: 20_000,
            slice: 256,
            kept_calls: 1000,
            kept_output_per_leg: 64 << 10,
            kept_output: 64 << 20,
            ended_calls: 1024,
            output_window: 1 << 20,
            caller_credit: 64 << 20,
            call_queue: 64 << 10,
            peers: 10_000,
            tokens: 10_000,
            sessions: 20_000,
            pending: 1024,
            pending_per_source: 64,
            local_links: 256,
            turned_away: 64,
            failures_per_minute: 30,
            admissions_per_second: 200,
            sources: 4096,
            frames_per_second: 100_000,
            frames_burst: 100_000,
            bytes_per_second: 128 << 20,
            bytes_burst: 128 << 20,
            calls_per_second: 10_000,
            calls_burst: 10_000,
            open_arguments: 16 << 20,
            call_peers: 1_000_000,
            renewals: 8,
            renewal_pause: Duration::from_secs(5),
            told_per_second: 100,
            told_burst: 1000,
            call_deadline: Duration::from_secs(24 * 60 * 60),
            deadline_grace: Duration::from_secs(10),
            drain: Duration::from_secs(3),
            ending_within: Duration::from_secs(2),
        }
    }
}

/// The largest TLS 1.3 record on the wire (RFC 8446 §5.2): header, 2^14 + 256 bytes, and the slack
/// that rustls allows for TLS 1.2.
pub const TLS_RECORD: usize = 5 + (16 << 10) + 2048;

/// Input credit that every call starts with, and the most that it may hold. Both ends count it, so
/// it is a number of the protocol and not a setting.
pub const INPUT_WINDOW: u64 = 64 << 10;
