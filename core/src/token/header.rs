//! The header of a token: what may stand in it, and what must.
//!
//! Everything here is decided before the key is looked up and any signature work is done. Each
//! fault is named, so that a person is told all of them at once. A header of ours says what it must
//! and nothing else; in one of others, members that are not known are passed over (RFC 7515 §4),
//! except those that bring a key along or change what is signed.
//!
//! spec: tokens §2.

use super::algorithm::Algorithm;
use super::excerpt;
use super::json::{Json, Object};

/// The kinds of this protocol's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// `join+jwt`: enrols a peer.
    Join,
    /// `pass+jwt`: admits the peer whose key it names to one room.
    Pass,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Join, Self::Pass];

    /// Its `typ` in the header.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Join => "join+jwt",
            Self::Pass => "pass+jwt",
        }
    }
}

/// What `typ` must be. It is compared as it stands: no letter's case, no `application/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typ {
    /// There, and one of these.
    OneOf(&'static [&'static str]),
    /// One of these if it is there: for tokens of others.
    AbsentOrOneOf(&'static [&'static str]),
}

/// What becomes of members that are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// The token is refused.
    Refuse,
    /// They are passed over.
    PassOver,
}

/// What is asked of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The algorithms that are taken.
    pub algorithms: &'static [Algorithm],
    /// The types that are taken.
    pub typ: Typ,
    /// What becomes of other members than `alg`, `kid` and `typ`.
    pub others: Others,
}

impl TokenPolicy {
    /// Join tokens.
    pub const JOIN: Self = Self::ours(&[TokenKind::Join.typ()]);
    /// Passes.
    pub const PASS: Self = Self::ours(&[TokenKind::Pass.typ()]);
    /// Either: for showing a token, never for taking it.
    pub const ANY: Self = Self::ours(&[TokenKind::Join.typ(), TokenKind::Pass.typ()]);
    /// Identity tokens of an OpenID provider.
    pub const OIDC: Self = Self {
        algorithms: Algorithm::OURS,
        typ: Typ::AbsentOrOneOf(&["JWT"]),
        others: Others::PassOver,
    };
    /// The same where RS256 is switched on.
    pub const OIDC_WITH_RS256: Self = Self { algorithms: Algorithm::WITH_RS256, ..Self::OIDC };

    /// Tokens of one kind.
    #[must_use]
    pub const fn of(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Join => Self::JOIN,
            TokenKind::Pass => Self::PASS,
        }
    }

    const fn ours(types: &'static [&'static str]) -> Self {
        Self { algorithms: Algorithm::OURS, typ: Typ::OneOf(types), others: Others::Refuse }
    }
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderFault {
    /// No algorithm.
    #[error("alg is missing")]
    NoAlgorithm,
    /// An algorithm that is no string.
    #[error("alg is no text")]
    AlgorithmNoText,
    /// `none`, however it is spelt.
    #[error("alg: 'none' is no signature, and never accepted")]
    None,
    /// A MAC.
    #[error(
        "alg: {0:?} is signed with a secret that whoever checks it could sign with too; \
         never accepted"
    )]
    Mac(String),
    /// Another algorithm, or one that is not taken here.
    #[error("alg: expected {}, not {found:?}", names(expected))]
    Algorithm {
        /// What stands there, cut.
        found: String,
        /// What is taken here.
        expected: &'static [Algorithm],
    },
    /// No key id.
    #[error("kid is missing: it names the key that signed")]
    NoKeyId,
    /// A key id that is no string, empty, or above [`KID`] bytes.
    #[error("kid is no text, or empty, or longer than {KID} bytes")]
    KeyId,
    /// No type.
    #[error("typ is missing: expected {}", expected.join(" or "))]
    NoType {
        /// What is taken here.
        expected: &'static [&'static str],
    },
    /// Another type.
    #[error("typ: expected {}, not {found}", expected.join(" or "))]
    Type {
        /// The JSON that stands there, cut.
        found: String,
        /// What is taken here.
        expected: &'static [&'static str],
    },
    /// A member that brings a key along, or asks for more than is done.
    #[error("{0} may not stand in a header")]
    Forbidden(&'static str),
    /// Another member than a header of ours has; the name of the first, cut.
    #[error("{0:?} is not known in a header")]
    Unknown(String),
}

