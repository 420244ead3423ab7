//! What is to be done about a link that ended or a request that was refused: as data, without a
//! word of it.
//!
//! An error says what happened, what was expected and what was seen. What to do next depends on who
//! reads it: the operator at a command line has commands and flags for it, the author of a program
//! has methods. So the sentences stand where those are known, in `bowline_shell::advice`.

use crate::auth::AuthError;
use crate::code::Code;
use crate::hub::RESTORED_SAID;
use crate::link::{EndReason, Ended};
use crate::session::Side;
use crate::trust::TrustError;
use crate::wire::frame::Method;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Remedy<'a> {
    /// What follows from a code.
    Code {
        /// The code of a refusal, an ending, a failed call, or a hub that was not reached.
        code: Code,
        /// How the peer came, where it did: who has no token has none to replace.
        method: Option<Method>,
        /// The end whose operator reads it.
        at: Side,
    },
    /// Decide about a hub that is not trusted; the error has the values that differ.
    Trust(&'a TrustError),
    /// Find out what answers in the hub's place without the shared secret.
    FindImpostor,
    /// Compare the versions of both ends, and look at the hub's log.
    CompareVersions,
    /// Have the hub's operator accept that its storage was restored from a backup.
    AcceptRestored,
    /// Look at the disk that this peer keeps its data on.
    CheckDisk,
    /// Check what listens at the hub's port.
    CheckPort,
    /// Check that the hub still runs.
    CheckHub,
    /// Check how this machine resolves names.
    CheckResolver,
    /// At the hub: give the peer the shared secret.
    GiveSecret,
    /// At the hub: find out who has the credential of another machine.
    FindPretender,
    /// At the hub: issue a token where the machine is known.
    IssueToken,
    /// At the hub: find out what ends TLS in front of it, or name it as a proxy.
    NameProxy,
    /// At the hub: see which admission methods it offers.
    ListMethods,
    /// At the hub: look at the authority that makes certificates.
    CheckAuthority,
    /// At the hub: find out who connects and says nothing.
    FindSilent,
}

impl Remedy<'_> {
    /// What follows from a code alone, for whoever called or dialled.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self::Code { code, method: None, at: Side::Peer }
    }
}

impl Ended {
    /// What is to be done at this end; `None` where nothing is, or the reason says it.
    #[must_use]
    pub fn remedy(&self, at: Side) -> Option<Remedy<'_>> {
        match at {
            Side::Peer => self.at_peer(),
            Side::Hub => self.at_hub(),
        }
    }

    fn at_peer(&self) -> Option<Remedy<'_>> {
        Some(match &self.reason {
            EndReason::Closed(_) => return None,
            EndReason::Auth(AuthError::Trust(error)) => Remedy::Trust(error),
            EndReason::Auth(AuthError::HubNotProved) => Remedy::FindImpostor,
            EndReason::Auth(AuthError::NotOurs(_) | AuthError::OtherPeer(_)) => {
                Remedy::CompareVersions
            }
            EndReason::Auth(AuthError::NotKept) => Remedy::CheckDisk,
            EndReason::Auth(AuthError::HubLacksMethod { wanted, .. }) => {
                self.by_code(Some(*wanted), Side::Peer)
            }
            EndReason::Refused(refusal) if refusal.text.raw() == RESTORED_SAID => {
                Remedy::AcceptRestored
            }
            EndReason::Cut if !self.admitted => Remedy::CheckPort,
            EndReason::Cut | EndReason::WebSocketClosed(_) => Remedy::CheckHub,
            EndReason::Auth(_)
            | EndReason::Refused(_)
            | EndReason::Goaway { .. }
            | EndReason::TimedOut(_)
            | EndReason::Tunnel(_)
            | EndReason::Socket(_)
            | EndReason::Wire(_)
            | EndReason::Session(_) => self.by_code(self.method, Side::Peer),
        })
    }

    fn at_hub(&self) -> Option<Remedy<'_>> {
        let error = match &self.reason {
            EndReason::Auth(error) => error,
            EndReason::TimedOut(_) if !self.admitted => return Some(Remedy::FindSilent),
            _ => return None,
        };
        Some(match error {
            AuthError::WrongSecret => Remedy::GiveSecret,
            AuthError::NoPossession => Remedy::FindPretender,
            AuthError::Certificate(_) | AuthError::OtherCertificate => Remedy::IssueToken,
            AuthError::OtherKeySeen { .. } => Remedy::NameProxy,
            AuthError::MethodNotOffered(_) => Remedy::ListMethods,
            AuthError::Mint(_) => Remedy::CheckAuthority,
            AuthError::NotYetValid { .. } | AuthError::Refused(..) => {
                self.by_code(self.method, Side::Hub)
            }
            // These say it themselves, are a stranger's doing, or are met by a peer.
            AuthError::Wire(_)
            | AuthError::OutOfTurn(_)
            | AuthError::HubLacksMethod { .. }
            | AuthError::TurnedAway(_)
            | AuthError::Form(_)
            | AuthError::Token(_)
            | AuthError::NotOurs(_)
            | AuthError::Said(..)
            | AuthError::Trust(_)
            | AuthError::HubNotProved
            | AuthError::OtherPeer(_)
            | AuthError::NotKept => return None,
        })
    }

    fn by_code(&self, method: Option<Method>, at: Side) -> Remedy<'static> {
        Remedy::Code { code: self.reason.code(), method, at }
    }
}
