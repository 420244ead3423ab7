//! What every Bowline runtime shell shares, written once over a [`runtime::Runtime`].
//!
//! A runtime shell brings sockets, timers, processes and signals. Everything else that touches the
//! world is here: the driver of a link, [`hub::Hub`] and [`peer::Peer`] as an application meets
//! them, configuration, key files, the ledger, typed arguments, processes. Nothing here decides
//! anything about the protocol: that is `bowline_core`.
//!
//! A program that embeds Bowline depends on `bowline-tokio` or `bowline-smol`, which have what it names
//! ([`embed`]) at their top, and whose pages say what it has to know. Another runtime is a
//! [`runtime::Runtime`]: with one, [`hub::HubBuilder::new`] and [`peer::PeerBuilder::new`] do the rest.
#![warn(missing_docs)]

pub mod advice;
pub mod arguments;
pub mod call;
pub mod clock;
pub mod config;
mod crash;
mod driver;
pub mod embed;
pub mod entropy;
pub mod files;
pub mod hub;
pub mod ledger;
pub mod notice;
pub mod peer;
pub mod process;
pub mod runtime;
pub mod stage;
mod watch;
