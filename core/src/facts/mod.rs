//! The durable facts of a hub, and what may become of them, once.
//!
//! Storage, whichever it is, loads the rows that a [`Fact`] concerns, has [`apply`] say what
//! becomes of them, and writes that, in one transaction. The hub holds the same rows in memory, in
//! a [`Durable`], and lets the same rules decide.

mod apply;
mod change;
mod conflict;
mod durable;
mod family;
mod keys;
mod mint;
mod peer;
mod record;
mod restored;
mod token;

pub use apply::{Fact, FactOutcome, FactRow, FactSummary, Write, apply};
pub use change::Change;
pub use conflict::Conflict;
pub use durable::Durable;
pub use family::{Family, SUCCESSORS};
pub use keys::{KeyRecord, KeyRotation};
pub use mint::{Draft, Issuer, Mint};
pub use peer::{Binding, Enrolled, PeerRecord, Revocation};
pub use record::{Enrolment, FactRecord, Refreshing};
pub use restored::{Acceptance, BEYOND, Restored, Sign, Tokens, UnknownSign};
pub use token::{Invited, NotTaken, Spent, TokenRecord, Uses};
