//! Bowline's protocol as pure state machines.
#![warn(missing_docs)]

pub mod buffer;
pub mod capability;
pub mod code;
pub mod id;
pub mod limits;
pub mod random;
pub mod time;

pub mod auth;
pub mod hub;
pub mod identity;
pub mod ledger;
pub mod link;
pub mod peer;
pub mod session;
pub mod socket;
pub mod trust;
pub mod tunnel;
pub mod wire;
