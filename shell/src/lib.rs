//! What every Bowline runtime shell shares: configuration, key files, the ledger, typed arguments.
#![warn(missing_docs)]

pub mod arguments;
pub mod config;
pub mod files;
pub mod ledger;
