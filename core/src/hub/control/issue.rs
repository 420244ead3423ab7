//! `issue-token`: a join token, for one machine or a few. `// spec: control §9`

use core::fmt;

use crate::capability::{Capabilities, Capability, Role};
use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::Entry;
use crate::hub::control::arguments::{flag, pairs, parsed, texts, values};
use crate::id::{CallId, LinkId, PeerId, Room};
use crate::ledger::{Draft, Question, Secret, TokenRecord};
use crate::time::Now;
use crate::token::{CAPS, Invitation, ROOMS, Rules, SUB, USES};
use crate::wire::bounds;
use crate::wire::frame::Call;
use crate::wire::value::{Scalar, Value, ValueBuf, ValueError};

/// How long a token lives unless it is said, in seconds: a day.
const TTL: u64 = 24 * 60 * 60;

/// What a hub says whose ledger was restored from a backup. `// spec: hub §7`
const RESTORED: &str =
    "a token made now would be refused: start the hub once with --accept-restored";

/// Why there is no such token, for a person.
type Wrong = String;

impl Hub {
    /// Asks the shell for a token whose record is on the disk; answered when it is.
    pub(super) fn issue_token(&mut self, link: LinkId, call: &Call<'_>, now: Now) {
        if !self.may(link, call, Capability::TokenAdmin) {
            return;
        }
        if let Some(restored) = self.members.restored {
            let why = format!("the hub was restored from a backup ({restored}), and {RESTORED}");
            return self.fail_with(link, call.id, Code::Unavailable, &why);
        }
        let Some(issuer) = self.live(link).map(|live| live.peer) else { return };
        let draft = match draft(call, issuer) {
            Ok(draft) => draft,
            Err(wrong) => return self.fail_with(link, call.id, Code::BadArgument, &wrong),
        };
        // Nobody grants what it does not hold.
        let granted = capabilities(&draft);
        let held = self.live(link).map(|live| &live.capabilities);
        let lacks = held.and_then(|held| granted.iter().find(|&granted| !held.allow(granted)));
        if let Some(lacks) = lacks {
            return self.deny(link, call, Code::Denied, Some(lacks));
        }
        if now.unix.saturating_add(draft.ttl) <= self.members.tokens.floor() {
            let wrong = "the token would end before others that the hub has forgotten, and be refused: \
                         the hub's clock was ahead, or is behind";
            return self.fail_with(link, call.id, Code::Failed, wrong);
        }
        let most = self.config.limits.tokens;
        let asked = self.count_asked(|question| matches!(question, Question::Issue(_)));
        if self.members.tokens.len() + asked >= most {
            let wrong = format!(
                "the hub keeps {most} tokens: those that have ended are forgotten within the hour"
            );
            return self.fail_with(link, call.id, Code::Busy, &wrong);
        }
        self.ask(link, call.id, Question::Issue(Box::new(draft)));
    }

    /// Its record is on the disk.
    pub(in crate::hub) fn issued(
        &mut self,
        link: LinkId,
        call: CallId,
        record: TokenRecord,
        token: &Secret,
    ) {
        let value = shown(&record, token);
        self.members.tokens.add(record);
        self.answer_call(link, call, value);
    }
}

fn shown(record: &TokenRecord, Secret(token): &Secret) -> Result<ValueBuf, ValueError> {
    let text = |text: &dyn fmt::Display| ValueBuf::text(&text.to_string());
    let mut value: Entry = vec![
        ("jti", text(&record.jti)),
        ("token", ValueBuf::text(token)),
        ("for", ValueBuf::text(&record.sub)),
        ("role", text(&record.role)),
        ("uses", ValueBuf::uint(record.uses.into())),
        ("ends", ValueBuf::uint(record.ends)),
    ];
    if let Ok(invitation) = Invitation::read(token.as_bytes()) {
        let urls = invitation.urls.iter().map(|url| ValueBuf::text(url));
        value.push(("urls", ValueBuf::array(urls)?));
    }
    ValueBuf::map(value)
}

/// What whoever joins by it may do.
fn capabilities(draft: &Draft) -> Capabilities {
    draft.caps.clone().unwrap_or_else(|| draft.role.capabilities())
}

