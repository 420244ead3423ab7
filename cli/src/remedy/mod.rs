//! What to do about a code: one sentence for each, the same for every command, and for a refusal one
//! for each way in which a peer may have come.
//!
//! What a peer finds wrong with a hub ([`Use::Local`](bowline_core::code::Use::Local)) may depend on
//! the values that differ, so the errors of `bowline_core` say what to do about those.
//! `docs/refusals.md` shows all of them.

mod log;
mod method;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use log::at_hub;
pub(crate) use method::by_method;

use std::borrow::Cow;

use bowline_core::auth::AuthError;
use bowline_core::code::Code;
use bowline_core::hub::RESTORED_SAID;
use bowline_core::link::{EndReason, Ended};
use bowline_shell::peer::Unreached;

/// What to do about a link's end; `None` where nothing is to be done.
pub(crate) fn of_ended(ended: &Ended) -> Option<Cow<'static, str>> {
    let reason = &ended.reason;
    if let Some(remedy) = reason.remedy() {
        return Some(remedy);
    }
    let remedy = match reason {
        EndReason::Closed(_) => return None,
        EndReason::Refused(refusal) if refusal.text.raw() == RESTORED_SAID => {
            "Ask its operator: 'bowline hub --accept-restored' there takes tokens again that are made \
             after that."
        }
        EndReason::Cut if !ended.admitted => {
            "What listens there closed without a word: check the port, and whether it is a proxy \
             with no hub behind it, or a hub with too many connections."
        }
        EndReason::Cut | EndReason::WebSocketClosed(_) => {
            "Check that the hub still runs, and try again."
        }
        EndReason::Auth(AuthError::NotKept) => {
            "Look at the disk of this peer's data directory: it may be full, read-only or failing."
        }
        _ => {
            let code = reason.code();
            let of_method = ended.method.and_then(|method| by_method(code, method));
            return of_method.or_else(|| remedy(code)).map(Cow::Borrowed);
        }
    };
    Some(Cow::Borrowed(remedy))
}

/// What to do; `None` where there is nothing, or the error itself says it.
pub(crate) fn remedy(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::Refused => "Look at the hub's log, which says why.",
        Code::MethodNotOffered => "Configure this peer for a method that the hub offers.",
        Code::OtherKeySeen => {
            "Find out what ends TLS between here and the hub, and dial the hub itself."
        }
        Code::AddressNotAllowed => "Ask the hub's operator to add this address to allow-ips.",
        Code::RateLimited => "Find out what else dials from this address.",
        Code::Full => "Raise the hub's limits if this goes on.",
        Code::IdTaken => {
            "Give this peer another --id, or the key that it had; 'bowline peers forget ID' at the \
             hub frees the id."
        }
        Code::DuplicateId => {
            "Give each machine an id and a data directory of its own; 'bowline ls' at the hub shows \
             where the other is."
        }
        Code::Revoked => {
            "Ask the hub's administrator: 'bowline peers allow ID' there lets this machine join again, \
             with a new token."
        }
        Code::Voided | Code::Expired => {
            "Ask the hub's administrator for a new token, and run 'bowline join' with it."
        }
        Code::MayNotServe => {
            "Ask the hub's administrator for a role that serves, or only call from here."
        }
        Code::Used => {
            "Ask the hub's administrator for another token. If this one was meant for this machine \
             alone, somebody else has it: 'bowline token revoke JTI --enrolled' there keeps them out."
        }
        Code::NotYetValid => "Set the clock that is wrong.",
        Code::Unavailable => {
            "Look at the hub's log, and at the disk of its data directory: it may be full, read-only or \
             failing; or the hub was restored from a backup."
        }
        Code::AdmissionTimeout => {
            "Check the network between here and the hub, and that the hub is not overloaded."
        }
        Code::ProtocolError => {
            "Check that a Bowline hub listens there, and that both ends run versions that go \
             together."
        }
        Code::GoingAway => "Try again once the hub is back.",
        Code::Superseded => "Run one peer with this id, not two.",
        Code::Idle => "Check the network between here and the hub, and try again.",
        Code::Overload => "Read faster, or ask for less at once.",
        Code::SessionExpired => "Connect again.",
        Code::UnknownPeer => "'bowline ls' shows the peers that the hub knows.",
        Code::Offline => "Start 'bowline peer' there; 'bowline ls' shows who is connected.",
        Code::NotReady => "Try again in a moment.",
        Code::UnknownCommand => {
            "'bowline ls' shows what it serves; [commands.NAME] in its peer.toml adds to that."
        }
        Code::UnknownCall => {
            "'bowline calls list' shows those that you may see; a hub that restarts forgets them."
        }
        Code::UnknownToken => "'bowline token list' shows those that the hub knows.",
        Code::BadArgument => "Mend the argument; nothing was run.",
        Code::NotStarted => "Mend 'run' of the command in that peer's peer.toml.",
        Code::Busy => "Try again once other calls have ended.",
        Code::Draining => "Try again once it is back; nothing was run.",
        Code::Deadline => "Give it longer with --timeout, or look at what holds it up there.",
        Code::Lost => "Find out whether it was carried out before you try again.",
        Code::Denied => "Ask the hub's administrator for it, or use another identity.",
        Code::Unsupported => "Use a hub of a later version.",
        code => return EndReason::remedy_of(code).or_else(|| Unreached::remedy_of(code)),
    })
}
