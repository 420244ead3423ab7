//! How many elements and how much text a frame may hold, whatever the message's size.
//!
//! These belong to protocol 1 (`spec/frames.md`, Bounds): both ends hold each other to them, so
//! they are constants and not in [`crate::limits::Limits`].

/// Arrays and maps nested in a frame; the frame's own array is the first.
pub const DEPTH: usize = 8;
/// Arrays and maps nested in one value: what is left of [`DEPTH`] inside a call's arguments.
pub const VALUE_DEPTH: usize = 5;
/// Bytes of a text: descriptions, reasons, choices, labels' values.
pub const TEXT: usize = 1024;
/// Bytes of a name, at least one: arguments, label keys, codes.
pub const NAME: usize = 64;
/// Bytes of the agent in [`AuthBody`](crate::wire::frame::AuthBody).
pub const AGENT: usize = 64;
/// Bytes of a peer's certificate, in Welcome, Refreshed and a credential.
pub const CERTIFICATE: usize = 4096;
/// Bytes of what a peer shows of a later start of its hub: a nonce and a Hello. Longer ones are not
/// looked at, and no Hello of an honest hub is longer.
pub const SEEN_START: usize = 4096;
/// Commands in one Register.
pub const COMMANDS: usize = 256;
/// Arguments of one call, positional and named together, or declared by one command.
pub const ARGUMENTS: usize = 64;
/// Choices of one argument, at least one.
pub const CHOICES: usize = 64;
/// Labels of a peer, or label tests of a target.
pub const LABELS: usize = 32;
/// Methods in one Hello, at least one.
pub const METHODS: usize = 16;
/// TLS keys in one Hello.
pub const TLS_KEYS: usize = 16;
/// Capabilities in one Welcome.
pub const CAPABILITIES: usize = 256;
/// Peers in each list of one Accepted.
pub const PEERS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn every_peer_of_a_full_hub_fits_one_accepted() {
        assert_eq!(Limits::default().peers, PEERS);
    }
}
