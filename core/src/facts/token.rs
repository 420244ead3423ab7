//! What is recorded of a join token is the truth about it: a token that is presented, held against
//! its row.
//!
//! A signature says that a key of the hub's made the token, and a key can be stolen. So the row,
//! which was written as the token was made, decides what is granted, and a token that says anything
//! else is none of the hub's.
//!
//! spec: tokens §3, admission §9.

use std::collections::BTreeMap;

use crate::capability::{Capabilities, Role};
use crate::code::Code;
use crate::id::{Jti, KeyId, PeerId, PublicKey};

/// What is kept of a join token: everything but the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its number.
    pub jti: Jti,
    /// Whom it was made for, for a person.
    pub sub: String,
    /// The key that signed it.
    pub kid: KeyId,
    /// When it was made, seconds since 1970.
    pub issued: u64,
    /// When it ends, seconds since 1970.
    pub ends: u64,
    /// How many keys may use it.
    pub uses: u32,
    /// The role.
    pub role: Role,
    /// What the role is narrowed to.
    pub caps: Option<Capabilities>,
    /// The rooms that it names.
    pub rooms: Vec<String>,
    /// Labels that override the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The only id that it is for.
    pub id: Option<PeerId>,
    /// Who had it made.
    pub issuer: PeerId,
    /// Whether it was revoked, and when, seconds since 1970.
    pub revoked: Option<u64>,
    /// Who used it.
    pub used: Uses,
}

/// The keys that used a token, and for which id each did first.
pub type Uses = BTreeMap<PublicKey, PeerId>;

/// What a join token that verifies says. Nothing is granted by it: what was recorded as the token
/// was made is what counts, and whether this is the same ([`TokenRecord::takes`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Its number.
    pub jti: Jti,
    /// The key that signed it.
    pub kid: KeyId,
    /// Whom it was made for, for a person.
    pub sub: String,
    /// When it was made, seconds since 1970.
    pub issued: u64,
    /// When it ends, seconds since 1970.
    pub ends: u64,
    /// How many keys may use it.
    pub uses: u32,
    /// The role.
    pub role: Role,
    /// What the role is narrowed to.
    pub caps: Option<Capabilities>,
    /// The rooms that it names.
    pub rooms: Vec<String>,
    /// Labels that override the peer's own.
    pub labels: BTreeMap<String, String>,
    /// The only id that it is for.
    pub id: Option<PeerId>,
}

/// Why a token that verifies is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The token was revoked.
    Revoked,
    /// This claim is not what was recorded: the token was not made by this hub, and its signature
    /// says that somebody else has the key.
    Differs(&'static str),
    /// The token was used by as many other keys as may use it, or by this key for another id.
    Used,
    /// The token is for another id.
    OtherId,
}

impl NotTaken {
    /// No token of this number was made, or its record is from before that.
    pub const UNKNOWN: Self = Self::Differs("jti");

    /// What whoever brought the token is told.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Revoked => Code::Revoked,
            Self::Differs(_) | Self::OtherId => Code::Refused,
            Self::Used => Code::Used,
        }
    }
}

/// The uses of a token, as one key sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// The id that this key used the token for.
    pub own: Option<PeerId>,
    /// How many keys have used it.
    pub keys: u64,
}

impl TokenRecord {
    /// Whether a token that verifies, and says this, may be used for this id by a key that sees
    /// these uses.
    ///
    /// # Errors
    /// [`NotTaken`], of the first check that fails.
    // spec: admission §9, join
    pub fn takes(&self, invited: &Invited, peer: PeerId, spent: Spent) -> Result<(), NotTaken> {
        if self.revoked.is_some() {
            return Err(NotTaken::Revoked);
        }
        if let Some(claim) = self.differs(invited) {
            return Err(NotTaken::Differs(claim));
        }
        match spent {
            // A use is one key under one id: it does not take one id after the other.
            Spent { own: Some(used), .. } if used != peer => return Err(NotTaken::Used),
            Spent { own: None, keys } if keys >= u64::from(self.uses) => {
                return Err(NotTaken::Used);
            }
            Spent { .. } => {}
        }
        match self.id {
            Some(id) if id != peer => Err(NotTaken::OtherId),
            Some(_) | None => Ok(()),
        }
    }

