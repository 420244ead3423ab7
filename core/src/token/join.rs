//! What a join token claims: which hub invites, to what, until when.
//!
//! spec: tokens §6.

use core::num::NonZeroU32;
use std::collections::BTreeMap;

use super::claims::{ClaimFault, ClaimsReader, Wrong, list, parsed, shown};
use super::error::TokenError;
use super::header::TokenKind;
use super::issue::{IssueError, issue};
use super::json::{Json, Object};
use super::keys::TokenKeys;
use super::signer::TokenSigner;
use super::times::{Rules, Times};
use super::verify::{Claims, Verified, verify};
use crate::capability::{Capabilities, Capability, Role};
use crate::id::{HubId, Jti, PeerId, Pin, Room};
use crate::wire::bounds;

/// What a join token claims. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinClaims {
    /// The hub that issued it, and the only one that takes it (`iss` and `aud`).
    pub hub: HubId,
    /// For whom it was issued, 1 to [`SUB`] bytes without control characters: for the audit alone.
    pub sub: String,
    /// When it was issued.
    pub iat: u64,
    /// When it ends.
    pub exp: u64,
    /// Its id in the ledger of issued tokens.
    pub jti: Jti,
    /// What whoever joins by it may do.
    pub role: Role,
    /// How many peer keys may join by it, 1 to [`USES`].
    pub uses: NonZeroU32,
    /// Pins of the hub's TLS keys when it was issued, at most [`PINS`].
    pub pins: Vec<Pin>,
    /// Where the hub is, the best first: `wss://` URLs, at most [`URLS`] of [`URL`] bytes.
    pub urls: Vec<String>,
    /// A part of what the role may do, at least one and at most [`CAPS`]; all of it where absent.
    pub caps: Option<Capabilities>,
    /// Rooms, at most [`ROOMS`].
    pub rooms: Vec<Room>,
    /// Labels that go before the peer's own, as many and as long as on the wire.
    pub labels: BTreeMap<String, String>,
    /// The only peer id that may be asked for with it; it is for one key then.
    pub id: Option<PeerId>,
}

impl JoinClaims {
    /// What whoever joins may do: what the role may, or the part of it that `caps` names.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.caps.clone().unwrap_or_else(|| self.role.capabilities())
    }
}

impl Claims for JoinClaims {
    const KIND: TokenKind = TokenKind::Join;
    const RULES: Rules = Rules::JOIN;

    fn read(claims: &Object, rules: &Rules) -> Result<(Self, Times), Vec<ClaimFault>> {
        let mut reader = ClaimsReader::new(claims);
        let hub = reader.own_hub();
        let sub = reader.required("sub", |value| shown(value, SUB));
        let times = Times::read(&mut reader, rules);
        let jti = reader.jti();
        let role = reader.required("role", |value| {
            parsed::<Role>(value, "a role: admin, member, agent or read-only")
        });
        let uses = uses(&mut reader);
        let pins = reader.optional("pins", |value| {
            list(value, PINS, "pins", |item| item.text()?.parse::<Pin>().ok())
        });
        let urls = reader.optional("urls", |value| list(value, URLS, "wss:// URLs", url));
        let caps = reader.optional("caps", capabilities);
        if let (Some(caps), Some(role)) = (&caps, role) {
            let granted = role.capabilities();
            if caps.iter().any(|cap| !granted.allow(cap)) {
                let wrong = Wrong::Against("has a capability that the role has not");
                reader.fault(ClaimFault { claim: "caps", wrong });
            }
        }
        let rooms = reader.optional("rooms", |value| {
            list(value, ROOMS, "names of rooms", |item| item.text()?.parse::<Room>().ok())
        });
        let labels = reader.optional("labels", labels);
        let id = reader.optional("id", |value| parsed::<PeerId>(value, "a peer id"));
        if id.is_some() && uses.is_some_and(|uses| uses.get() > 1) {
            let wrong = Wrong::Against("is for one key, and the token for several");
            reader.fault(ClaimFault { claim: "id", wrong });
        }
        let read = (|| {
            let (hub, sub, times, jti) = (hub?, sub?, times?, jti?);
            let claims = Self {
                hub,
                sub,
                iat: times.iat,
                exp: times.exp,
                jti,
                role: role?,
                uses: uses?,
                pins: pins.unwrap_or_default(),
                urls: urls.unwrap_or_default(),
                caps,
                rooms: rooms.unwrap_or_default(),
                labels: labels.unwrap_or_default(),
                id,
            };
            Some((claims, times))
        })();
        reader.finish(read)
    }

