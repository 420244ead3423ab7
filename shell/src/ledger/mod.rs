//! The hub's durable facts: which peer holds which key and what a join token made of it, the tokens, the
//! keys that sign them, what was revoked, and how often the hub has started.
//!
//! SQLite with a write-ahead log and `synchronous = FULL`: what was committed survives a crash and a
//! loss of power. [`Ledger`] is the database, one call a transaction; [`LedgerThread`] owns one and
//! commits whatever has queued as one transaction. If a fact cannot be recorded, the answer is an
//! error, and the hub says no. What may be recorded is decided as
//! [`Memory`](bowline_core::ledger::Memory) decides it.

mod change;
mod database;
mod error;
mod facts;
mod keys;
mod look;
mod read;
mod record;
mod schema;
mod thread;
mod values;

pub use database::{Ledger, Tokens};
pub use error::LedgerError;
pub use keys::KeyRotation;
pub use look::{Look, look};
pub use thread::LedgerThread;

#[cfg(test)]
mod tests;
