//! A peer or an operator, as an application meets it: dial a hub, serve commands, call them.
//!
//! [`PeerBuilder`] gathers what a dial needs. [`PeerBuilder::connect`] makes one connection and
//! says why it failed; [`PeerBuilder::start`] keeps one up for as long as its [`Peer`] lives, which
//! tells how it stands by [`Peer::session`], [`Peer::state`] and [`Peer::states`]. What is decided
//! about trust, proofs and back-off is decided in `bowline_core`.
//!
//! A hub binds a peer's id to the key that it saw with it first, and the key is in the data
//! directory: one directory for each id, and kept. Another directory, and so a new key, needs a new
//! id, or an operator who has the hub forget the old one; else a dial ends with
//! [`Code::IdTaken`](bowline_core::code::Code::IdTaken).

mod builder;
mod call_events;
mod credential;
mod crew;
mod dial;
mod join;
mod keep;
mod link;
#[cfg(feature = "process")]
mod program;
mod reach;
mod redial;
mod reload;
mod routes;
mod served;
mod service;
mod session;
mod signs;
mod state;

#[cfg(feature = "hub")]
pub(crate) use builder::load_signing_key;
pub use builder::{PeerBuilder, SetupError, load_key};
pub use credential::{CredentialSource, shared};
pub use dial::{Clocks, ConnectError};
pub use join::Join;
pub use reach::{AttemptError, DialError};
pub use served::served;
pub(crate) use service::Service;
pub use session::{Peer, Session};
pub use state::{NoSession, PeerState, States};
