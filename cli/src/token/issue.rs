//! `bowline token issue`: the one string on standard output, everything about it beside.

use std::time::Duration;

use bowline_core::ask::TokenText;
use bowline_core::capability::Coming;
use bowline_core::control::{
    Flag, GivenLabels, GrantedCapabilities, IssueTokenRequest, LabelMap, TokenIssued, TokenLife,
    TokenSubject, UseLimit,
};
use bowline_core::id::Jti;
use bowline_core::token::Rules;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::TokenIssue;
use crate::exit::{self, Failure};
use crate::out::Out;
use crate::{date, operator, output, show};

pub(super) async fn issue(runtime: &impl Runtime, options: &TokenIssue) -> Result<u8, Failure> {
    let request = request(options)?;
    let out = Out::new(options.out.as_ref())?;
    let issued = operator::ask(runtime, &options.dial, &request).await?;
    let TokenIssued { token: TokenText(token), jti, subject, role, uses, ends, urls, .. } = &issued;
    let is_kept = out.take(token).map_err(|failure| lost(failure, *jti))?;
    if options.json {
        output::line(json!({
            "token": (!is_kept).then_some(token.as_str()),
            "out": out.file(),
            "jti": jti.to_string(),
            "for": subject,
            "role": role.to_string(),
            "uses": uses,
            "ends": ends,
            "urls": urls,
        }))?;
        return Ok(exit::DONE);
    }
    if !is_kept {
        output::line(token.as_str())?;
    }
    let machines = match uses {
        1 => "one machine".to_owned(),
        uses => format!("{uses} machines"),
    };
    let there = if is_kept { "bowline join --token-file FILE" } else { "bowline join -" };
    output::say(format_args!(
        "token {jti} for {subject}: lets {machines} join as {role} until {}, at {}. There: '{there}'. \
         'bowline token revoke {jti}' takes it back",
        date::seen_from(date::now(), *ends),
        show::list(urls),
    ));
    Ok(exit::DONE)
}

/// A token that was made and could not be put where it belongs admits whoever finds it.
fn lost(failure: Failure, jti: Jti) -> Failure {
    let message = format!(
        "{}. The token was made and nobody has it: 'bowline token revoke {jti}' takes it back",
        failure.message
    );
    Failure { message, ..failure }
}

fn request(options: &TokenIssue) -> Result<IssueTokenRequest, Failure> {
    nothing_that_awaits(options)?;
    let id = options.token_id;
    let named = || id.map_or_else(|| "unnamed".to_owned(), |id| id.to_string());
    let caps = || options.cap.iter().copied().collect();
    let labels = labels(&options.label)?;
    Ok(IssueTokenRequest {
        subject: TokenSubject(options.sub.clone().unwrap_or_else(named)),
        role: Some(options.role),
        ttl_s: options.ttl.map(life).transpose()?,
        uses: options.max_uses.map(|uses| UseLimit(uses.into())),
        caps: (!options.cap.is_empty()).then(|| GrantedCapabilities(caps())),
        rooms: None,
        labels: (!labels.is_empty()).then_some(GivenLabels(labels)),
        id,
        local: Flag(options.local),
    })
}

fn life(ttl: Duration) -> Result<TokenLife, Failure> {
    if ttl.subsec_nanos() != 0 || !Rules::JOIN.life.contains(&ttl.as_secs()) {
        return Err(Failure::usage("--ttl: expected whole seconds, from 1m to 7d"));
    }
    Ok(TokenLife(ttl.as_secs()))
}

fn labels(given: &[String]) -> Result<LabelMap, Failure> {
    let mut labels = LabelMap::new();
    for label in given {
        let Some((name, value)) = label.split_once('=') else {
            return Err(Failure::usage(format!("--label '{label}': expected NAME=VALUE")));
        };
        if labels.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::usage(format!("--label '{label}': '{name}' stands twice")));
        }
    }
    Ok(labels)
}

/// Gives away nothing that does nothing: the part that it is for is named.
fn nothing_that_awaits(options: &TokenIssue) -> Result<(), Failure> {
    let refused = |what: String, awaits: Coming| Failure::usage(format!("{what}: {awaits}"));
    if !options.room.is_empty() {
        return Err(refused("--room".to_owned(), Coming::Rooms));
    }
    if let Some(awaits) = options.role.awaits() {
        return Err(refused(format!("--role {}", options.role), awaits));
    }
    let awaited = options.cap.iter().find_map(|cap| Some((cap, cap.awaits()?)));
    awaited.map_or(Ok(()), |(cap, awaits)| Err(refused(format!("--cap {cap}"), awaits)))
}