// spec: tokens §6
fn draft(call: &Call<'_>, issuer: PeerId) -> Result<Draft, Wrong> {
    let names = ["for", "role", "ttl_s", "uses", "caps", "rooms", "labels", "id", "local"];
    let [sub, role, ttl, uses, caps, rooms, labels, id, local] =
        values(call, names).map_err(|_| format!("it takes {}", names.join(", ")))?;
    let role: Role = match scalar(role, "role")? {
        None => Role::default(),
        role => parsed(role)
            .ok()
            .flatten()
            .ok_or_else(|| "role: admin, member, agent or read-only was expected".to_owned())?,
    };
    let uses = whole(uses, "uses", 1..=u64::from(USES))?.unwrap_or(1);
    let id: Option<PeerId> =
        parsed(scalar(id, "id")?).map_err(|_| "id is no peer id".to_owned())?;
    if id.is_some() && uses > 1 {
        return Err("id is for one key, and uses are more".to_owned());
    }
    Ok(Draft {
        sub: subject(sub)?,
        ttl: whole(ttl, "ttl_s", Rules::JOIN.life)?.unwrap_or(TTL),
        // Within the bound of a `u32`.
        uses: u32::try_from(uses).unwrap_or(USES),
        role,
        caps: narrowed(caps, role)?,
        rooms: room_names(rooms)?,
        labels: given_labels(labels)?,
        id,
        issuer,
        local: flag(scalar(local, "local")?).map_err(|_| "local is no boolean".to_owned())?,
    })
}

fn scalar<'a>(value: Option<Value<'a>>, name: &str) -> Result<Option<Scalar<'a>>, Wrong> {
    let scalar = value.map(|value| value.scalar().ok_or_else(|| format!("{name} is no scalar")));
    scalar.transpose()
}

fn whole(
    value: Option<Value<'_>>,
    name: &str,
    within: core::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, Wrong> {
    let (from, to) = (within.start(), within.end());
    match scalar(value, name)? {
        None => Ok(None),
        Some(Scalar::Integer(number)) => u64::try_from(number)
            .ok()
            .filter(|number| within.contains(number))
            .map(Some)
            .ok_or_else(|| format!("{name}: {from} to {to} was expected")),
        Some(_) => Err(format!("{name}: a whole number from {from} to {to} was expected")),
    }
}

fn subject(value: Option<Value<'_>>) -> Result<String, Wrong> {
    let text = value.and_then(|value| value.text());
    let text = text.filter(|text| (1..=SUB).contains(&text.len()));
    let text = text.filter(|text| !text.chars().any(char::is_control));
    let wrong = || format!("for: 1 to {SUB} bytes without control characters were expected");
    text.map(str::to_owned).ok_or_else(wrong)
}

fn narrowed(value: Option<Value<'_>>, role: Role) -> Result<Option<Capabilities>, Wrong> {
    if value.is_none() {
        return Ok(None);
    }
    let wrong = || format!("caps: 1 to {CAPS} capabilities were expected");
    let texts = texts(value).map_err(|_| wrong())?;
    let mut caps = Vec::new();
    for text in texts {
        let cap: Capability =
            text.parse().map_err(|_| format!("caps: '{text}' is no capability"))?;
        if !role.capabilities().allow(cap) {
            return Err(format!("caps: the role {role} has no {cap}"));
        }
        caps.push(cap);
    }
    let caps: Capabilities = caps.into_iter().collect();
    if (1..=CAPS).contains(&caps.iter().count()) { Ok(Some(caps)) } else { Err(wrong()) }
}

fn room_names(value: Option<Value<'_>>) -> Result<Vec<String>, Wrong> {
    let wrong = || format!("rooms: at most {ROOMS} names of rooms, each once, were expected");
    let mut rooms: Vec<String> = Vec::new();
    for text in texts(value).map_err(|_| wrong())? {
        if text.parse::<Room>().is_err() || rooms.iter().any(|room| room == text) {
            return Err(wrong());
        }
        rooms.push(text.to_owned());
    }
    if rooms.len() > ROOMS { Err(wrong()) } else { Ok(rooms) }
}

fn given_labels(
    value: Option<Value<'_>>,
) -> Result<std::collections::BTreeMap<String, String>, Wrong> {
    let wrong = || {
        let (most, key, text) = (bounds::LABELS, bounds::NAME, bounds::TEXT);
        format!(
            "labels: at most {most}, keys of 1 to {key} bytes and texts of {text}, were expected"
        )
    };
    let labels = pairs(value).map_err(|_| wrong())?;
    let fits = |(key, text): (&String, &String)| {
        (1..=bounds::NAME).contains(&key.len()) && text.len() <= bounds::TEXT
    };
    let fit = labels.len() <= bounds::LABELS && labels.iter().all(fits);
    if fit { Ok(labels) } else { Err(wrong()) }
}
