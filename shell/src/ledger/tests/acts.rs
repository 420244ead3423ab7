//! What may be asked of a ledger, and the model that says what comes of it.

use std::collections::BTreeMap;

use bowline_core::ask::Memory;
use bowline_core::capability::Role;
use bowline_core::code::Code;
use bowline_core::facts::{
    Binding, Change, Conflict, Durable, Enrolled, Enrolment, Fact, FactRecord, Family, Refreshing,
    Restored, Revocation, Sign, TokenRecord, Uses,
};
use bowline_core::id::{Jti, KeyId, PeerId, PublicKey, RefreshHash};
use bowline_core::wire::frame::Method;

use crate::ledger::{Ledger, LedgerError};

/// One thing that is asked.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Record(FactRecord),
    Change(Change),
    Issue(TokenRecord),
    Raise,
}

/// What a ledger is to be, from memory alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    memory: Memory,
    pub(super) generation: u64,
}

/// What came of it: whether something changed, or why not.
pub(super) type Outcome = Result<bool, Code>;

impl Model {
    pub(super) fn act(&mut self, act: &Act) -> Outcome {
        let fact = match act {
            Act::Record(record) => Fact::Record(record),
            Act::Change(change) => Fact::Change(change),
            Act::Issue(token) => Fact::Issue(token),
            Act::Raise => {
                self.generation += 1;
                return Ok(true);
            }
        };
        self.memory.apply(fact).map_err(Conflict::code)
    }

    pub(super) fn durable(&self) -> Durable {
        self.memory.durable()
    }
}

/// The same of a ledger. A failure of storage is no outcome.
pub(super) fn act(ledger: &mut Ledger, act: &Act) -> Outcome {
    let outcome = match act {
        Act::Record(record) => ledger.record(record).map(|()| true),
        Act::Change(change) => ledger.change(change),
        Act::Issue(token) => ledger.issue(token).map(|()| true),
        Act::Raise => ledger.raise_generation().map(|_| true),
    };
    outcome.map_err(|error| match error {
        LedgerError::Refused(code) => code,
        other => panic!("{other}"),
    })
}

pub(super) fn peer(n: u8) -> PeerId {
    format!("web-{n}").parse().unwrap()
}

pub(super) fn key(n: u8) -> PublicKey {
    PublicKey([n; 32])
}

pub(super) fn jti(n: u8) -> Jti {
    Jti([n; 16])
}

pub(super) fn hash(n: u8) -> RefreshHash {
    RefreshHash([n; 32])
}

pub(super) fn binding(of: u8, with: u8) -> Binding {
    Binding { peer: peer(of), key: key(with), method: Method::Join, first_seen: 100, serves: true }
}

pub(super) fn token(number: u8, uses: u32) -> Act {
    Act::Issue(record(number, uses))
}

/// What is recorded of the token of this number.
pub(super) fn record(number: u8, uses: u32) -> TokenRecord {
    TokenRecord {
        jti: jti(number),
        sub: "a machine".to_owned(),
        kid: KeyId([9; 32]),
        issued: 1,
        ends: 1000,
        uses,
        role: Role::Member,
        caps: None,
        rooms: vec!["lobby".to_owned()],
        labels: labels(),
        id: None,
        issuer: PeerId::operator(),
        revoked: None,
        used: Uses::new(),
    }
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("role".to_owned(), "web".to_owned())])
}

/// A peer joins with a key and a token, and gets this issue and this refresh token.
pub(super) fn join((of, with): (u8, u8), by: u8, uses: u32, (issue, fresh): (u32, u8)) -> Act {
    Act::Record(FactRecord::Enrol(Box::new(Enrolment {
        binding: binding(of, with),
        invited: record(by, uses).claims(),
        enrolled: Enrolled {
            jti: jti(by),
            role: Role::Member,
            capabilities: Role::Member.capabilities(),
            labels: labels(),
            issue,
            family: Some(Family::of(hash(fresh), 5000)),
        },
    })))
}

pub(super) fn refresh(of: u8, presented: u8, fresh: u8) -> Act {
    Act::Record(FactRecord::Refresh(Refreshing {
        peer: peer(of),
        key: key(of),
        presented: Some(hash(presented)),
        fresh: hash(fresh),
        fresh_ends: 6000,
        issue: 1,
        serves: false,
    }))
}

pub(super) fn revoke(of: u8) -> Act {
    let revocation = Revocation { at: 300, reason: "a person said so".to_owned() };
    Act::Change(Change::Revoke(vec![peer(of)], revocation))
}

pub(super) fn restored(generation: u64, issue: u32) -> Restored {
    let sign = if issue > 0 { Sign::Certificate } else { Sign::Hello };
    Restored { generation, issue, sign, by: Some(peer(1)), at: 100 }
}
