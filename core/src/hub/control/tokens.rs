//! `tokens` and `revoke-token`: which join tokens there are, and that one admits nobody new.
//! `// spec: control §10 and §11`

use crate::ask::StoreAsk;
use crate::capability::Capability;
use crate::code::Code;
use crate::control::{
    CommandAnswer, ControlError, Handler, Page, RevokeTokenRequest, TokenRevoked, TokenSummary,
    TokensRequest,
};
use crate::facts::{Change, Revocation, TokenRecord};
use crate::hub::control::Control;
use crate::hub::members::Members;
use crate::id::{Jti, PeerId};

/// So many of those that used a token are named.
const NAMED: usize = 100;

impl Handler<TokensRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: TokensRequest,
    ) -> Result<CommandAnswer<Page<TokenSummary>>, ControlError> {
        let members = &*self.sessions.members;
        let tokens = members.tokens(request.after);
        let entries = tokens.map(|token| shown(members, token, self.sessions.now.unix));
        Ok(CommandAnswer::Now(Page::fill(entries)?))
    }
}

fn shown(members: &Members, record: &TokenRecord, unix: u64) -> TokenSummary {
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
        state: members.token_state(record, unix).into(),
        caps: record.caps.as_ref().map(|caps| caps.iter().map(Into::into).collect()),
        id: record.id,
        revoked: record.revoked,
    }
}

impl Handler<RevokeTokenRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: RevokeTokenRequest,
    ) -> Result<CommandAnswer<TokenRevoked>, ControlError> {
        let (jti, enrolled) = (request.jti, request.enrolled.0);
        if enrolled {
            // Revoking peers is for who administers them, however they are named.
            self.gate(Capability::PeerAdmin)?;
        }
        let peers = if enrolled { self.sessions.members.enrolled_by(jti) } else { Vec::new() };
        // The token may be forgotten by now, and those that it enrolled be there.
        let is_known = self.sessions.members.token(jti).is_some();
        if !is_known && peers.is_empty() {
            return Err(Code::UnknownToken.into());
        }
        let change = match is_known {
            true => Change::RevokeToken(jti, self.sessions.now.unix, peers),
            false => Change::Revoke(peers, Revocation::with_token(jti, self.sessions.now.unix)),
        };
        let revoking = Revoking { jti, enrolled };
        self.ask_for(StoreAsk::Change(change), Some(revoking))
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
        self.sessions.members.change(&Change::RevokeToken(jti, at, Vec::new()));
        let revocation = Revocation::with_token(jti, at);
        let mut ended = self.sessions.revoke_here(peers, &revocation);
        // Who was admitted while the ledger wrote.
        let late = if enrolled { self.sessions.members.enrolled_by(jti) } else { Vec::new() };
        let revoked = (peers.len() + late.len()) as u64;
        if !late.is_empty() {
            ended += self.sessions.revoke_at_once(late, revocation);
        }
        self.end::<RevokeTokenRequest>(Ok(TokenRevoked { jti, revoked, ended }));
    }
}

/// Which token is being revoked, and whether with those that it enrolled.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Revoking {
    jti: Jti,
    enrolled: bool,
}
