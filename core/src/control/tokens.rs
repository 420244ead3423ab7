//! Join tokens: made, listed, revoked. `// spec: control §9 to §11`

use std::collections::BTreeMap;

use crate::ask::TokenText;
use crate::capability::{Capabilities, Capability, Role};
use crate::control::field::{FieldMisread, FieldType, Flag, Item, record};
use crate::control::item::{Word, words};
use crate::control::page::{Page, Paged};
use crate::control::peers::LabelMap;
use crate::id::{Jti, KeyId, PeerId, Room};
use crate::token::{CAPS, ROOMS, Rules, SUB, USES};
use crate::wire::bounds;
use crate::wire::value::{Value, ValueBuf, ValueError};

record! {
    /// The join token that is wanted. `// spec: tokens §6`
    IssueTokenRequest {
        /// Whom it is for: the claim `sub`.
        subject as "for": TokenSubject
            => "for: 1 to 64 bytes without control characters were expected",
        /// Role of those who join by it; [`Role::Member`] without it.
        role: Option<Role> => "role: admin, member, agent or read-only was expected",
        /// How long it can be used; a day without it.
        ttl_s: Option<TokenLife> => "ttl_s: a whole number from 60 to 604800 was expected",
        /// Keys that may use it; one without it.
        uses: Option<UseLimit> => "uses: a whole number from 1 to 10000 was expected",
        /// Capabilities of those who join by it; those of the role without it.
        caps: Option<GrantedCapabilities> => "caps: 1 to 64 capabilities were expected",
        /// Rooms that it names.
        rooms: Option<Rooms> => "rooms: at most 16 names of rooms, each once, were expected",
        /// Labels of those who join by it.
        labels: Option<GivenLabels>
            => "labels: at most 32, keys of 1 to 64 bytes and texts of 1024, were expected",
        /// Id of the peer that joins by it; not where several may.
        id: Option<PeerId> => "id is no peer id",
        /// Whether it may name URLs of the hub's own machine alone.
        local: Flag => "local is no boolean",
    }
}

/// Whom a token is for: 1 to [`SUB`] bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSubject(pub String);

impl Item for TokenSubject {
    fn kind() -> FieldType {
        FieldType::Text
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::text(&self.0))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let fits =
            |text: &&str| (1..=SUB).contains(&text.len()) && !text.chars().any(char::is_control);
        let text = value.text().filter(fits).ok_or_else(FieldMisread::default)?;
        Ok(Self(text.to_owned()))
    }
}

/// Seconds that a token can be used for, within [`Rules::JOIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife(pub u64);

impl Item for TokenLife {
    fn kind() -> FieldType {
        FieldType::Unsigned
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::uint(self.0))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let seconds = Item::read(value)?;
        let fits = Rules::JOIN.life.contains(&seconds);
        fits.then_some(Self(seconds)).ok_or_else(FieldMisread::default)
    }
}

/// Keys that may use a token: 1 to [`USES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseLimit(pub u32);

impl Item for UseLimit {
    fn kind() -> FieldType {
        FieldType::Unsigned
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        Ok(ValueBuf::uint(self.0.into()))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let uses = Item::read(value)?;
        (1..=USES).contains(&uses).then_some(Self(uses)).ok_or_else(FieldMisread::default)
    }
}

/// Capabilities that a token gives: 1 to [`CAPS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedCapabilities(pub Capabilities);

impl Item for GrantedCapabilities {
    fn kind() -> FieldType {
        one_or_many()
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        self.0.iter().collect::<Vec<_>>().to_value()
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let read = |text: &str| {
            let unknown = || FieldMisread::because(format!("caps: '{text}' is no capability"));
            text.parse::<Capability>().map_err(|_| unknown())
        };
        let caps: Result<Capabilities, _> = texts(value)?.into_iter().map(read).collect();
        let caps = caps?;
        let fit = (1..=CAPS).contains(&caps.iter().count());
        fit.then_some(Self(caps)).ok_or_else(FieldMisread::default)
    }
}

/// Rooms that a token names: at most [`ROOMS`], each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rooms(pub Vec<Room>);

impl Item for Rooms {
    fn kind() -> FieldType {
        one_or_many()
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        ValueBuf::array(self.0.iter().map(|room| ValueBuf::text(room.as_str())))
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let mut rooms = Vec::new();
        for text in texts(value)? {
            let room = text.parse().map_err(|_| FieldMisread::default())?;
            if rooms.contains(&room) {
                return Err(FieldMisread::default());
            }
            rooms.push(room);
        }
        if rooms.len() > ROOMS { Err(FieldMisread::default()) } else { Ok(Self(rooms)) }
    }
}

/// Labels that a token gives, within the bounds of labels: a map, or texts `KEY=VALUE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenLabels(pub LabelMap);

impl Item for GivenLabels {
    fn kind() -> FieldType {
        FieldType::Either(Box::new(LabelMap::kind()), Box::new(one_or_many()))
    }

    fn to_value(&self) -> Result<ValueBuf, ValueError> {
        self.0.to_value()
    }

