//! Changes of what is recorded: tokens that were made, revocations, the floor, a restored file.

use bowline_core::id::{Jti, PeerId};
use bowline_core::ledger::{Change, Restored, Revocation, TokenRecord};

use crate::ledger::facts::Facts;
use crate::ledger::values::{Of, seconds, spell, spell_labels};
use crate::ledger::{LedgerError, Tokens, read};

impl Facts<'_> {
    /// Keeps the record of a token that was made, and who used it.
    pub(super) fn issue(&self, token: &TokenRecord) -> Result<(), LedgerError> {
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

    /// Whether there was anything to change.
    pub(super) fn change(&self, change: &Change) -> Result<bool, LedgerError> {
        match change {
            Change::Forget(peer) => self.forget(*peer),
            Change::Revoke(peers, revocation) => self.revoke_all(peers, revocation),
            Change::Allow(peer) => {
                let sql = "DELETE FROM revocations WHERE peer = ?1";
                Ok(self.write(sql, [peer.as_str()])? > 0)
            }
            Change::RevokeToken(jti, at, peers) => self.revoke_token(*jti, *at, peers),
            Change::Purge(floor) => self.purge(*floor),
            Change::Restored(shown) => self.restored(*shown),
            _ => Err(LedgerError::Storage("a change that is not known here".to_owned())),
        }
    }

    fn forget(&self, peer: PeerId) -> Result<bool, LedgerError> {
        Ok(self.write("DELETE FROM peers WHERE id = ?1", [peer.as_str()])? > 0)
    }

    fn revoke_all(&self, peers: &[PeerId], revocation: &Revocation) -> Result<bool, LedgerError> {
        let mut any = false;
        for &peer in peers {
            any |= self.revoke(peer, revocation)?;
        }
        Ok(any)
    }

    fn revoke(&self, peer: PeerId, revocation: &Revocation) -> Result<bool, LedgerError> {
        let Revocation { at, reason } = revocation;
        let id = peer.as_str();
        let revoked = self.write(
            "INSERT INTO revocations (peer, at, reason) SELECT id, ?2, ?3 FROM peers WHERE id = ?1
             ON CONFLICT (peer) DO NOTHING",
            (id, seconds(*at), reason),
        )?;
        if revoked == 0 {
            return Ok(false);
        }
        let last = i64::from(u32::MAX);
        self.write("UPDATE enrolments SET issue = min(issue + 1, ?2) WHERE peer = ?1", (id, last))?;
        self.write("DELETE FROM families WHERE peer = ?1", [id])?;
        Ok(true)
    }

    fn revoke_token(&self, jti: Jti, at: u64, peers: &[PeerId]) -> Result<bool, LedgerError> {
        let known = self.write(
            "UPDATE tokens SET revoked = coalesce(revoked, ?2) WHERE jti = ?1",
            (jti.0, seconds(at)),
        )?;
        if known == 0 {
            return Ok(false);
        }
        let revocation = Revocation { at, reason: format!("token {jti} was revoked") };
        self.revoke_all(peers, &revocation)?;
        Ok(true)
    }

    /// The floor and what lies below it in one transaction: what is forgotten is refused.
    fn purge(&self, floor: u64) -> Result<bool, LedgerError> {
        self.write("UPDATE meta SET floor = max(floor, ?1) WHERE only = 0", [seconds(floor)])?;
        let sql = "DELETE FROM tokens WHERE ends <= (SELECT floor FROM meta WHERE only = 0)";
        Ok(self.write(sql, ())? > 0)
    }

    fn restored(&self, shown: Restored) -> Result<bool, LedgerError> {
        let Some(adds) = shown.beside(read::restored(self.connection)?) else { return Ok(false) };
        let Restored { generation, issue, sign, by, at } = adds;
        let peer = by.as_ref().map(PeerId::as_str);
        self.write(
            "REPLACE INTO restored (only, generation, issue, sign, peer, at)
             VALUES (0, ?1, ?2, ?3, ?4, ?5)",
            (seconds(generation), issue, sign.to_string(), peer, seconds(at)),
        )?;
        Ok(true)
    }

    /// The issue was given to a certificate: none is drawn again that is not above it.
    pub(super) fn drawn(&self, issue: u32) -> Result<(), LedgerError> {
        let sql = "UPDATE meta SET issues = ?1 WHERE only = 0 AND issues < ?1";
        self.write(sql, [issue]).map(drop)
    }

    pub(super) fn generation(&self) -> Result<i64, LedgerError> {
        Ok(self.one("SELECT generation FROM meta WHERE only = 0", ())?)
    }

    /// What was granted or shown in the name of another hub goes; whose an id is, and who was
    /// revoked, stays.
    pub(super) fn make_anew(&self) -> Result<(), LedgerError> {
        for table in
            ["families", "labels", "enrolments", "token_uses", "tokens", "keys", "restored"]
        {
            self.write(&format!("DELETE FROM {table}"), ())?;
        }
        self.write("UPDATE meta SET generation = 0 WHERE only = 0", ()).map(drop)
    }

    /// Raises the generation, and returns it.
    pub(super) fn raise_generation(&self) -> Result<i64, LedgerError> {
        self.write("UPDATE meta SET generation = generation + 1 WHERE only = 0", ())?;
        self.generation()
    }

    /// Takes a restored file for good: the counters go on beyond all that the abandoned line can
    /// have come to, and, unless tokens are kept, every token that it knows is revoked at this
    /// moment and every refresh token is void.
    pub(super) fn accept_restored(&self, now: u64, tokens: Tokens) -> Result<bool, LedgerError> {
        let Some(restored) = read::restored(self.connection)? else { return Ok(false) };
        let sql = "SELECT generation, issues FROM meta WHERE only = 0";
        let (generation, issues): (i64, i64) =
            self.row(sql, (), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let of = Of("the row", &"meta");
        let (generation, issues) = restored.beyond(of.seconds(generation)?, of.count(issues)?);
        let sql = "UPDATE meta SET generation = ?1, issues = ?2 WHERE only = 0";
        self.write(sql, (seconds(generation), issues))?;
        self.write("DELETE FROM restored", ())?;
        if tokens == Tokens::Keep {
            return Ok(true);
        }
        self.write("UPDATE tokens SET revoked = coalesce(revoked, ?1)", [seconds(now)])?;
        self.write("DELETE FROM families", ())?;
        Ok(true)
    }
}
