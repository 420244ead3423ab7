//! What a peer, or who calls through one, does about a code: one sentence for each, and for a
//! refusal one for each way in which the peer may have come.

use bowline_core::auth::may_refuse;
use bowline_core::code::Code;
use bowline_core::wire::frame::Method;

use super::{Words, alike, each};

/// What to do about `code`, for a peer that came by `method`.
pub(super) fn words(code: Code, method: Option<Method>) -> Option<Words> {
    let came = method.filter(|method| may_refuse(code, *method));
    came.and_then(|method| by_method(code, method)).or_else(|| by_code(code))
}

/// Who came by a token has no secret to compare, and who came by the secret no token to ask for.
fn by_method(code: Code, method: Method) -> Option<Words> {
    Some(match (code, method) {
        (Code::MethodNotOffered, Method::Open) => each(
            "Give this peer the hub's secret (--secret-file): 'bowline secret show' prints it there.",
            "Give this peer the hub's secret (PeerBuilder::secret_file).",
        ),
        (Code::MethodNotOffered, Method::Join | Method::Resume | Method::Refresh) => each(
            "Enable it at the hub: auth.join = true (--auth-join true), and TLS: a hub without it \
             takes no join tokens.",
            "Enable it at the hub: auth.join = true, and TLS: a hub without it takes no join tokens.",
        ),
        (Code::MethodNotOffered, Method::Secret | Method::Pass) => each(
            "Enable it at the hub: auth.secret = true (--auth-secret true), and auth.required = true \
             unless anyone may come in.",
            "Enable it at the hub: auth.secret = true, and auth.required = true unless anyone may \
             come in.",
        ),
        (Code::Refused, Method::Secret) => each(
            "Check that both ends have the same secret: 'bowline secret show' prints it on the hub's \
             machine.",
            "Check that both ends have the same secret.",
        ),
        (Code::Refused, Method::Join) => alike(
            "Check that this is the whole token, and of this hub; else ask the hub's administrator \
             for a new one.",
        ),
        (Code::Refused, Method::Resume | Method::Refresh) => each(
            "The hub does not know this machine by the key that it has: 'bowline peers show ID' \
             there tells whose the id is. If it was forgotten, or the hub was set up anew, ask its \
             administrator for a new token, and run 'bowline join' with it.",
            "The hub does not know this machine by the key that it has: its administrator can tell \
             whose the id is. If it was forgotten, or the hub was set up anew, ask for a new token, \
             and join by it.",
        ),
        (Code::MayNotServe, Method::Open | Method::Secret) => each(
            "Have the hub give another role (auth.secret-role, --secret-role), or only call from \
             here.",
            "Have the hub give another role (auth.secret-role), or only call from here.",
        ),
        (Code::MayNotServe, Method::Join | Method::Resume | Method::Refresh) => each(
            "Ask the hub's administrator for a token with a role that serves ('bowline token issue \
             --role agent'), and run 'bowline join' with it; or only call from here.",
            "Ask the hub's administrator for a token with a role that serves, and join by it; or \
             only call from here.",
        ),
        (Code::IdTaken, Method::Join | Method::Resume | Method::Refresh) => each(
            "Ask the hub's administrator for a token for another id, or join with another --id where \
             it names none; 'bowline peers forget ID' there frees the id.",
            "Ask the hub's administrator for a token for another id, or join with another id where \
             it names none; or have the id freed there.",
        ),
        (Code::Revoked, Method::Secret) => each(
            "Ask the hub's administrator: 'bowline peers allow ID' there lets this peer in again.",
            "Ask the hub's administrator to allow this peer again.",
        ),
        (Code::Revoked, Method::Join) => each(
            "Ask the hub's administrator for another token; where 'bowline peers show ID' there says \
             that the id is revoked, 'bowline peers allow ID' comes first.",
            "Ask the hub's administrator for another token; where the id is revoked, it has to be \
             allowed again first.",
        ),
        (Code::Expired, Method::Secret) => each(
            "The hub has another secret by now: 'bowline secret show' prints it on its machine.",
            "The hub has another secret by now: give this peer that one.",
        ),
        _ => return None,
    })
}

