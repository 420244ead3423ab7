//! Everything that a ledger holds, as a hub is told it at its start.

use std::collections::BTreeMap;

use bowline_core::facts::{
    Binding, Durable, Enrolled, PeerRecord, Restored, Revocation, TokenRecord, Uses,
};
use bowline_core::id::{Jti, KeyId, PeerId, PublicKey};
use bowline_core::wire::frame::Method;
use rusqlite::{Connection, Row};

use crate::ledger::values::Of;
use crate::ledger::write::family;
use crate::ledger::{LedgerError, keys};

/// Labels, by their keys.
type LabelRows = BTreeMap<String, String>;

/// Reads all of it; call it within a transaction, so that it is of one moment.
pub(super) fn durable(connection: &Connection) -> Result<Durable, LedgerError> {
    let (floor, issues) = counters(connection)?;
    Ok(Durable {
        peers: peers(connection)?,
        tokens: tokens(connection)?,
        keys: keys::read(connection)?,
        floor,
        issues,
        restored: restored(connection)?,
    })
}

/// The floor, seconds since 1970, and the last issue that was drawn.
pub(super) fn counters(connection: &Connection) -> Result<(u64, u32), LedgerError> {
    let sql = "SELECT floor, issues FROM meta WHERE only = 0";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (floor, issues) = connection.prepare_cached(sql)?.query_row([], read)?;
    let of = Of("the row", &"meta");
    Ok((of.seconds(floor)?, of.count(issues)?))
}

/// That the file is older than its hub, and what showed it.
pub(super) fn restored(connection: &Connection) -> Result<Option<Restored>, LedgerError> {
    let sql = "SELECT generation, issue, sign, peer, at FROM restored WHERE only = 0";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let of = Of("the row", &"restored");
    let (sign, peer): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    Ok(Some(Restored {
        generation: of.seconds(row.get(0)?)?,
        issue: of.count(row.get(1)?)?,
        sign: of.text(&sign, "a sign that is none")?,
        by: peer.map(|peer| of.text(&peer, "an id that is none")).transpose()?,
        at: of.seconds(row.get(4)?)?,
    }))
}

/// The columns that [`peer`] reads.
const PEERS: &str = "SELECT p.id, p.key, p.method, p.first_seen, p.serves, e.jti, e.role, e.caps,
                     e.issue, f.current, f.current_ends, f.successors, r.at, r.reason
                     FROM peers p LEFT JOIN enrolments e ON e.peer = p.id
                     LEFT JOIN families f ON f.peer = p.id LEFT JOIN revocations r ON r.peer = p.id";

fn peers(connection: &Connection) -> Result<BTreeMap<PeerId, PeerRecord>, LedgerError> {
    let mut labels = all_labels(connection)?;
    let mut statement = connection.prepare(PEERS)?;
    let mut rows = statement.query([])?;
    let mut peers = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let labels = labels.remove(&row.get::<_, String>(0)?).unwrap_or_default();
        let peer = peer(row, labels)?;
        peers.insert(peer.binding.peer, peer);
    }
    Ok(peers)
}

/// What is known of one peer.
pub(super) fn peer_of(
    connection: &Connection,
    id: PeerId,
) -> Result<Option<PeerRecord>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!("{PEERS} WHERE p.id = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let sql = "SELECT name, value FROM labels WHERE peer = ?1";
    let mut labels = connection.prepare_cached(sql)?;
    let labels = labels.query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    peer(row, labels.collect::<Result<_, _>>()?).map(Some)
}

fn peer(row: &Row<'_>, labels: LabelRows) -> Result<PeerRecord, LedgerError> {
    let name: String = row.get(0)?;
    let of = Of("peer", &name);
    let binding = Binding {
        peer: of.text(&name, "an id that is none")?,
        key: PublicKey(row.get(1)?),
        method: Method::from_number(row.get::<_, u8>(2)?.into())
            .ok_or_else(|| of.odd("a method that is none"))?,
        first_seen: of.seconds(row.get(3)?)?,
        serves: row.get(4)?,
    };
    let revoked: Option<(i64, String)> = row.get::<_, Option<_>>(12)?.zip(row.get(13)?);
    let revoked = revoked
        .map(|(at, reason)| Ok::<_, LedgerError>(Revocation { at: of.seconds(at)?, reason }));
    Ok(PeerRecord { binding, enrolled: enrolled(row, of, labels)?, revoked: revoked.transpose()? })
}

