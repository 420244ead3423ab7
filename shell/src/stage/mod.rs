//! The stage: what a program's process is before it becomes the program.
//!
//! ```text
//! peer ── spawn: bowline __start PROGRAM ARGUMENT… ──► stage ── exec ──► PROGRAM
//!   │       standard input: a socket                     │
//!   │ request + real standard input + descriptors ─────► │ descriptors, session, core limit
//!   │ ◄──────────────── status: ready, or why not ────── │
//! ```
//!
//! What has to be done in the new process, between its start and the program's, is done by a
//! program of ours, so that it needs no code between `fork` and `exec`. Nothing is inherited to
//! get there but the three standard streams: request and descriptors come over a socket that is
//! the stage's standard input until it has taken the real one from it. The environment of the
//! program is that of the stage, and its argument vector is in the stage's.
//!
//! [`carry_out`] is the stage's half, [`Stage`] that of whoever starts it. An embedding program
//! has no stage unless it offers one and says so.

mod carry_out;
mod launch;
mod passing;
mod request;
mod seal;

pub use carry_out::carry_out;
pub use launch::Stage;
pub(crate) use launch::{Launched, Verdict};
pub use passing::{receive, send};

/// The first argument of the program that is to act as a stage.
pub const WORD: &str = "__start";

/// The number of the first descriptor that is handed on to the program; the others follow it.
///
/// Scripts use 3 to 9 freely.
pub const FIRST_DESCRIPTOR: u32 = 10;

/// The most descriptors that are handed on to one program.
pub const DESCRIPTORS: usize = 16;
