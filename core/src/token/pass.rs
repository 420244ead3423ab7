//! What a pass claims: which peer, by its key, may enter one room, and do what there.
//!
//! spec: tokens §7.

use super::claims::{ClaimFault, ClaimsReader, Wrong, parsed, shown};
use super::error::TokenError;
use super::header::TokenKind;
use super::issue::{IssueError, issue};
use super::join::capabilities;
use super::json::{Json, Object};
use super::keys::TokenKeys;
use super::signer::TokenSigner;
use super::times::{Rules, Times};
use super::verify::{Claims, Verified, verify};
use crate::capability::Capabilities;
use crate::id::{HubId, Jti, KeyId, PeerId, Room};

/// What a pass claims. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassClaims {
    /// Who issued it, 1 to [`ISS`] bytes without control characters: for the audit. Whether the key
    /// that signed it may issue passes for the room is the hub's to know.
    pub iss: String,
    /// The hub that takes it (`aud`).
    pub hub: HubId,
    /// The peer's id (`sub`).
    pub peer: PeerId,
    /// When it was issued.
    pub iat: u64,
    /// When it ends.
    pub exp: u64,
    /// Its id.
    pub jti: Jti,
    /// The room.
    pub room: Room,
    /// What may be done there, 1 to [`CAPS`](super::CAPS).
    pub caps: Capabilities,
    /// The thumbprint of the peer's key (`cnf`, RFC 7800, with `jkt`): nobody else may use the
    /// pass.
    pub key: KeyId,
}

impl Claims for PassClaims {
    const KIND: TokenKind = TokenKind::Pass;
    const RULES: Rules = Rules::PASS;

    fn read(claims: &Object, rules: &Rules) -> Result<(Self, Times), Vec<ClaimFault>> {
        let mut reader = ClaimsReader::new(claims);
        let iss = reader.required("iss", |value| shown(value, ISS));
        let hub = reader.required("aud", |value| parsed::<HubId>(value, "a hub id"));
        let peer = reader.required("sub", |value| parsed::<PeerId>(value, "a peer id"));
        let times = Times::read(&mut reader, rules);
        let jti = reader.jti();
        let room = reader.required("room", |value| parsed::<Room>(value, "the name of a room"));
        let caps = reader.required("caps", capabilities);
        let key = reader.required("cnf", thumbprint);
        let read = (|| {
            let (iss, hub, peer, times) = (iss?, hub?, peer?, times?);
            let (iat, exp, jti) = (times.iat, times.exp, jti?);
            let claims =
                Self { iss, hub, peer, iat, exp, jti, room: room?, caps: caps?, key: key? };
            Some((claims, times))
        })();
        reader.finish(read)
    }

    fn to_json(&self) -> Object {
        Object::default()
            .with("iss", self.iss.as_str())
            .with("aud", self.hub.to_string())
            .with("sub", self.peer.as_str())
            .with("iat", self.iat)
            .with("exp", self.exp)
            .with("jti", self.jti.to_string())
            .with("room", self.room.as_str())
            .with("caps", self.caps.iter().map(|cap| cap.to_string()).collect::<Json>())
            .with("cnf", Object::default().with("jkt", self.key.to_string()))
    }

    fn hub(&self) -> HubId {
        self.hub
    }
}

/// `{"jkt": thumbprint}`, and no other way of confirming beside it.
fn thumbprint(value: &Json) -> Result<KeyId, Wrong> {
    let Json::Object(cnf) = value else { return Err(Wrong::No(CNF)) };
    let alone = cnf.iter().count() == 1;
    let jkt = cnf.get("jkt").and_then(Json::text).filter(|_| alone);
    jkt.and_then(|jkt| jkt.parse().ok()).ok_or(Wrong::No(CNF))
}

/// Verifies a pass for `hub`: form, header, signature, key, claims, hub and times, in this order.
/// The room's issuers, the peer's key and revocations are the caller's to compare. `now` is in
/// seconds since 1970.
///
/// # Errors
/// [`TokenError`], of the first check that fails.
pub fn verify_pass(
    token: &[u8],
    keys: &TokenKeys,
    hub: HubId,
    now: u64,
    rules: &Rules,
) -> Result<Verified<PassClaims>, TokenError> {
    verify(token, keys, hub, now, rules)
}

/// Signs a pass.
///
/// # Errors
/// [`IssueError`]: a claim out of its bounds, claims that [`verify_pass`] would refuse by
/// [`Rules::PASS`], or a token above [`MOST`](super::MOST) bytes.
pub fn issue_pass(signer: &TokenSigner, claims: &PassClaims) -> Result<String, IssueError> {
    issue(signer, claims)
}

/// The longest `iss` of a pass, in bytes.
pub const ISS: usize = 255;

const CNF: &str = "an object of one member, jkt: a key's thumbprint";
