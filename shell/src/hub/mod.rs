//! A hub, as an application meets it: a data directory, a listener, a task for each link.
//!
//! [`HubBuilder`] gathers what a hub needs; [`HubBuilder::start`] reads or makes its keys, opens
//! its ledger and listens. Who is admitted and where a frame goes is decided in `bowline_core`.

mod builder;
mod chores;
mod inviting;
mod keys;
mod link;
mod presence;
mod reload;
mod restore;
mod secret;
mod serve;
mod shared;
mod token_key;

pub use builder::{HubBuilder, StartError};
pub use presence::LOOK;
pub use reload::{Certificate, Reloaded};
pub use restore::{Marked, RestoredDir, mark_restored, new_identity};
pub use secret::{RotateError, Rotation, rotate_secret};
pub use serve::Hub;
