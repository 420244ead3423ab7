//! Configuration: `hub.toml`, `peer.toml`, and the flags that stand above them.
//!
//! A file or a command line becomes *settings*, in which everything is optional. Settings are laid
//! over each other (flags over file), then resolved with the defaults into a *configuration*, in
//! which everything is decided, parsed and consistent. What is in force can be printed, and reads
//! back as itself. Nothing here opens a socket or reads a secret; the only file read is the
//! configuration itself.
//!
//! Each key of a file is a row of a table ([`HubSettings::KEYS`], [`PeerSettings::KEYS`]) and has a
//! flag. The `--insecure-…` switches are flags only, see [`Insecure`], so that no file can lower
//! a guard by itself.

mod commands;
pub(crate) mod document;
mod error;
mod hub;
mod keys;
mod nearest;
mod peer;
mod safety;
mod served;
pub mod units;
mod values;

use crate::print;
pub use crate::url::{HubUrl, Scheme, UrlError};
pub use error::ConfigError;
pub use hub::{
    HubConfig, HubLimits, HubSettings, JoinConfig, JoinSettings, LimitSettings, Origin,
    PreauthConfig, PreauthSettings, TlsSource,
};
pub use keys::{Change, Form, Key, Reload};
pub use peer::{PeerConfig, PeerSettings, default_peer_id};
pub use safety::{Insecure, Warning};
pub use served::CommandRisk;
pub use values::{Bind, TlsMode, TlsSourceName};
