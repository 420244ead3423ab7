//! `tokens` and `revoke-token`: which join tokens there are, and that one admits nobody new.
//! `// spec: control §10 and §11`

use core::fmt;

use crate::capability::Capability;
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::Entry;
use crate::hub::control::arguments::{flag, named, parsed};
use crate::hub::control::peers::PAGE;
use crate::id::{CallId, Jti, LinkId, PeerId};
use crate::ledger::{Change, Question, Revocation, TokenRecord};
use crate::time::Now;
use crate::wire::frame::Call;
use crate::wire::value::{ValueBuf, ValueError};

/// So many of those that used a token are named.
const NAMED: usize = 100;

impl Hub {
    /// Answers with an array of maps, in the order of the tokens' ids. A caller that wants more asks
    /// again with `after` = the last id, until it gets an empty array.
    pub(super) fn list_tokens(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        if !self.may(link, call, Capability::TokenAdmin) {
            return;
        }
        let after = match named(call, ["after"]).and_then(|[after]| parsed(after)) {
            Ok(after) => after,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let (mut page, mut size) = (Vec::new(), 0);
        for record in self.members.tokens.iter(after) {
            // A map of two levels, each key once.
            let Ok(entry) = self.token_shown(record, now) else { continue };
            size += entry.as_value().as_bytes().len();
            page.push(entry);
            if size >= PAGE {
                break;
            }
        }
        self.answer_call(link, call.id, ValueBuf::array(page));
    }

    fn token_shown(&self, record: &TokenRecord, now: Now) -> Result<ValueBuf, ValueError> {
        let text = |text: &dyn fmt::Display| ValueBuf::text(&text.to_string());
        let by = record.used.values().take(NAMED).map(text_of);
        let mut entry: Entry = vec![
            ("jti", text(&record.jti)),
            ("for", ValueBuf::text(&record.sub)),
            ("role", text(&record.role)),
            ("kid", text(&record.kid)),
            ("issuer", text(&record.issuer)),
            ("issued", ValueBuf::uint(record.issued)),
            ("ends", ValueBuf::uint(record.ends)),
            ("uses", ValueBuf::uint(record.uses.into())),
            ("used", ValueBuf::uint(record.used.len() as u64)),
            ("used_by", ValueBuf::array(by)?),
            ("state", ValueBuf::text(self.members.tokens.state(record, now.unix).name())),
        ];
        if let Some(caps) = &record.caps {
            entry.push(("caps", ValueBuf::array(caps.iter().map(|cap| text(&cap)))?));
        }
        entry.extend(record.id.map(|id| ("id", text(&id))));
        entry.extend(record.revoked.map(|at| ("revoked", ValueBuf::uint(at))));
        ValueBuf::map(entry)
    }

    /// Asks the ledger to revoke a token and, where it is wanted, those that it enrolled; answered
    /// when it has.
    pub(super) fn revoke_token(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        if !self.may(link, call, Capability::TokenAdmin) {
            return;
        }
        let asked = named(call, ["jti", "enrolled"]);
        let asked = asked.and_then(|[jti, enrolled]| Ok((parsed(jti)?, flag(enrolled)?)));
        let (jti, enrolled): (Jti, bool) = match asked {
            Ok((Some(jti), enrolled)) => (jti, enrolled),
            Ok((None, _)) => return self.fail(link, call.id, None, Code::BadArgument),
            Err(code) => return self.fail(link, call.id, None, code),
        };
        // Revoking peers is for who administers them, however they are named.
        if enrolled && !self.may(link, call, Capability::PeerAdmin) {
            return;
        }
        let peers = if enrolled { self.to_revoke(jti) } else { Vec::new() };
        // The token may be forgotten by now, and those that it enrolled be there.
        if self.members.tokens.get(jti).is_none() && peers.is_empty() {
            return self.fail(link, call.id, None, Code::UnknownToken);
        }
        let question = match self.members.tokens.get(jti) {
            Some(_) => Change::RevokeToken(jti, now.unix, peers),
            None => Change::Revoke(peers, of_token(jti, now.unix)),
        };
        let question = Question::Change(question);
        self.ask_to_revoke(link, call.id, question, Revoking { jti, enrolled });
    }

    /// It is revoked on the disk, with these peers. Here too, and their sessions end.
    pub(in crate::hub) fn token_revoked(
        &mut self,
        (link, call): (LinkId, CallId),
        Revoking { jti, enrolled }: Revoking,
        peers: &[PeerId],
        at: u64,
    ) {
        self.members.tokens.revoke(jti, at);
        let revocation = of_token(jti, at);
        let mut ended = self.revoke_here(peers, &revocation);
        // Who was admitted while the ledger wrote.
        let late = if enrolled { self.to_revoke(jti) } else { Vec::new() };
        let revoked = peers.len() + late.len();
        if !late.is_empty() {
            ended += self.revoke_at_once(late, revocation);
        }
        let value = ValueBuf::map([
            ("jti", ValueBuf::text(&jti.to_string())),
            ("revoked", ValueBuf::uint(revoked as u64)),
            ("ended", ValueBuf::uint(ended)),
        ]);
        self.answer_call(link, call, value);
    }

    /// The peers that a token enrolled and that are not revoked.
    fn to_revoke(&self, jti: Jti) -> Vec<PeerId> {
        let enrolled = self.members.registry.enrolled_by(jti);
        let revoked = |peer: &PeerId| {
            self.members.registry.known(*peer).is_some_and(|known| known.revoked.is_some())
        };
        enrolled.filter(|peer| !revoked(peer)).collect()
    }
}

/// Which token is being revoked, and whether with those that it enrolled.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Revoking {
    jti: Jti,
    enrolled: bool,
}

fn text_of(peer: &PeerId) -> ValueBuf {
    ValueBuf::text(peer.as_str())
}

fn of_token(jti: Jti, at: u64) -> Revocation {
    Revocation { at, reason: format!("token {jti} was revoked") }
}