fn by_code(code: Code) -> Option<Words> {
    Some(match code {
        Code::Refused => alike("Look at the hub's log, which says why."),
        Code::MethodNotOffered => alike("Configure this peer for a method that the hub offers."),
        Code::OtherKeySeen => {
            alike("Find out what ends TLS between here and the hub, and dial the hub itself.")
        }
        Code::AddressNotAllowed => {
            alike("Ask the hub's operator to add this address to allow-ips.")
        }
        Code::RateLimited => alike("Find out what else dials from this address."),
        Code::Full => alike("Raise the hub's limits if this goes on."),
        Code::IdTaken => each(
            "Give this peer another --id, or the key that it had; 'bowline peers forget ID' at the \
             hub frees the id.",
            "Give this peer another id, or the key that it had; or have the id freed at the hub.",
        ),
        Code::DuplicateId => each(
            "Give each machine an id and a data directory of its own; 'bowline ls' at the hub shows \
             where the other is.",
            "Give each machine an id and a data directory of its own; the hub's operator can see \
             where the other is.",
        ),
        Code::Revoked => each(
            "Ask the hub's administrator: 'bowline peers allow ID' there lets this machine join \
             again, with a new token.",
            "Ask the hub's administrator to allow this machine again, and for a new token.",
        ),
        Code::Voided | Code::Expired => each(
            "Ask the hub's administrator for a new token, and run 'bowline join' with it.",
            "Ask the hub's administrator for a new token, and join by it.",
        ),
        Code::MayNotServe => {
            alike("Ask the hub's administrator for a role that serves, or only call from here.")
        }
        Code::Used => each(
            "Ask the hub's administrator for another token. If this one was meant for this machine \
             alone, somebody else has it: 'bowline token revoke JTI --enrolled' there keeps them out.",
            "Ask the hub's administrator for another token. If this one was meant for this machine \
             alone, somebody else has it: the token has to be revoked, with whom it enrolled.",
        ),
        Code::NotYetValid => alike("Set the clock that is wrong."),
        Code::Unavailable => alike(
            "Look at the hub's log, and at the disk of its data directory: it may be full, read-only \
             or failing; or the hub was restored from a backup.",
        ),
        Code::AdmissionTimeout => {
            alike("Check the network between here and the hub, and that the hub is not overloaded.")
        }
        Code::ProtocolError => alike(
            "Check that a Bowline hub listens there, and that both ends run versions that go \
             together.",
        ),
        Code::GoingAway => alike("Try again once the hub is back."),
        Code::Superseded => alike("Run one peer with this id, not two."),
        Code::Idle => alike("Check the network between here and the hub, and try again."),
        Code::Overload => alike("Read faster, or ask for less at once."),
        Code::SessionExpired => alike("Connect again."),
        Code::UnknownPeer => each(
            "'bowline ls' shows the peers that the hub knows.",
            "Ask the hub which peers it knows.",
        ),
        Code::Offline => each(
            "Start 'bowline peer' there; 'bowline ls' shows who is connected.",
            "Start the peer there; the hub tells who is connected.",
        ),
        Code::NotReady => alike("Try again in a moment."),
        Code::UnknownCommand => each(
            "'bowline ls' shows what it serves; [commands.NAME] in its peer.toml adds to that.",
            "The hub tells what it serves; PeerBuilder::command there adds to that.",
        ),
        Code::UnknownCall => each(
            "'bowline calls list' shows those that you may see; a hub that restarts forgets them.",
            "The hub tells which calls this identity may see; one that restarts forgets them.",
        ),
        Code::UnknownToken => each(
            "'bowline token list' shows those that the hub knows.",
            "Ask the hub which tokens it knows.",
        ),
        Code::BadArgument => alike("Mend the argument; nothing was run."),
        Code::NotStarted => each(
            "Mend 'run' of the command in that peer's peer.toml.",
            "Mend the program that the command names at that peer.",
        ),
        Code::Busy => alike("Try again once other calls have ended."),
        Code::Draining => alike("Try again once it is back; nothing was run."),
        Code::Deadline => each(
            "Give it longer with --timeout, or look at what holds it up there.",
            "Give it longer, or look at what holds it up there.",
        ),
        Code::Lost => alike("Find out whether it was carried out before you try again."),
        Code::Denied => alike("Ask the hub's administrator for it, or use another identity."),
        Code::Unsupported => alike("Use a hub of a later version."),
        Code::UnknownName => {
            alike("Check how the host is spelt in the hub's URL, and this machine's DNS.")
        }
        Code::NotListening => each(
            "Check the host and the port, and that the hub is running: 'bowline hub' prints where it \
             listens, which is its own machine alone (127.0.0.1) unless --bind says more.",
            "Check the host and the port, and that the hub is running: it listens for its own \
             machine alone (127.0.0.1) unless it is told to bind to more.",
        ),
        Code::NoAnswer => alike(
            "A firewall drops what is sent to that port, or the address is not the hub's: open the \
             hub's TCP port on the way there, or check the address.",
        ),
        Code::NoRoute => alike("Check this machine's network, and the address."),
        Code::Unreachable => alike("Check the address, and what this machine's firewall lets out."),
        Code::PlainWhereTls | Code::TlsWherePlain => each(
            "Give both ends the same: a wss:// URL and TLS mode 'tofu' or 'strict' (--tls), or a \
             ws:// URL and 'plain' at both.",
            "Give both ends the same: a wss:// URL and TLS mode 'tofu' or 'strict', or a ws:// URL \
             and 'plain' at both.",
        ),
        Code::TlsFailed => alike(
            "A hub speaks TLS 1.3 and nothing older: find out whether something else listens there, \
             or something in between interferes.",
        ),
        Code::NotBowline => each(
            "Check the host and the port of the hub's URL: 'bowline hub' prints them where it runs.",
            "Check the host and the port of the hub's URL.",
        ),
        Code::OtherVersion => each(
            "Install the same version at both ends: 'bowline --version' tells it.",
            "Install the same version at both ends.",
        ),
        Code::UpgradeRefused => alike(
            "Leave the path out of the hub's URL, or make it '/link'; the hub's log says more.",
        ),
        // Whoever called did these, and a verdict on a hub depends on the values that differ.
        _ => return None,
    })
}