    /// The first claim that is not what was recorded.
    fn differs(&self, invited: &Invited) -> Option<&'static str> {
        let Invited { jti, kid, sub, issued, ends, uses, role, caps, rooms, labels, id } = invited;
        let claims = [
            ("jti", *jti == self.jti),
            ("kid", *kid == self.kid),
            ("sub", *sub == self.sub),
            ("iat", *issued == self.issued),
            ("exp", *ends == self.ends),
            ("max_uses", *uses == self.uses),
            ("role", *role == self.role),
            ("caps", *caps == self.caps),
            ("rooms", *rooms == self.rooms),
            ("labels", *labels == self.labels),
            ("id", *id == self.id),
        ];
        claims.into_iter().find(|(_, same)| !same).map(|(claim, _)| claim)
    }

    /// What the token says that was made with this record.
    #[must_use]
    pub fn claims(&self) -> Invited {
        Invited {
            jti: self.jti,
            kid: self.kid,
            sub: self.sub.clone(),
            issued: self.issued,
            ends: self.ends,
            uses: self.uses,
            role: self.role,
            caps: self.caps.clone(),
            rooms: self.rooms.clone(),
            labels: self.labels.clone(),
            id: self.id,
        }
    }

    /// The uses of the token, as this key sees them.
    #[must_use]
    pub fn spent(&self, key: &PublicKey) -> Spent {
        Spent { own: self.used.get(key).copied(), keys: self.used.len() as u64 }
    }

    /// What whoever joins by the token may do: what its role may, or those capabilities of it that
    /// the token names.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let role = self.role.capabilities();
        match &self.caps {
            Some(caps) => caps.iter().filter(|&capability| role.allow(capability)).collect(),
            None => role,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Capability;

    fn row() -> TokenRecord {
        TokenRecord {
            jti: Jti([1; 16]),
            sub: "alice".to_owned(),
            kid: KeyId([2; 32]),
            issued: 10,
            ends: 100,
            uses: 2,
            role: Role::Member,
            caps: Some([Capability::Serve].into_iter().collect()),
            rooms: vec!["lobby".to_owned()],
            labels: [("zone".to_owned(), "b".to_owned())].into(),
            id: None,
            issuer: PeerId::operator(),
            revoked: None,
            used: Uses::new(),
        }
    }

    fn web() -> PeerId {
        "web-1".parse().unwrap()
    }

    const FRESH: Spent = Spent { own: None, keys: 0 };

    /// How a token is made another.
    type Change = fn(&mut Invited);

    #[test]
    fn a_token_that_says_anything_else_than_its_row_is_not_taken() {
        assert_eq!(row().takes(&row().claims(), web(), FRESH), Ok(()));
        let changes: [(&str, Change); 15] = [
            ("jti", |token| token.jti = Jti([9; 16])),
            ("kid", |token| token.kid = KeyId([9; 32])),
            ("sub", |token| token.sub = "mallory".to_owned()),
            ("iat", |token| token.issued += 1),
            ("exp", |token| token.ends += 1),
            ("max_uses", |token| token.uses += 1),
            ("role", |token| token.role = Role::Admin),
            ("caps", |token| token.caps = None),
            ("caps", |token| token.caps = Some(Role::Member.capabilities())),
            ("rooms", |token| token.rooms.clear()),
            ("rooms", |token| token.rooms.push("vault".to_owned())),
            ("labels", |token| token.labels.clear()),
            ("labels", |token| drop(token.labels.insert("role".to_owned(), "db".to_owned()))),
            ("labels", |token| drop(token.labels.insert("zone".to_owned(), "a".to_owned()))),
            ("id", |token| token.id = Some(web())),
        ];
        for (claim, change) in changes {
            let mut token = row().claims();
            change(&mut token);
            let taken = row().takes(&token, web(), FRESH);
            assert_eq!(taken, Err(NotTaken::Differs(claim)));
            assert_eq!(taken.unwrap_err().code(), Code::Refused);
        }
    }

    #[test]
    fn so_many_keys_use_a_token_and_each_for_one_id() {
        let other = "web-2".parse().unwrap();
        let uses = |own, keys| row().takes(&row().claims(), web(), Spent { own, keys });
        assert_eq!(uses(None, 1), Ok(()));
        assert_eq!(uses(None, 2), Err(NotTaken::Used));
        assert_eq!(uses(Some(web()), 2), Ok(()));
        assert_eq!(uses(Some(other), 1), Err(NotTaken::Used));
    }

    #[test]
    fn a_token_for_one_id_admits_no_other_and_one_that_was_revoked_admits_none() {
        let named = TokenRecord { id: Some("web-2".parse().unwrap()), ..row() };
        assert_eq!(named.takes(&named.claims(), web(), FRESH), Err(NotTaken::OtherId));
        assert_eq!(named.takes(&named.claims(), "web-2".parse().unwrap(), FRESH), Ok(()));
        let revoked = TokenRecord { revoked: Some(50), ..row() };
        assert_eq!(revoked.takes(&revoked.claims(), web(), FRESH), Err(NotTaken::Revoked));
    }

    #[test]
    fn what_is_granted_is_what_the_row_says_and_no_more_than_its_role_has() {
        assert_eq!(row().capabilities(), [Capability::Serve].into_iter().collect());
        let all = TokenRecord { caps: None, ..row() };
        assert_eq!(all.capabilities(), Role::Member.capabilities());
        let wider = TokenRecord { caps: Some(Role::Admin.capabilities()), ..row() };
        let capabilities = wider.capabilities();
        assert!(capabilities.iter().all(|one| Role::Member.capabilities().allow(one)));
    }
}
