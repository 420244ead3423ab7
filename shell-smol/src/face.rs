//! The public face: a hub, a peer and an operator on smol.

use std::path::Path;

use bowline_core::id::PeerId;
use bowline_shell::config::HubUrl;
use bowline_shell::files::FileError;
use bowline_shell::hub::HubBuilder;
use bowline_shell::peer::{PeerBuilder, SetupError};

use crate::Smol;

/// A running hub.
pub type Hub = bowline_shell::hub::Hub<Smol>;

/// A hub on smol's global executor that keeps its keys and its ledger in `data`; see
/// [`HubBuilder`].
///
/// # Errors
/// [`FileError`]: the directory cannot be made or used.
pub fn hub(data: &Path) -> Result<HubBuilder<Smol>, FileError> {
    hub_on(Smol::default(), data)
}

/// The same on another executor.
///
/// # Errors
/// As [`hub`].
pub fn hub_on(smol: Smol, data: &Path) -> Result<HubBuilder<Smol>, FileError> {
    HubBuilder::new(smol, data)
}

/// A peer of the hub at `url`, on smol's global executor, that keeps its key and its trust in
/// `data`; see [`PeerBuilder`].
///
/// # Errors
/// [`SetupError`]: the directory or the key cannot be made or used.
pub fn peer(url: HubUrl, id: PeerId, data: &Path) -> Result<PeerBuilder<Smol>, SetupError> {
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
    data: &Path,
) -> Result<PeerBuilder<Smol>, SetupError> {
    PeerBuilder::new(smol, url, id, data)
}
