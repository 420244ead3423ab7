//! A link before admission: who proves what to whom, one file a state.
//!
//! ```text
//! peer                                         hub
//!                    ‹upgrade, with the nonce›
//!   AwaitHello       ◄─────────────── Hello    AwaitAuthenticate
//!   (trust decides)
//!   AwaitWelcome     Authenticate ───────────► (checks, in one order)
//!                                              AwaitReserved   Ask: Reserve
//!                                              AwaitRecorded   Ask: Record
//!                                              AwaitCommitted  Ask: Commit
//!   (MAC)            ◄───────────── Welcome    admitted
//!   AwaitKept        Ask: Keep
//!   admitted
//! ```
//!
//! States take messages and answers and are consumed by them; each returns the next state, a
//! question, or what was admitted. Nothing here reads a clock, knows a socket, or decides what an
//! admitted session may do. Deadlines belong to the link.

mod credentials;
mod dial;
mod error;
pub mod hub;
mod joins;
pub mod peer;
mod proof;
mod refresh_token;
mod refusal;
mod secret;
mod secrets;
mod snapshot;
mod transcript;

pub use credentials::{PeerCredentials, Reconnect};
pub use dial::{Credential, Dial, JoinToken, Transport};
pub use error::AuthError;
pub use joins::Joins;
pub use proof::{Admitted, ChannelBound, HubProved, PeerProved};
pub use refresh_token::RefreshToken;
pub use refusal::may_refuse;
pub use secret::{SharedSecret, WeakSecret};
pub use secrets::Secrets;
pub use snapshot::HubSnapshot;
