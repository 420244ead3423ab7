//! Who a hub and a peer are: their keys, what they sign with them, and TLS certificates.
//!
//! A hub's identity is an Ed25519 key that signs no TLS; it signs Hello, which lists the TLS keys
//! of the moment. A peer has an Ed25519 key of its own, with which it proves possession. Each
//! signature has a label of its own, so that none can stand for another. TLS keys and certificates
//! are made, read and described here.
//!
//! This floor signs and verifies; it does not decide whom to trust (`trust`), nor build the
//! transcript (`auth`). Keys and certificates come in and go out as bytes: files are the shell's.
//!
//! spec: identity.

mod authority;
mod certificate;
mod fingerprint;
mod hello;
mod key;
mod making;
mod peer_certificate;
mod possession;
mod renewal;
mod tls_key;
mod tls_signer;
mod usage;

pub use authority::{Authority, AuthorityPublic, NotTheAuthority};
pub use certificate::{BadCertificate, Description, spki};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use hello::{HelloVerified, HubIdentity, verify_hello};
pub(crate) use key::has_small_order;
pub use key::{BadSignature, IdentityError, SigningKey, verify};
pub use peer_certificate::{
    CertificateError, LAST_ISSUE, MintError, PEER_CERTIFICATE, PeerCertificate,
};
pub use possession::{PeerKey, Transcript, verify_possession};
pub use renewal::verify_refresh;
pub use tls_key::{TlsKey, TlsKeyError, is_encrypted};

#[cfg(test)]
#[path = "example_tests.rs"]
mod tests;
