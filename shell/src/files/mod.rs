//! What a hub and a peer keep on disk: keys, the shared secret, trust, and who is running.
//!
//! Private files are created with mode 0600, never changed to it, and written whole: a temporary
//! file in the same directory, flushed, renamed, and the directory flushed. A key or secret that
//! others may read is refused, not repaired: it may have been read already. Nothing here makes a
//! key or draws randomness; bytes come from the caller.

mod control;
mod data_dir;
mod endpoint;
mod enrolment;
mod error;
mod lock;
mod old_secret;
pub mod pem;
mod private;
mod secret;
mod secret_source;
mod text;
mod trust;
pub(crate) mod trusted;
pub mod volume;
mod watched;

pub use control::{ControlSocket, NoControlSocket};
pub use data_dir::{DataDir, Role};
pub use endpoint::Endpoint;
pub(crate) use enrolment::credentials;
pub use enrolment::{Enrolment, EnrolmentFile, EnrolmentLock};
pub(crate) use error::shown;
pub use error::{FileError, word};
pub use lock::{DirLock, Holder};
pub use old_secret::{OldSecret, replace_secret};
#[cfg(feature = "hub")]
pub(crate) use private::replace_private;
pub use private::{
    Created, create_private, is_there, load_or_create, read_private, remove, write_private,
    write_readable,
};
pub use secret::{Secret, SecretError, SecretFault, Strength};
pub use secret_source::{SecretOrigin, SecretSources};
pub use text::{NotText, text, unmarked};
pub use trust::{HubName, TrustError, TrustFile, TrustRecord, Trusted};
pub(crate) use trusted::Stamp;
pub use trusted::{Exposure, Remedy, TrustedGroup, is_descriptor, read_shown};
pub(crate) use watched::Watched;
