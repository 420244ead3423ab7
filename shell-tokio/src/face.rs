//! The public face: a hub, a peer and an operator on the tokio runtime that the caller runs on.

use std::path::Path;

use bowline_core::id::PeerId;
#[cfg(feature = "hub")]
use bowline_shell::files::FileError;
#[cfg(feature = "hub")]
use bowline_shell::hub::HubBuilder;
use bowline_shell::peer::{Join, PeerBuilder, SetupError};
use bowline_shell::url::HubUrl;

use crate::Tokio;

/// A running hub.
#[cfg(feature = "hub")]
pub type Hub = bowline_shell::hub::Hub<Tokio>;

/// A hub that keeps its keys and its ledger in `data`; see [`HubBuilder`].
///
/// # Errors
/// [`FileError`]: the directory cannot be made or used.
#[cfg(feature = "hub")]
pub fn hub(data: impl AsRef<Path>) -> Result<HubBuilder<Tokio>, FileError> {
    HubBuilder::new(Tokio, data.as_ref())
}

/// A peer of the hub at `url` that keeps its key and its trust in `data`; see [`PeerBuilder`].
///
/// # Errors
/// [`SetupError`]: the directory or the key cannot be made or used.
pub fn peer(
    url: HubUrl,
    id: PeerId,
    data: impl AsRef<Path>,
) -> Result<PeerBuilder<Tokio>, SetupError> {
    PeerBuilder::new(Tokio, url, id, data.as_ref())
}

/// A peer that enrols with a join token and keeps what comes of it in `data`; see
/// [`PeerBuilder::join`].
///
/// # Errors
/// [`SetupError`]: the directory or the key cannot be made or used, or `data` has an enrolment with
/// another hub or by another id.
pub fn join(join: Join, data: impl AsRef<Path>) -> Result<PeerBuilder<Tokio>, SetupError> {
    PeerBuilder::join(Tokio, join, data.as_ref())
}

/// The peer that `data` has an enrolment of; none where it has none. See [`PeerBuilder::enrolled`].
///
/// # Errors
/// [`SetupError`]: the directory, the enrolment or the key cannot be used.
pub fn enrolled(data: impl AsRef<Path>) -> Result<Option<PeerBuilder<Tokio>>, SetupError> {
    PeerBuilder::enrolled(Tokio, data.as_ref())
}