fn enrolled(row: &Row<'_>, of: Of<'_>, labels: LabelRows) -> Result<Option<Enrolled>, LedgerError> {
    let Some(jti) = row.get(5)? else { return Ok(None) };
    let (role, caps): (String, String) = (row.get(6)?, row.get(7)?);
    let family = match row.get(9)? {
        None => None,
        Some(current) => Some(family(of, (current, row.get(10)?, row.get(11)?))?),
    };
    Ok(Some(Enrolled {
        jti: Jti(jti),
        role: of.text(&role, "a role that is none")?,
        capabilities: of.capabilities(&caps)?,
        labels,
        issue: of.count(row.get(8)?)?,
        family,
    }))
}

/// The labels that each enrolled peer has from its token.
fn all_labels(connection: &Connection) -> Result<BTreeMap<String, LabelRows>, LedgerError> {
    let mut labels = BTreeMap::<_, LabelRows>::new();
    let mut statement = connection.prepare("SELECT peer, name, value FROM labels")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        labels.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    Ok(labels)
}

fn tokens(connection: &Connection) -> Result<BTreeMap<Jti, TokenRecord>, LedgerError> {
    let mut used = uses(connection)?;
    let mut statement = connection.prepare(TOKENS)?;
    let mut rows = statement.query([])?;
    let mut tokens = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let token = token(row)?;
        let used = used.remove(&token.jti).unwrap_or_default();
        tokens.insert(token.jti, TokenRecord { used, ..token });
    }
    Ok(tokens)
}

/// What is recorded of one token, but for its uses.
pub(super) fn token_of(
    connection: &Connection,
    jti: Jti,
) -> Result<Option<TokenRecord>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!("{TOKENS} WHERE jti = ?1"))?;
    let mut rows = statement.query([jti.0])?;
    rows.next()?.map(token).transpose()
}

/// The columns that [`token`] reads.
const TOKENS: &str = "SELECT jti, sub, kid, issued, ends, uses, role, caps, id, issuer, revoked,
                      rooms, labels FROM tokens";

fn token(row: &Row<'_>) -> Result<TokenRecord, LedgerError> {
    let jti = Jti(row.get(0)?);
    let of = Of("token", &jti);
    let text = |column| row.get::<_, String>(column);
    let (caps, id): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
    let revoked: Option<i64> = row.get(10)?;
    Ok(TokenRecord {
        jti,
        sub: text(1)?,
        kid: KeyId(row.get(2)?),
        issued: of.seconds(row.get(3)?)?,
        ends: of.seconds(row.get(4)?)?,
        uses: of.count(row.get(5)?)?,
        role: of.text(&text(6)?, "a role that is none")?,
        caps: caps.map(|caps| of.capabilities(&caps)).transpose()?,
        rooms: text(11)?.split_ascii_whitespace().map(str::to_owned).collect(),
        labels: of.labels(&text(12)?)?,
        id: id.map(|id| of.text(&id, "an id that is none")).transpose()?,
        issuer: of.text(&text(9)?, "an issuer that is none")?,
        revoked: revoked.map(|at| of.seconds(at)).transpose()?,
        used: Uses::new(),
    })
}

fn uses(connection: &Connection) -> Result<BTreeMap<Jti, Uses>, LedgerError> {
    let mut uses: BTreeMap<Jti, Uses> = BTreeMap::new();
    let mut statement = connection.prepare("SELECT jti, key, peer FROM token_uses")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (jti, peer) = (Jti(row.get(0)?), row.get::<_, String>(2)?);
        let peer = Of("token", &jti).text(&peer, "a use by an id that is none")?;
        uses.entry(jti).or_default().insert(PublicKey(row.get(1)?), peer);
    }
    Ok(uses)
}
