//! What to do about a refusal, where that depends on how the peer came: who came by a token has no
//! secret to compare, and who came by the secret no token to ask for.

use bowline_core::auth::{AuthError, may_refuse};
use bowline_core::code::Code;
use bowline_core::wire::frame::Method;

/// What to do about `code` for a peer that came by `method`; `None` where it is the same for all.
pub(crate) fn by_method(code: Code, method: Method) -> Option<&'static str> {
    if !may_refuse(code, method) {
        return None;
    }
    Some(match (code, method) {
        (Code::MethodNotOffered, method) => AuthError::lacking(method.name()),
        (Code::Refused, Method::Secret) => {
            "Check that both ends have the same secret: 'bowline secret show' prints it on the hub's \
             machine."
        }
        (Code::Refused, Method::Join) => {
            "Check that this is the whole token, and of this hub; else ask the hub's administrator for \
             a new one."
        }
        (Code::Refused, Method::Resume | Method::Refresh) => {
            "The hub does not know this machine by the key that it has: 'bowline peers show ID' there \
             tells whose the id is. If it was forgotten, or the hub was set up anew, ask its \
             administrator for a new token, and run 'bowline join' with it."
        }
        (Code::MayNotServe, Method::Open | Method::Secret) => {
            "Have the hub give another role (auth.secret-role, --secret-role), or only call from here."
        }
        (Code::MayNotServe, Method::Join | Method::Resume | Method::Refresh) => {
            "Ask the hub's administrator for a token with a role that serves ('bowline token issue \
             --role agent'), and run 'bowline join' with it; or only call from here."
        }
        (Code::IdTaken, Method::Join | Method::Resume | Method::Refresh) => {
            "Ask the hub's administrator for a token for another id, or join with another --id where \
             it names none; 'bowline peers forget ID' there frees the id."
        }
        (Code::Revoked, Method::Secret) => {
            "Ask the hub's administrator: 'bowline peers allow ID' there lets this peer in again."
        }
        (Code::Revoked, Method::Join) => {
            "Ask the hub's administrator for another token; where 'bowline peers show ID' there says \
             that the id is revoked, 'bowline peers allow ID' comes first."
        }
        (Code::Expired, Method::Secret) => {
            "The hub has another secret by now: 'bowline secret show' prints it on its machine."
        }
        _ => return None,
    })
}
