//! Bowline on smol.
//!
//! [`Smol`] gives smol's sockets, timers, programs and signals to everything in `bowline_shell`,
//! which is written once for every runtime.

mod face;
mod process;
mod runtime;
mod signals;
mod stream;
mod timer;

#[doc(inline)]
pub use bowline_shell::embed::*;
pub use face::{Hub, enrolled, enrolled_on, hub, hub_on, join, join_on, peer, peer_on};
pub use process::{Pipe, SmolChild};
pub use runtime::Smol;
pub use signals::SmolSignals;
pub use stream::{Io, TcpSocket, UnixSocket};
pub use timer::SmolTimer;
