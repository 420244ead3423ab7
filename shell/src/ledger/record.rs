//! What has to be on the disk before a session begins, or goes on: bindings, uses of join tokens, uses
//! of refresh tokens.
//!
//! Each is looked at whole before anything of it is written: a refusal has changed nothing, so that
//! others in the same transaction stand.

use bowline_core::code::Code;
use bowline_core::id::{Jti, PeerId, PublicKey, RefreshHash};
use bowline_core::ledger::{
    Binding, Enrolled, Enrolment, Family, NotTaken, Record, Refreshing, Spent,
};
use rusqlite::OptionalExtension;

use crate::ledger::LedgerError;
use crate::ledger::facts::Facts;
use crate::ledger::read::token_of;
use crate::ledger::values::{Of, seconds, spell};

/// What is known of an id: whose it is, and whether it was revoked.
struct Known {
    key: PublicKey,
    revoked: bool,
}

impl Facts<'_> {
    pub(super) fn record(&self, record: &Record) -> Result<(), LedgerError> {
        match record {
            Record::Bind(binding) => self.bind(binding),
            Record::Enrol(enrolment) => self.enrol(enrolment),
            Record::Refresh(refreshing) => self.refresh(refreshing),
        }
    }

    fn bind(&self, binding: &Binding) -> Result<(), LedgerError> {
        self.free(binding.peer, &binding.key)?;
        self.put_peer(
            binding,
            "INSERT INTO peers (id, key, method, first_seen, serves) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET serves = max(serves, excluded.serves)",
        )
    }

    fn enrol(&self, enrolment: &Enrolment) -> Result<(), LedgerError> {
        let Enrolment { binding, invited, enrolled } = enrolment;
        let floor: i64 = self.one("SELECT floor FROM meta WHERE only = 0", ())?;
        if seconds(invited.ends) <= floor {
            return Err(Code::Expired.into());
        }
        let row = token_of(self.connection, invited.jti)?.ok_or(NotTaken::UNKNOWN.code())?;
        let spent = self.spent(invited.jti, &binding.key)?;
        row.takes(invited, binding.peer, spent).map_err(NotTaken::code)?;
        self.free(binding.peer, &binding.key)?;
        self.write(
            "INSERT INTO token_uses (jti, key, peer) VALUES (?1, ?2, ?3)
             ON CONFLICT (jti, key) DO NOTHING",
            (invited.jti.0, binding.key.0, binding.peer.as_str()),
        )?;
        self.put_peer(
            binding,
            "INSERT INTO peers (id, key, method, first_seen, serves) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE
             SET method = excluded.method, serves = max(serves, excluded.serves)",
        )?;
        self.put_enrolled(binding.peer, enrolled)
    }

    /// The uses of a token, as this key sees them.
    fn spent(&self, jti: Jti, key: &PublicKey) -> Result<Spent, LedgerError> {
        let own = "SELECT peer FROM token_uses WHERE jti = ?1 AND key = ?2";
        let own: Option<String> = self.one(own, (jti.0, key.0)).optional()?;
        let of = Of("token", &jti);
        let own = own.map(|id| of.text(&id, "a use by an id that is none")).transpose()?;
        let keys: i64 = self.one("SELECT count(*) FROM token_uses WHERE jti = ?1", [jti.0])?;
        Ok(Spent { own, keys: u64::from(of.count(keys)?) })
    }

    fn put_peer(&self, binding: &Binding, sql: &str) -> Result<(), LedgerError> {
        let Binding { peer, key, method, first_seen, serves } = binding;
        let values = (peer.as_str(), key.0, *method as u8, seconds(*first_seen), serves);
        self.write(sql, values).map(drop)
    }

    fn put_enrolled(&self, peer: PeerId, enrolled: &Enrolled) -> Result<(), LedgerError> {
        let Enrolled { jti, role, capabilities, labels, issue, family } = enrolled;
        let id = peer.as_str();
        self.drawn(*issue)?;
        self.write(
            "INSERT INTO enrolments (peer, jti, role, caps, issue) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (peer) DO UPDATE SET jti = excluded.jti, role = excluded.role,
             caps = excluded.caps, issue = excluded.issue",
            (id, jti.0, role.to_string(), spell(capabilities), issue),
        )?;
        self.write("DELETE FROM labels WHERE peer = ?1", [id])?;
        for (name, value) in labels {
            let sql = "INSERT INTO labels (peer, name, value) VALUES (?1, ?2, ?3)";
            self.write(sql, (id, name, value))?;
        }
        match family {
            Some(family) => self.put_family(peer, family),
            None => self.write("DELETE FROM families WHERE peer = ?1", [id]).map(drop),
        }
    }

    fn put_family(&self, peer: PeerId, family: &Family) -> Result<(), LedgerError> {
        let Family { current, current_ends, successors } = family;
        self.write(
            "INSERT INTO families (peer, current, current_ends, successors)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (peer) DO UPDATE SET current = excluded.current,
             current_ends = excluded.current_ends, successors = excluded.successors",
            (peer.as_str(), current.0, seconds(*current_ends), spelled(successors)),
        )
        .map(drop)
    }

    fn refresh(&self, refreshing: &Refreshing) -> Result<(), LedgerError> {
        let Refreshing { peer, key, .. } = refreshing;
        let own = self.known(*peer)?.filter(|known| known.key == *key);
        if own.ok_or(Code::Refused)?.revoked {
            return Err(Code::Revoked.into());
        }
        let enrolled = "SELECT EXISTS (SELECT 1 FROM enrolments WHERE peer = ?1)";
        if !self.one::<bool>(enrolled, [peer.as_str()])? {
            return Err(Code::Refused.into());
        }
        let family = refreshing.apply(self.family(*peer)?.as_ref()).ok_or(Code::Expired)?;
        self.put_family(*peer, &family)?;
        let sql = "UPDATE enrolments SET issue = max(issue, ?2) WHERE peer = ?1";
        self.write(sql, (peer.as_str(), refreshing.issue))?;
        self.drawn(refreshing.issue)?;
        if refreshing.serves {
            self.write("UPDATE peers SET serves = 1 WHERE id = ?1", [peer.as_str()])?;
        }
        Ok(())
    }

    /// Whether this key may have this id.
    fn free(&self, peer: PeerId, key: &PublicKey) -> Result<(), LedgerError> {
        match self.known(peer)? {
            Some(known) if known.key != *key => Err(Code::IdTaken.into()),
            Some(known) if known.revoked => Err(Code::Revoked.into()),
            Some(_) | None => Ok(()),
        }
    }

    fn known(&self, peer: PeerId) -> Result<Option<Known>, LedgerError> {
        let sql = "SELECT key, EXISTS (SELECT 1 FROM revocations WHERE peer = id) FROM peers
                   WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Known { key: PublicKey(row.get(0)?), revoked: row.get(1)? })
        };
        Ok(self.row(sql, [peer.as_str()], read).optional()?)
    }

    fn family(&self, peer: PeerId) -> Result<Option<Family>, LedgerError> {
        let sql = "SELECT current, current_ends, successors FROM families WHERE peer = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found = self.row(sql, [peer.as_str()], read).optional()?;
        found.map(|columns| family(Of("peer", &peer), columns)).transpose()
    }
}

