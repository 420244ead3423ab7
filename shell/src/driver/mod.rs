//! What drives a link: one task, one socket, one timer, one mailbox.
//!
//! [`Turn`] holds to the loop contract of `bowline_core::link`; an [`Owner`] gives the events their
//! meaning and is the only thing that differs between a hub's links and a peer's.

mod linger;
mod mailbox;
mod turn;

pub(crate) use linger::linger;
pub(crate) use mailbox::{Mailbox, Posted};
pub(crate) use turn::{Owner, Turn};
