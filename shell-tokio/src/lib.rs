//! Bowline on tokio.
//!
//! [`Tokio`] gives tokio's sockets, timers, programs and signals to everything in
//! `bowline_shell`, which is written once for every runtime.

mod face;
mod process;
mod runtime;
mod signals;
mod stream;
mod timer;

#[doc(inline)]
pub use bowline_shell::embed::*;
pub use face::{Hub, enrolled, hub, join, peer};
pub use process::{Pipe, TokioChild};
pub use runtime::Tokio;
pub use signals::TokioSignals;
pub use stream::{Io, TcpSocket, UnixSocket};
pub use timer::TokioTimer;

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
