//! What every Bowline runtime shell shares, written once over a [`runtime::Runtime`].
//!
//! A runtime shell brings sockets, timers, processes and signals. Everything else that touches the
//! world is here: the driver of a link, [`hub::Hub`] and [`peer::Peer`] as an application meets
//! them, configuration, key files, the ledger, typed arguments, processes. Nothing here decides
//! anything about the protocol: that is `bowline_core`.
//!
//! A program that embeds Bowline depends on `bowline-tokio` or `bowline-smol`, which have what it
//! names ([`embed`]) at their top, and whose pages say what it has to know. Another runtime is a
//! [`runtime::Runtime`]: with one, [`hub::HubBuilder::new`] and [`peer::PeerBuilder::new`] do the
//! rest.
//!
//! # Features
//!
//! All are on by default, and each has the one below it in the table; a peer whose commands are
//! closures needs none.
//!
//! | feature | what it brings | what it builds beside |
//! |---|---|---|
//! | `hub` | [`hub`], [`ledger`] | SQLite |
//! | `config` | `hub.toml` and `peer.toml` ([`config`]) | a TOML reader |
//! | `process` | programs as commands: [`arguments`], [`process`], [`stage`] | small crates |
#![warn(missing_docs)]
#![cfg_attr(
    not(feature = "hub"),
    allow(
        dead_code,
        reason = "what only a hub does with files and sockets stands beside its like"
    )
)]

pub mod advice;
#[cfg(feature = "process")]
pub mod arguments;
pub mod call;
pub mod clock;
#[cfg(feature = "config")]
pub mod config;
pub mod control;
mod crash;
mod driver;
pub mod embed;
pub mod entropy;
pub mod files;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "hub")]
pub mod ledger;
pub mod notice;
pub mod peer;
mod print;
#[cfg(feature = "process")]
pub mod process;
pub mod runtime;
#[cfg(feature = "process")]
pub mod stage;
pub mod url;
mod watch;
