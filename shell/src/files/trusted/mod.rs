//! How every file that is trusted is opened: keys, secrets, trust, configurations, certificates,
//! locks, the ledger.
//!
//! A path is walked from `/` one component at a time, each step by the descriptor of the directory
//! before it, so that nothing can be exchanged between looking and opening. To read, links are
//! followed the same way; what is written is never opened through one. Every directory, link and
//! file on the way must belong to root or to this user, and nobody else may change it.
//!
//! [`verdict`] decides by what the system says of a step, [`walk`] steps, [`place`] writes;
//! [`group`] says which group may do what this user may; [`mark`] tells whether a file was changed.

mod account;
mod group;
mod place;
mod remedy;
mod shown;
mod stamp;
mod verdict;
mod walk;

pub(crate) use account::user;
pub use group::TrustedGroup;
pub(crate) use place::WritePlace;
pub use remedy::Remedy;
pub use shown::read_shown;
pub(crate) use stamp::Stamp;
pub use verdict::Exposure;
pub use walk::is_descriptor;
pub(crate) use walk::{FoundDirectory, Missing, directory, read, real};