    fn to_json(&self) -> Object {
        let (hub, uses) = (self.hub.to_string(), self.uses.get());
        let mut claims = Object::default()
            .with("iss", hub.as_str())
            .with("aud", hub)
            .with("sub", self.sub.as_str())
            .with("iat", self.iat)
            .with("exp", self.exp)
            .with("jti", self.jti.to_string())
            .with("role", self.role.to_string());
        claims = match uses {
            1 => claims.with("one_shot", true),
            _ => claims.with("max_uses", u64::from(uses)),
        };
        let texts = |items: &mut dyn Iterator<Item = String>| items.collect::<Json>();
        if !self.pins.is_empty() {
            claims = claims.with("pins", texts(&mut self.pins.iter().map(Pin::to_string)));
        }
        if !self.urls.is_empty() {
            claims = claims.with("urls", texts(&mut self.urls.iter().cloned()));
        }
        if let Some(caps) = &self.caps {
            claims = claims.with("caps", texts(&mut caps.iter().map(|cap| cap.to_string())));
        }
        if !self.rooms.is_empty() {
            claims = claims.with("rooms", texts(&mut self.rooms.iter().map(Room::to_string)));
        }
        if !self.labels.is_empty() {
            let labels = self.labels.iter();
            let labels =
                labels.fold(Object::default(), |all, (key, value)| all.with(key, value.as_str()));
            claims = claims.with("labels", labels);
        }
        match self.id {
            Some(id) => claims.with("id", id.as_str()),
            None => claims,
        }
    }

    fn hub(&self) -> HubId {
        self.hub
    }
}

/// `one_shot`, which is true where nothing is said, or `max_uses`.
fn uses(reader: &mut ClaimsReader<'_>) -> Option<NonZeroU32> {
    let one_shot = reader.optional("one_shot", |value| match value {
        Json::Boolean(one_shot) => Ok(*one_shot),
        _ => Err(Wrong::No("true or false")),
    });
    let max_uses = reader.optional("max_uses", |value| match value {
        Json::Whole(uses) => u32::try_from(*uses)
            .ok()
            .and_then(NonZeroU32::new)
            .filter(|uses| uses.get() <= USES)
            .ok_or(Wrong::No(MAX_USES)),
        _ => Err(Wrong::No(MAX_USES)),
    });
    match (one_shot, max_uses) {
        (Some(true) | None, None) => Some(NonZeroU32::MIN),
        (Some(false) | None, Some(uses)) => Some(uses),
        (Some(true), Some(_)) => {
            let wrong = Wrong::Against("contradicts max_uses");
            reader.fault(ClaimFault { claim: "one_shot", wrong });
            None
        }
        (Some(false), None) => {
            let wrong = Wrong::Against("is false, and max_uses does not say how many uses");
            reader.fault(ClaimFault { claim: "one_shot", wrong });
            None
        }
    }
}

/// A URL that a TLS link can be dialled by; whoever dials reads it in full.
fn url(item: &Json) -> Option<String> {
    let url = item.text()?;
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    (url.starts_with("wss://") && url.len() <= URL && printable).then(|| url.to_owned())
}

/// A list of capabilities.
pub(super) fn capabilities(value: &Json) -> Result<Capabilities, Wrong> {
    let caps = list(value, CAPS, "capabilities", |item| item.text()?.parse::<Capability>().ok())?;
    Ok(caps.into_iter().collect())
}

/// Labels, within the bounds that they have on the wire.
fn labels(value: &Json) -> Result<BTreeMap<String, String>, Wrong> {
    let Json::Object(object) = value else { return Err(Wrong::No(LABELS)) };
    let labels: Option<BTreeMap<_, _>> = object
        .iter()
        .map(|(key, value)| {
            let value = value.text().filter(|value| value.len() <= bounds::TEXT)?;
            (1..=bounds::NAME).contains(&key.len()).then(|| (key.to_owned(), value.to_owned()))
        })
        .collect();
    let counted = labels.filter(|labels| (1..=bounds::LABELS).contains(&labels.len()));
    counted.ok_or(Wrong::No(LABELS))
}

/// Verifies a join token for `hub`: form, header, signature, key, claims, hub and times, in this
/// order. Whether it was issued, used or revoked is asked of the ledger. `now` is in seconds since
/// 1970.
///
/// # Errors
/// [`TokenError`], of the first check that fails.
pub fn verify_join(
    token: &[u8],
    keys: &TokenKeys,
    hub: HubId,
    now: u64,
    rules: &Rules,
) -> Result<Verified<JoinClaims>, TokenError> {
    verify(token, keys, hub, now, rules)
}

/// Signs a join token.
///
/// # Errors
/// [`IssueError`]: a claim out of its bounds, claims that [`verify_join`] would read otherwise or
/// refuse by [`Rules::JOIN`], or a token above [`MOST`](super::MOST) bytes.
pub fn issue_join(signer: &TokenSigner, claims: &JoinClaims) -> Result<String, IssueError> {
    issue(signer, claims)
}

/// The longest `sub`, in bytes.
pub const SUB: usize = 64;
/// The most peer keys that may join by one token.
pub const USES: u32 = 10_000;
/// The most pins of a token.
pub const PINS: usize = 16;
/// The most URLs of a token.
pub const URLS: usize = 8;
/// The longest URL, in bytes.
pub const URL: usize = 256;
/// The most capabilities of a token.
pub const CAPS: usize = 64;
/// The most rooms of a token.
pub const ROOMS: usize = 16;

const MAX_USES: &str = "a whole number from 1 to 10000";
const LABELS: &str = "an object of 1 to 32 labels: keys of 1 to 64 bytes, texts of at most 1024";
