//! The public face: a hub, a peer and an operator on smol.

use std::path::Path;

use bowline_core::id::PeerId;
#[cfg(feature = "hub")]
use bowline_shell::files::FileError;
#[cfg(feature = "hub")]
use bowline_shell::hub::HubBuilder;
use bowline_shell::peer::{Join, PeerBuilder, SetupError};
use bowline_shell::url::HubUrl;

use crate::Smol;

/// A running hub.
#[cfg(feature = "hub")]
pub type Hub = bowline_shell::hub::Hub<Smol>;

/// A hub on smol's global executor that keeps its keys and its ledger in `data`; see
/// [`HubBuilder`].
///
/// # Errors
/// [`FileError`]: the directory cannot be made or used.
#[cfg(feature = "hub")]
pub fn hub(data: impl AsRef<Path>) -> Result<HubBuilder<Smol>, FileError> {
    hub_on(Smol::default(), data)
}

/// The same on another executor.
///
/// # Errors
/// As [`hub`].
#[cfg(feature = "hub")]
pub fn hub_on(smol: Smol, data: impl AsRef<Path>) -> Result<HubBuilder<Smol>, FileError> {
    HubBuilder::new(smol, data.as_ref())
}

/// A peer of the hub at `url`, on smol's global executor, that keeps its key and its trust in
/// `data`; see [`PeerBuilder`].
///
/// # Errors
/// [`SetupError`]: the directory or the key cannot be made or used.
pub fn peer(
    url: HubUrl,
    id: PeerId,
    data: impl AsRef<Path>,
) -> Result<PeerBuilder<Smol>, SetupError> {
    peer_on(Smol::default(), url, id, data)
}

/// The same on another executor.
///
/// # Errors
/// As [`peer`].
pub fn peer_on(
    smol: Smol,
    url: HubUrl,
    id: PeerId,
    data: impl AsRef<Path>,
) -> Result<PeerBuilder<Smol>, SetupError> {
    PeerBuilder::new(smol, url, id, data.as_ref())
}

/// A peer that enrols with a join token, on smol's global executor, and keeps what comes of it in
/// `data`; see [`PeerBuilder::join`].
///
/// # Errors
/// [`SetupError`]: the directory or the key cannot be made or used, or `data` has an enrolment with
/// another hub or by another id.
pub fn join(join: Join, data: impl AsRef<Path>) -> Result<PeerBuilder<Smol>, SetupError> {
    join_on(Smol::default(), join, data)
}

/// The same on another executor.
///
/// # Errors
/// As [`join`].
pub fn join_on(
    smol: Smol,
    join: Join,
    data: impl AsRef<Path>,
) -> Result<PeerBuilder<Smol>, SetupError> {
    PeerBuilder::join(smol, join, data.as_ref())
}

/// The peer that `data` has an enrolment of, on smol's global executor; none where it has none. See
/// [`PeerBuilder::enrolled`].
///
/// # Errors
/// [`SetupError`]: the directory, the enrolment or the key cannot be used.
pub fn enrolled(data: impl AsRef<Path>) -> Result<Option<PeerBuilder<Smol>>, SetupError> {
    enrolled_on(Smol::default(), data)
}

/// The same on another executor.
///
/// # Errors
/// As [`enrolled`].
pub fn enrolled_on(
    smol: Smol,
    data: impl AsRef<Path>,
) -> Result<Option<PeerBuilder<Smol>>, SetupError> {
    PeerBuilder::enrolled(smol, data.as_ref())
}
