//! `tokens` and `revoke-token`: which join tokens there are, and that one admits nobody new.
//! `// spec: control §10 and §11`

use crate::capability::Capability;
use crate::code::Code;
use crate::control::{
    Answer, ControlError, Handler, Page, RevokeTokenRequest, TokenRevoked, TokenSummary,
    TokensRequest,
};
use crate::hub::control::Control;
use crate::hub::members::tokens::Tokens;
use crate::id::{Jti, PeerId};
use crate::ask::Question;
use crate::facts::{Change, Revocation, TokenRecord};

/// So many of those that used a token are named.
const NAMED: usize = 100;

impl Handler<TokensRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: TokensRequest,
    ) -> Result<Answer<Page<TokenSummary>>, ControlError> {
        let tokens = &self.hub.members.tokens;
        let entries = tokens.iter(request.after).map(|token| shown(tokens, token, self.now.unix));
        Ok(Answer::Now(Page::fill(entries)?))
    }
}

fn shown(tokens: &Tokens, record: &TokenRecord, unix: u64) -> TokenSummary {
    TokenSummary {
        jti: record.jti,
        subject: record.sub.clone(),
        role: record.role.into(),
        kid: record.kid,
        issuer: record.issuer,
        issued: record.issued,
        ends: record.ends,
        uses: record.uses,
        used: record.used.len() as u64,
        used_by: record.used.values().take(NAMED).copied().collect(),
        state: tokens.state(record, unix).into(),
        caps: record.caps.as_ref().map(|caps| caps.iter().map(Into::into).collect()),
        id: record.id,
        revoked: record.revoked,
    }
}

impl Handler<RevokeTokenRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: RevokeTokenRequest,
    ) -> Result<Answer<TokenRevoked>, ControlError> {
        let (jti, enrolled) = (request.jti, request.enrolled.0);
        if enrolled {
            // Revoking peers is for who administers them, however they are named.
            self.gate(Capability::PeerAdmin)?;
        }
        let peers = if enrolled { self.to_revoke(jti) } else { Vec::new() };
        // The token may be forgotten by now, and those that it enrolled be there.
        let is_known = self.hub.members.tokens.get(jti).is_some();
        if !is_known && peers.is_empty() {
            return Err(Code::UnknownToken.into());
        }
        let change = match is_known {
            true => Change::RevokeToken(jti, self.now.unix, peers),
            false => Change::Revoke(peers, of_token(jti, self.now.unix)),
        };
        let revoking = Revoking { jti, enrolled };
        self.hub.ask_to_revoke(self.link, self.call, Question::Change(change), revoking);
        Ok(Answer::Later)
    }
}

impl Control<'_> {
    /// It is revoked on the disk, with these peers. Here too, and their sessions end.
    pub(in crate::hub) fn token_revoked(
        &mut self,
        Revoking { jti, enrolled }: Revoking,
        peers: &[PeerId],
        at: u64,
    ) {
        self.hub.members.tokens.revoke(jti, at);
        let revocation = of_token(jti, at);
        let mut ended = self.hub.revoke_here(peers, &revocation);
        // Who was admitted while the ledger wrote.
        let late = if enrolled { self.to_revoke(jti) } else { Vec::new() };
        let revoked = (peers.len() + late.len()) as u64;
        if !late.is_empty() {
            ended += self.hub.revoke_at_once(late, revocation);
        }
        self.end::<RevokeTokenRequest>(Ok(TokenRevoked { jti, revoked, ended }));
    }

    /// The peers that a token enrolled and that are not revoked.
    fn to_revoke(&self, jti: Jti) -> Vec<PeerId> {
        let registry = &self.hub.members.registry;
        let enrolled = registry.enrolled_by(jti);
        let revoked =
            |peer: &PeerId| registry.known(*peer).is_some_and(|known| known.revoked.is_some());
        enrolled.filter(|peer| !revoked(peer)).collect()
    }
}

/// Which token is being revoked, and whether with those that it enrolled.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Revoking {
    jti: Jti,
    enrolled: bool,
}

fn of_token(jti: Jti, at: u64) -> Revocation {
    Revocation { at, reason: format!("token {jti} was revoked") }
}
