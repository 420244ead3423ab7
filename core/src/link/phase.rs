//! Where a link is: before admission, in its session, ending, ended.

use std::sync::Arc;

use crate::auth::hub::HubAuth;
use crate::auth::peer::PeerAuth;
use crate::auth::{Dial, HubSnapshot};
use crate::code::CloseCode;
use crate::id::Nonce;
use crate::link::event::Ended;
use crate::session::Session;
use crate::source::Source;

/// The phases, in the protocol's order. What admission needs is boxed, and dropped with it.
#[derive(Debug)]
pub(super) enum LinkPhase {
    /// TLS and the upgrade, at the peer.
    Dialling(Box<(Arc<Dial>, Nonce)>),
    /// TLS and the upgrade, at the hub.
    Answering(Arc<HubSnapshot>, Source),
    /// Hello to Welcome, at the peer.
    PeerAdmitting(Box<PeerAuth>),
    /// Hello to Welcome, at the hub.
    HubAdmitting(Box<HubAuth>),
    /// The session.
    Steady(Box<Session>),
    /// A step is being taken; no phase of its own, and gone before a method of the link returns.
    Between,
    /// Getting the last words out.
    Ending(Box<LastWords>),
    /// Over and inert.
    Ended,
}

/// What an ending link still has to say, in order.
#[derive(Debug)]
pub(super) struct LastWords {
    /// Answers, while any wait.
    pub(super) session: Option<Box<Session>>,
    /// Then the encoded Goaway, of a session whose other end did not say one.
    pub(super) goaway: Option<Vec<u8>>,
    /// Then Close with this code, where the WebSocket is up; none where nothing can be said.
    pub(super) close: Option<CloseCode>,
    /// Then the event.
    pub(super) ended: Box<Ended>,
}