/// The columns of a family.
pub(super) type FamilyColumns = ([u8; 32], i64, Vec<u8>);

/// A family of these columns.
pub(super) fn family(
    of: Of<'_>,
    (current, current_ends, successors): FamilyColumns,
) -> Result<Family, LedgerError> {
    let (successors, rest) = successors.as_chunks::<SUCCESSOR>();
    if !rest.is_empty() {
        return Err(of.odd("successors of a refresh token that are none"));
    }
    Ok(Family {
        current: RefreshHash(current),
        current_ends: of.seconds(current_ends)?,
        successors: successors.iter().map(successor).collect(),
    })
}

/// Bytes of one successor: its hash, and its end, big-endian.
const SUCCESSOR: usize = 32 + 8;

fn successor(bytes: &[u8; SUCCESSOR]) -> (RefreshHash, u64) {
    let (mut hash, mut ends) = ([0; 32], [0; 8]);
    hash.copy_from_slice(&bytes[..32]);
    ends.copy_from_slice(&bytes[32..]);
    (RefreshHash(hash), u64::from_be_bytes(ends))
}

fn spelled(successors: &[(RefreshHash, u64)]) -> Vec<u8> {
    let bytes = successors.iter().map(|(hash, ends)| [&hash.0[..], &ends.to_be_bytes()].concat());
    bytes.collect::<Vec<_>>().concat()
}