/// A header that a policy takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHeader {
    /// How the token is signed.
    pub algorithm: Algorithm,
    /// Which key signed it, 1 to [`KID`] bytes.
    pub kid: String,
}

impl TokenHeader {
    /// Holds a header to a policy.
    ///
    /// # Errors
    /// Everything that is wrong with it, at least one fault.
    pub fn read(header: &Object, policy: &TokenPolicy) -> Result<Self, Vec<HeaderFault>> {
        let mut faults = Vec::new();
        let mut noted = |fault| faults.push(fault);
        let algorithm = algorithm(header, policy).map_err(&mut noted).ok();
        let kid = kid(header).map_err(&mut noted).ok();
        let typ = typ(header, policy).map_err(&mut noted).ok();
        for name in FORBIDDEN.iter().filter(|name| header.get(name).is_some()) {
            noted(HeaderFault::Forbidden(name));
        }
        let is_known = |name: &str| KNOWN.contains(&name) || FORBIDDEN.contains(&name);
        // One is enough: how many a stranger puts there must not make the audit longer.
        if let Some((name, _)) = header.iter().find(|(name, _)| !is_known(name))
            && policy.others == Others::Refuse
        {
            noted(HeaderFault::Unknown(excerpt(name)));
        }
        match (algorithm, kid, typ) {
            (Some(algorithm), Some(kid), Some(())) if faults.is_empty() => {
                Ok(Self { algorithm, kid })
            }
            _ => Err(faults),
        }
    }
}

fn algorithm(header: &Object, policy: &TokenPolicy) -> Result<Algorithm, HeaderFault> {
    let name = match header.get("alg") {
        None => return Err(HeaderFault::NoAlgorithm),
        Some(Json::Text(name)) => name,
        Some(_) => return Err(HeaderFault::AlgorithmNoText),
    };
    if name.eq_ignore_ascii_case("none") {
        return Err(HeaderFault::None);
    }
    if name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("HS")) {
        return Err(HeaderFault::Mac(excerpt(name)));
    }
    Algorithm::named(name)
        .filter(|known| policy.algorithms.contains(known))
        .ok_or_else(|| HeaderFault::Algorithm { found: excerpt(name), expected: policy.algorithms })
}

fn kid(header: &Object) -> Result<String, HeaderFault> {
    match header.get("kid") {
        None => Err(HeaderFault::NoKeyId),
        Some(Json::Text(kid)) if (1..=KID).contains(&kid.len()) => Ok(kid.clone()),
        Some(_) => Err(HeaderFault::KeyId),
    }
}

fn typ(header: &Object, policy: &TokenPolicy) -> Result<(), HeaderFault> {
    let (Typ::OneOf(expected) | Typ::AbsentOrOneOf(expected)) = policy.typ;
    match (header.get("typ"), policy.typ) {
        (None, Typ::AbsentOrOneOf(_)) => Ok(()),
        (None, Typ::OneOf(_)) => Err(HeaderFault::NoType { expected }),
        (Some(Json::Text(typ)), _) if expected.contains(&typ.as_str()) => Ok(()),
        (Some(typ), _) => Err(HeaderFault::Type { found: excerpt(&typ.to_string()), expected }),
    }
}

fn names(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ")
}

/// The longest key id, in bytes: ours have 43, those of others may have more.
pub const KID: usize = 128;

/// What a header says.
const KNOWN: &[&str] = &["alg", "kid", "typ"];

/// Members that bring a key along (RFC 7515 §4.1.2 to §4.1.6), that make more of a header binding
/// (§4.1.11), or that change what is signed (RFC 7797).
const FORBIDDEN: &[&str] = &["crit", "jwk", "jku", "x5u", "x5c", "b64"];
