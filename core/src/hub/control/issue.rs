//! `issue-token`: a join token, for one machine or a few. `// spec: control §9`

use core::num::NonZeroU32;

use crate::ask::{StoreAsk, TokenText};
use crate::capability::{Capabilities, Role};
use crate::code::Code;
use crate::control::{
    CommandAnswer, ControlError, GivenLabels, GrantedCapabilities, Handler, IssueTokenRequest,
    Rooms, TokenIssued, TokenLife, TokenSubject, UseLimit,
};
use crate::facts::{Draft, TokenRecord};
use crate::hub::control::Control;
use crate::id::PeerId;
use crate::token::Invitation;

/// How long a token lives unless it is said, in seconds: a day.
const TTL: u64 = 24 * 60 * 60;

/// What a hub says whose ledger was restored from a backup. `// spec: hub §7`
const RESTORED: &str =
    "a token made now would be refused: start the hub once with --accept-restored";

/// Asks the shell for a token whose record is on the disk.
impl Handler<IssueTokenRequest> for Control<'_> {
    fn handle(
        &mut self,
        request: IssueTokenRequest,
    ) -> Result<CommandAnswer<TokenIssued>, ControlError> {
        let members = &*self.sessions.members;
        if let Some(restored) = members.restored() {
            let why = format!("the hub was restored from a backup ({restored}), and {RESTORED}");
            return Err(ControlError::because(Code::Unavailable, why));
        }
        let caller = self.caller().ok_or(Code::Lost)?;
        let draft = draft(request, caller.peer)
            .map_err(|wrong| ControlError::because(Code::BadArgument, wrong))?;
        // Nobody grants what it does not hold.
        let held = &caller.capabilities;
        if let Some(lacks) = capabilities(&draft).iter().find(|&granted| !held.allow(granted)) {
            return Err(ControlError::Denied(lacks));
        }
        if self.sessions.now.unix.saturating_add(draft.ttl) <= members.floor() {
            let wrong = "the token would end before others that the hub has forgotten, and be \
                         refused: the hub's clock was ahead, or is behind";
            return Err(ControlError::because(Code::Failed, wrong));
        }
        let most = self.config.limits.tokens;
        let asked = self.asks().count(|question| matches!(question, StoreAsk::Issue(_)));
        if members.token_count() + asked >= most {
            let wrong = format!(
                "the hub keeps {most} tokens: those that have ended are forgotten within the hour"
            );
            return Err(ControlError::because(Code::Busy, wrong));
        }
        let mint = self.sessions.members.mint(draft, self.sessions.now);
        self.ask(StoreAsk::Issue(Box::new(mint)))
    }
}

impl Control<'_> {
    /// Its record is on the disk.
    pub(in crate::hub) fn issued(&mut self, record: TokenRecord, token: TokenText) {
        let invitation = Invitation::read(token.0.as_bytes());
        let issued = TokenIssued {
            token,
            jti: record.jti,
            subject: record.sub.clone(),
            role: record.role.into(),
            uses: record.uses,
            ends: record.ends,
            urls: invitation.map(|invitation| invitation.urls).unwrap_or_default(),
        };
        self.sessions.members.token_issued(&record);
        self.end::<IssueTokenRequest>(Ok(issued));
    }
}

/// What whoever joins by it may do.
fn capabilities(draft: &Draft) -> Capabilities {
    draft.caps.clone().unwrap_or_else(|| draft.role.capabilities())
}

/// What is made of a request, or why nothing is, for a person.
// spec: tokens §6
fn draft(request: IssueTokenRequest, issuer: PeerId) -> Result<Draft, String> {
    let TokenSubject(sub) = request.subject;
    let role = request.role.unwrap_or_default();
    // At least one.
    let uses =
        request.uses.and_then(|UseLimit(uses)| NonZeroU32::new(uses)).unwrap_or(NonZeroU32::MIN);
    if request.id.is_some() && uses.get() > 1 {
        return Err("id is for one key, and uses are more".to_owned());
    }
    let caps = request.caps.map(|GrantedCapabilities(caps)| narrowed(caps, role)).transpose()?;
    let Rooms(rooms) = request.rooms.unwrap_or_default();
    let GivenLabels(labels) = request.labels.unwrap_or_default();
    Ok(Draft {
        sub,
        ttl: request.ttl_s.map_or(TTL, |TokenLife(seconds)| seconds),
        uses,
        role,
        caps,
        rooms,
        labels,
        id: request.id,
        issuer,
        local: request.local.0,
    })
}

/// Capabilities within those of a role.
fn narrowed(caps: Capabilities, role: Role) -> Result<Capabilities, String> {
    let whole = role.capabilities();
    let beyond = caps.iter().find(|&cap| !whole.allow(cap));
    beyond.map_or(Ok(caps), |cap| Err(format!("caps: the role {role} has no {cap}")))
}
