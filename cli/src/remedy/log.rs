//! What a hub's operator is to do about a peer that was not admitted, or has left.

use bowline_core::auth::AuthError;
use bowline_core::code::Code;
use bowline_core::link::{EndReason, Ended};
use bowline_core::wire::frame::Method;

/// What to do at the hub about a link's end there; `None` where nothing is, or the reason says it.
pub(crate) fn at_hub(ended: &Ended) -> Option<&'static str> {
    match &ended.reason {
        EndReason::Auth(error) => of_error(error, ended.method),
        EndReason::TimedOut(_) if !ended.admitted => {
            Some("Find out what connects there and says nothing.")
        }
        _ => None,
    }
}

fn of_error(error: &AuthError, method: Option<Method>) -> Option<&'static str> {
    Some(match error {
        AuthError::WrongSecret => "Give it this hub's: 'bowline secret show' prints it.",
        AuthError::NoPossession => {
            "Find out what comes from there with the credential of another machine."
        }
        AuthError::Certificate(_) | AuthError::OtherCertificate => {
            "Where it is a machine of yours, 'bowline token issue' makes a token for it to join by."
        }
        AuthError::OtherKeySeen { .. } => {
            "Find out what ends TLS in front of this hub; a proxy of yours belongs into external-pins."
        }
        AuthError::MethodNotOffered(_) => {
            "auth.secret, auth.join and auth.required say what this hub offers."
        }
        AuthError::NotYetValid { .. } => "Set the clock that is wrong.",
        AuthError::Mint(_) => "Look at ca.key and ca.crt in the hub's data directory.",
        AuthError::Refused(_, code) => return of_no(*code, method),
        // The others say it themselves, or are a stranger's doing.
        _ => return None,
    })
}

/// What to do about what the hub's own state said.
fn of_no(code: Code, method: Option<Method>) -> Option<&'static str> {
    let by_secret = matches!(method, Some(Method::Secret | Method::Open));
    Some(match code {
        Code::Refused if method == Some(Method::Join) => {
            "No token of that number was made here with these claims, or it is for another id: \
             'bowline token list' shows those that were."
        }
        Code::Refused if matches!(method, Some(Method::Resume | Method::Refresh)) => {
            "No machine with that key is enrolled under that id: 'bowline peers show ID' tells whose it \
             is, 'bowline token issue' makes a token to join by."
        }
        Code::MayNotServe if by_secret => "auth.secret-role says what it may do.",
        Code::MayNotServe => {
            "'bowline token issue --role agent' makes a token for one that serves."
        }
        Code::IdTaken => {
            "'bowline peers show ID' tells whose the id is, 'bowline peers forget ID' frees it."
        }
        Code::DuplicateId => "Give each machine an id and a data directory of its own.",
        Code::Revoked if by_secret => "'bowline peers allow ID' lets it in again.",
        Code::Revoked if method == Some(Method::Join) => {
            "'bowline token list' and 'bowline peers show ID' tell which of the two was revoked."
        }
        Code::Revoked => "'bowline peers allow ID' lets it join again, with a new token.",
        Code::Expired if by_secret => "Give it the present one: 'bowline secret show' prints it.",
        Code::Expired | Code::Voided | Code::Used => {
            "'bowline token issue' makes a token for it to join by."
        }
        Code::Full => "Raise the limits if this goes on.",
        Code::Unavailable => {
            "Look at the disk of the data directory; or accept a restored ledger with \
             --accept-restored."
        }
        _ => return None,
    })
}
