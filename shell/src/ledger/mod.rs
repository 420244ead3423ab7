//! The hub's durable facts: which peer holds which key and what a join token made of it, the
//! tokens, the keys that sign them, what was revoked, and how often the hub has started.
//!
//! SQLite with a write-ahead log and `synchronous = FULL`: what was committed survives a crash and
//! a loss of power. [`Ledger`] is the database, one call a transaction; [`LedgerThread`] owns one
//! and commits whatever has queued as one transaction. If a fact cannot be recorded, the answer is
//! an error, and the hub says no. What may be recorded, and what becomes of it, the core decides
//! ([`bowline_core::facts`]): here rows are loaded and written.

mod database;
mod error;
mod keys;
mod load;
mod look;
mod read;
mod schema;
mod starts;
mod thread;
mod transaction;
mod values;
mod write;

pub use bowline_core::facts::{KeyRotation, Tokens};
pub use database::Ledger;
pub use error::LedgerError;
pub use look::{Look, look};
pub use thread::LedgerThread;

#[cfg(test)]
mod tests;
