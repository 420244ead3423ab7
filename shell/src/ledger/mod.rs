//! The hub's durable facts: which peer holds which key, and how often the hub has started.
//!
//! SQLite with a write-ahead log and `synchronous = FULL`: what was committed survives a crash and a
//! loss of power. [`Ledger`] is the database, one call a transaction; [`LedgerThread`] owns one and
//! commits whatever has queued as one transaction. If a fact cannot be recorded, the answer is an
//! error, and the hub says no.

mod database;
mod error;
mod look;
mod schema;
mod thread;

pub use database::{Ledger, Recorded};
pub use error::LedgerError;
pub use look::{Look, look};
pub use thread::LedgerThread;
