//! Bowline on tokio: a hub, peers and operators in a program of your own.
//!
//! ```no_run
//! use bowline_tokio::{Call, Failure, PeerState, peer};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let web = peer("wss://hub.example:7777".parse()?, "web-1".parse()?, "data/web-1")?
//!         .secret_file("secret.key")
//!         .command("greet".parse()?, greet)
//!         .start();
//!     let mut states = web.states();
//!     while let Some(state) = states.next().await {
//!         match state {
//!             PeerState::Failed { reason, .. } => eprintln!("somebody has to look: {reason}"),
//!             other => println!("{other}"),
//!         }
//!     }
//!     Ok(())
//! }
//!
//! async fn greet(mut call: Call) -> Result<(), Failure> {
//!     let name = call.text("name").ok_or("the argument 'name' is missing")?.to_owned();
//!     Ok(call.print(&format!("hello, {name}\n")).await?)
//! }
//! ```
//!
//! # What there is
//!
//! * [`hub`] gives a [`HubBuilder`], whose [`Hub`] listens until it is told to stop.
//! * [`peer`], [`join`] and [`enrolled`] give a [`PeerBuilder`]: [`PeerBuilder::start`] keeps a
//!   session up and serves commands, [`PeerBuilder::connect`] makes one session, for an operator.
//! * A [`Session`] makes calls: [`CallBuilder::output`] gathers what a command says, within a
//!   bound, and [`CallBuilder::start`] gives it as it comes.
//! * Every name that a program needs is here, and the rest in [`bowline_shell`] and
//!   [`bowline_core`]; `bowline-smol` has the same. [`Tokio`] gives tokio's sockets, timers,
//!   programs and signals to `bowline_shell`, which is written once for every runtime.
//!
//! # What has to be known
//!
//! * A data directory is an identity. The hub binds a peer's id to the key in the directory that it
//!   came from first: one directory for each id, and kept. A new key needs a new id, or an operator
//!   who has the hub forget the old one (`bowline peers forget`).
//! * [`Peer::session`] waits for what heals by itself, as a hub that is away, and is an error at
//!   once where somebody has to do something, as about a wrong secret. The peer dials again all the
//!   same.
//! * A peer stops where its last handle is dropped, and a hub where it is dropped, at once. A
//!   [`Session`] of [`PeerBuilder::connect`] stays until [`Session::close`].
//! * Credit is given as output and input are taken: a [`Calling`] that nobody reads holds its
//!   command back, after 256 KiB. To drop it cancels the call.
//! * Errors are sentences for people under `Display` and `Debug`, and most have a stable [`Code`].

mod face;
mod process;
mod runtime;
mod signals;
mod stream;
mod timer;

pub use bowline_core;
pub use bowline_shell;
#[doc(inline)]
pub use bowline_shell::embed::*;
#[cfg(feature = "hub")]
pub use face::{Hub, hub};
pub use face::{enrolled, join, peer};
pub use process::{Pipe, TokioChild};
pub use runtime::Tokio;
pub use signals::TokioSignals;
pub use stream::{Io, TcpSocket, UnixSocket};
pub use timer::TokioTimer;

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
