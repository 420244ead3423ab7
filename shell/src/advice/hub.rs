//! What a hub's operator does about a peer whom the hub's own state did not admit.

use bowline_core::code::Code;
use bowline_core::wire::frame::Method;

use super::{Words, alike, each};

/// What to do at the hub about `code`, said to a peer that came by `method`.
pub(super) fn words(code: Code, method: Option<Method>) -> Option<Words> {
    let by_secret = matches!(method, Some(Method::Secret | Method::Open));
    Some(match code {
        Code::Refused if method == Some(Method::Join) => each(
            "No token of that number was made here with these claims, or it is for another id: \
             'bowline token list' shows those that were.",
            "No token of that number was made here with these claims, or it is for another id.",
        ),
        Code::Refused if matches!(method, Some(Method::Resume | Method::Refresh)) => each(
            "No machine with that key is enrolled under that id: 'bowline peers show ID' tells whose \
             it is, 'bowline token issue' makes a token to join by.",
            "No machine with that key is enrolled under that id: find out whose it is, and make a \
             token to join by.",
        ),
        Code::NotYetValid => alike("Set the clock that is wrong."),
        Code::MayNotServe if by_secret => alike("auth.secret-role says what it may do."),
        Code::MayNotServe => each(
            "'bowline token issue --role agent' makes a token for one that serves.",
            "Make a token with the role agent for one that serves.",
        ),
        Code::IdTaken => each(
            "'bowline peers show ID' tells whose the id is, 'bowline peers forget ID' frees it.",
            "Find out whose the id is, and forget that peer to free it.",
        ),
        Code::DuplicateId => alike("Give each machine an id and a data directory of its own."),
        Code::Revoked if by_secret => {
            each("'bowline peers allow ID' lets it in again.", "Allow the peer to let it in again.")
        }
        Code::Revoked if method == Some(Method::Join) => each(
            "'bowline token list' and 'bowline peers show ID' tell which of the two was revoked.",
            "Find out which of the two was revoked, the token or the peer.",
        ),
        Code::Revoked => each(
            "'bowline peers allow ID' lets it join again, with a new token.",
            "Allow the peer to let it join again, with a new token.",
        ),
        Code::Expired if by_secret => each(
            "Give it the present one: 'bowline secret show' prints it.",
            "Give it the present one.",
        ),
        Code::Expired | Code::Voided | Code::Used => each(
            "'bowline token issue' makes a token for it to join by.",
            "Make a token for it to join by.",
        ),
        Code::Full => alike("Raise the limits if this goes on."),
        Code::Unavailable => each(
            "Look at the disk of the data directory; or accept a restored ledger with \
             --accept-restored.",
            "Look at the disk of the data directory; or accept a restored ledger.",
        ),
        _ => return None,
    })
}