    fn read(value: Value<'_>) -> Result<Self, FieldMisread> {
        let labels = match value.entries() {
            Some(_) => LabelMap::read(value)?,
            None => pairs(&texts(value)?)?,
        };
        let fits = |(key, text): (&String, &String)| {
            (1..=bounds::NAME).contains(&key.len()) && text.len() <= bounds::TEXT
        };
        let fit = labels.len() <= bounds::LABELS && labels.iter().all(fits);
        fit.then_some(Self(labels)).ok_or_else(FieldMisread::default)
    }
}

fn one_or_many() -> FieldType {
    FieldType::Either(
        Box::new(FieldType::List(Box::new(FieldType::Text))),
        Box::new(FieldType::Text),
    )
}

/// A text, or an array of texts.
fn texts(value: Value<'_>) -> Result<Vec<&str>, FieldMisread> {
    if let Some(text) = value.text() {
        return Ok(vec![text]);
    }
    let items = value.items().ok_or_else(FieldMisread::default)?;
    items.map(|item| item.text().ok_or_else(FieldMisread::default)).collect()
}

/// Texts `KEY=VALUE`, each key once.
fn pairs(texts: &[&str]) -> Result<LabelMap, FieldMisread> {
    let mut pairs = BTreeMap::new();
    for text in texts {
        let (key, value) = text.split_once('=').ok_or_else(FieldMisread::default)?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(FieldMisread::default());
        }
    }
    Ok(pairs)
}

record! {
    /// A token that was made.
    #[non_exhaustive]
    TokenIssued {
        /// The token: whoever has it can join.
        token: TokenText,
        /// Id of the token.
        jti: Jti,
        /// Whom it is for.
        subject as "for": String,
        /// Role of those who join by it.
        role: Word<Role>,
        /// Keys that may use it.
        uses: u32,
        /// Seconds since 1970.
        ends: u64,
        /// URLs that it names.
        urls: Vec<String>,
    }
}

record! {
    /// Which tokens are listed.
    #[derive(Default)]
    TokensRequest {
        /// Token behind which the list starts.
        after: Option<Jti>,
    }
}

words! {
    /// What has become of a token.
    TokenState {
        /// It admits.
        Open "open",
        /// As many keys as may have used it; those may use it again until it ends.
        Used "used",
        /// It was revoked, or the key that signed it was.
        Revoked "revoked",
        /// Its time is over.
        Ended "ended",
    }
}

record! {
    /// A token in the list of `tokens`.
    #[non_exhaustive]
    TokenSummary {
        /// Id of the token.
        jti: Jti,
        /// Whom it is for.
        subject as "for": String,
        /// Role of those who join by it.
        role: Word<Role>,
        /// Id of the key that signed it.
        kid: KeyId,
        /// Peer that had it made.
        issuer: PeerId,
        /// Seconds since 1970.
        issued: u64,
        /// Seconds since 1970.
        ends: u64,
        /// Keys that may use it.
        uses: u32,
        /// Keys that have.
        used: u64,
        /// Ids for which the first hundred of those did.
        used_by: Vec<PeerId>,
        /// What has become of it.
        state: Word<TokenState>,
        /// Capabilities that it gives; none where they are those of the role.
        caps: Option<Vec<Word<Capability>>>,
        /// Id of the peer that it is for, where it is for one.
        id: Option<PeerId>,
        /// Seconds since 1970, where it was revoked.
        revoked: Option<u64>,
    }
}

impl Paged for TokensRequest {
    fn behind(&self, page: &Page<TokenSummary>) -> Option<Self> {
        page.last("jti").map(|jti| Self { after: Some(jti) })
    }
}

record! {
    /// Which token is to admit nobody any more.
    RevokeTokenRequest {
        /// Id of the token.
        jti: Jti,
        /// Whether the peers that it enrolled are revoked with it.
        enrolled: Flag,
    }
}

record! {
    /// A token admits nobody any more.
    #[non_exhaustive]
    TokenRevoked {
        /// Id of the token.
        jti: Jti,
        /// Peers that were revoked.
        revoked: u64,
        /// Sessions that were ended.
        ended: u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ControlRequest;
    use crate::wire::value::{ArgumentsBuf, Scalar};

    #[test]
    fn what_is_said_of_a_bound_is_the_bound() {
        let said = |name: &str| {
            let mut arguments = ArgumentsBuf::new();
            if name != "for" {
                arguments.named("for", Scalar::Text("alice")).unwrap();
            }
            arguments.named(name, Scalar::Float(0.5)).unwrap();
            IssueTokenRequest::of_arguments(arguments.as_arguments()).unwrap_err().to_string()
        };
        let life = Rules::JOIN.life;
        let (most, name, text) = (bounds::LABELS, bounds::NAME, bounds::TEXT);
        for (name, bounds) in [
            ("for", format!("1 to {SUB} bytes")),
            ("ttl_s", format!("{} to {}", life.start(), life.end())),
            ("uses", format!("1 to {USES}")),
            ("caps", format!("1 to {CAPS}")),
            ("rooms", format!("at most {ROOMS}")),
            ("labels", format!("at most {most}, keys of 1 to {name} bytes and texts of {text},")),
        ] {
            assert!(said(name).contains(&bounds), "{}", said(name));
        }
    }
}
