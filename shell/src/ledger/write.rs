//! Rows are put as the core says that they are to stand.

use bowline_core::facts::{
    Binding, Durable, Enrolled, Family, KeyRecord, PeerRecord, Restored, Revocation, TokenRecord,
    Write,
};
use bowline_core::id::{PeerId, RefreshHash};

use crate::ledger::LedgerError;
use crate::ledger::transaction::Transaction;
use crate::ledger::values::{Of, seconds, spell, spell_labels, state};

impl Transaction<'_> {
    /// Has rows stand so; of a peer those that differ from what was loaded.
    pub(super) fn put(&self, write: &Write, loaded: &Durable) -> Result<(), LedgerError> {
        match write {
            Write::Peer(peer) => self.put_peer(peer, loaded.peers.get(&peer.binding.peer)),
            Write::NoPeer(peer) => self.write("DELETE FROM peers WHERE id = ?1", [peer.as_str()]),
            Write::Token(token) => self.put_token(token),
            Write::Use { jti, key, peer } => self.write(
                "INSERT INTO token_uses (jti, key, peer) VALUES (?1, ?2, ?3)
                 ON CONFLICT (jti, key) DO NOTHING",
                (jti.0, key.0, peer.as_str()),
            ),
            Write::RevokeToken(jti, at) => {
                let sql = "UPDATE tokens SET revoked = ?2 WHERE jti = ?1";
                self.write(sql, (jti.0, seconds(*at)))
            }
            Write::RevokeTokens(at) => {
                let sql = "UPDATE tokens SET revoked = coalesce(revoked, ?1)";
                self.write(sql, [seconds(*at)])
            }
            Write::VoidFamilies => self.write("DELETE FROM families", ()),
            Write::Keys(keys) => self.put_keys(keys),
            Write::Floor(floor) => {
                let floor = seconds(*floor);
                self.write("UPDATE meta SET floor = ?1 WHERE only = 0", [floor])?;
                self.write("DELETE FROM tokens WHERE ends <= ?1", [floor])
            }
            Write::Issues(issues) => {
                self.write("UPDATE meta SET issues = ?1 WHERE only = 0", [issues])
            }
            Write::Generation(generation) => {
                let sql = "UPDATE meta SET generation = ?1 WHERE only = 0";
                self.write(sql, [seconds(*generation)])
            }
            Write::Restored(None) => self.write("DELETE FROM restored", ()),
            Write::Restored(Some(restored)) => self.put_restored(restored),
        }
    }

    fn put_peer(&self, peer: &PeerRecord, before: Option<&PeerRecord>) -> Result<(), LedgerError> {
        let PeerRecord { binding, enrolled, revoked } = peer;
        let id = binding.peer;
        if before.is_none_or(|before| before.binding != *binding) {
            let Binding { key, method, first_seen, serves, .. } = binding;
            self.write(
                "INSERT INTO peers (id, key, method, first_seen, serves)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET key = excluded.key, method = excluded.method,
                 first_seen = excluded.first_seen, serves = excluded.serves",
                (id.as_str(), key.0, *method as u8, seconds(*first_seen), serves),
            )?;
        }
        let were = before.and_then(|before| before.enrolled.as_ref());
        match enrolled {
            Some(enrolled) => self.put_enrolled(id, enrolled, were)?,
            None if were.is_some() => {
                self.write("DELETE FROM enrolments WHERE peer = ?1", [id.as_str()])?;
            }
            None => {}
        }
        match (revoked, before.and_then(|before| before.revoked.as_ref())) {
            (revoked, before) if revoked.as_ref() == before => Ok(()),
            (None, _) => self.write("DELETE FROM revocations WHERE peer = ?1", [id.as_str()]),
            (Some(Revocation { at, reason }), _) => self.write(
                "REPLACE INTO revocations (peer, at, reason) VALUES (?1, ?2, ?3)",
                (id.as_str(), seconds(*at), reason),
            ),
        }
    }

    fn put_enrolled(
        &self,
        peer: PeerId,
        enrolled: &Enrolled,
        before: Option<&Enrolled>,
    ) -> Result<(), LedgerError> {
        let Enrolled { jti, role, capabilities, labels, issue, family } = enrolled;
        let id = peer.as_str();
        self.write(
            "INSERT INTO enrolments (peer, jti, role, caps, issue) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (peer) DO UPDATE SET jti = excluded.jti, role = excluded.role,
             caps = excluded.caps, issue = excluded.issue",
            (id, jti.0, role.to_string(), spell(capabilities), issue),
        )?;
        if before.is_none_or(|before| before.labels != *labels) {
            self.write("DELETE FROM labels WHERE peer = ?1", [id])?;
            for (name, value) in labels {
                let sql = "INSERT INTO labels (peer, name, value) VALUES (?1, ?2, ?3)";
                self.write(sql, (id, name, value))?;
            }
        }
        match family {
            Some(family) => self.put_family(peer, family),
            None => self.write("DELETE FROM families WHERE peer = ?1", [id]),
        }
    }

    fn put_family(&self, peer: PeerId, family: &Family) -> Result<(), LedgerError> {
        let Family { current, current_ends, successors } = family;
        self.write(
            "REPLACE INTO families (peer, current, current_ends, successors)
             VALUES (?1, ?2, ?3, ?4)",
            (peer.as_str(), current.0, seconds(*current_ends), spelled(successors)),
        )
    }

    fn put_token(&self, token: &TokenRecord) -> Result<(), LedgerError> {
        let TokenRecord { jti, sub, kid, issued, ends, uses, role, caps, id, issuer, .. } = token;
        let TokenRecord { rooms, labels, .. } = token;
        self.write("DELETE FROM tokens WHERE jti = ?1", [jti.0])?;
        self.write(
            "INSERT INTO tokens
             (jti, sub, kid, issued, ends, uses, role, caps, id, issuer, revoked, rooms, labels)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            rusqlite::params![
                jti.0,
                sub,
                kid.0,
                seconds(*issued),
                seconds(*ends),
                uses,
                role.to_string(),
                caps.as_ref().map(spell),
                id.as_ref().map(PeerId::as_str),
                issuer.as_str(),
                token.revoked.map(seconds),
                rooms.join(" "),
                spell_labels(labels),
            ],
        )?;
        for (key, peer) in &token.used {
            let sql = "INSERT INTO token_uses (jti, key, peer) VALUES (?1, ?2, ?3)";
            self.write(sql, (jti.0, key.0, peer.as_str()))?;
        }
        Ok(())
    }

    fn put_keys(&self, keys: &[KeyRecord]) -> Result<(), LedgerError> {
        self.write("DELETE FROM keys", ())?;
        for (position, key) in (1_i64..).zip(keys) {
            let (name, until) = state(key);
            self.write(
                "INSERT INTO keys (position, jwk, created, state, until)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (position, key.key.to_jwk().to_string(), seconds(key.created), name, until),
            )?;
        }
        Ok(())
    }

    fn put_restored(&self, restored: &Restored) -> Result<(), LedgerError> {
        let Restored { generation, issue, sign, by, at } = restored;
        let peer = by.as_ref().map(PeerId::as_str);
        self.write(
            "REPLACE INTO restored (only, generation, issue, sign, peer, at)
             VALUES (0, ?1, ?2, ?3, ?4, ?5)",
            (seconds(*generation), issue, sign.to_string(), peer, seconds(*at)),
        )
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
