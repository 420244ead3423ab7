//! `bowline token issue`: the one string on standard output, everything about it beside.

use bowline_core::capability::Coming;
use bowline_core::token::Rules;
use bowline_core::wire::value::{ArgumentsBuf, Scalar, ValueBuf};
use bowline_shell::runtime::Runtime;
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::TokenIssue;
use crate::exit::{self, Failure};
use crate::list::{number, text, texts};
use crate::out::Out;
use crate::{date, operator, output};

pub(super) async fn issue(runtime: &impl Runtime, options: &TokenIssue) -> Result<u8, Failure> {
    let arguments = arguments(options)?;
    let out = Out::new(options.out.as_ref())?;
    let finished = operator::ask(runtime, &options.dial, "issue-token", arguments).await?;
    let value = finished.value();
    let value = value.as_ref();
    let get = |key: &str| value.and_then(|value| text(value, key));
    let Some(token) = get("token").map(Zeroizing::new) else {
        return Err(Failure::new(exit::FAILURES, "the hub made no token and did not say why"));
    };
    let count = |key: &str| {
        let number = value.and_then(|value| number(value, key));
        number.and_then(|number| u64::try_from(number).ok())
    };
    let jti = get("jti");
    let is_kept = out.take(&token).map_err(|failure| lost(failure, jti.as_deref()))?;
    let urls = value.map(|value| texts(value, "urls")).unwrap_or_default();
    if options.json {
        output::line(json!({
            "token": (!is_kept).then_some(token.as_str()),
            "out": out.file(),
            "jti": jti,
            "for": get("for"),
            "role": get("role"),
            "uses": count("uses"),
            "ends": count("ends"),
            "urls": urls,
        }))?;
        return Ok(exit::DONE);
    }
    if !is_kept {
        output::line(token.as_str())?;
    }
    let or = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    let machines = match count("uses") {
        Some(1) | None => "one machine".to_owned(),
        Some(uses) => format!("{uses} machines"),
    };
    let there = if is_kept { "bowline join --token-file FILE" } else { "bowline join -" };
    let until = count("ends").map(|ends| date::seen_from(date::now(), ends));
    output::say(format_args!(
        "token {} for {}: lets {machines} join as {} until {}, at {}. There: '{there}'. \
         'bowline token revoke {}' takes it back",
        or(jti.clone()),
        or(get("for")),
        or(get("role")),
        or(until),
        if urls.is_empty() { "-".to_owned() } else { urls.join(", ") },
        or(jti),
    ));
    Ok(exit::DONE)
}

/// A token that was made and could not be put where it belongs admits whoever finds it.
fn lost(failure: Failure, jti: Option<&str>) -> Failure {
    let jti = jti.unwrap_or("JTI");
    let message = format!(
        "{}. The token was made and nobody has it: 'bowline token revoke {jti}' takes it back",
        failure.message
    );
    Failure { message, ..failure }
}

fn arguments(options: &TokenIssue) -> Result<ArgumentsBuf, Failure> {
    nothing_that_awaits(options)?;
    let mut arguments = ArgumentsBuf::new();
    let id = options.token_id.map(|id| id.to_string());
    let sub = options.sub.as_deref().or(id.as_deref()).unwrap_or("unnamed");
    let role = options.role.to_string();
    let mut put = |name: &str, scalar: Scalar<'_>| {
        arguments.named(name, scalar).map(|_| ()).map_err(Failure::usage)
    };
    put("for", Scalar::Text(sub))?;
    put("role", Scalar::Text(&role))?;
    if let Some(ttl) = options.ttl {
        if ttl.subsec_nanos() != 0 || !Rules::JOIN.life.contains(&ttl.as_secs()) {
            return Err(Failure::usage("--ttl: expected whole seconds, from 1m to 7d"));
        }
        put("ttl_s", Scalar::Integer(ttl.as_secs().into()))?;
    }
    if let Some(uses) = options.max_uses {
        put("uses", Scalar::Integer(uses.into()))?;
    }
    if let Some(id) = &id {
        put("id", Scalar::Text(id))?;
    }
    if options.local {
        put("local", Scalar::Boolean(true))?;
    }
    let labels = options.label.iter().map(|label| match label.split_once('=') {
        Some(_) => Ok(label.clone()),
        None => Err(Failure::usage(format!("--label '{label}': expected NAME=VALUE"))),
    });
    let lists = [
        ("caps", options.cap.iter().map(ToString::to_string).collect()),
        ("labels", labels.collect::<Result<Vec<_>, _>>()?),
    ];
    for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        let list = ValueBuf::array(list.iter().map(|item| ValueBuf::text(item)));
        let list = list.map_err(Failure::usage)?;
        arguments.named_value(name, list.as_value()).map_err(Failure::usage)?;
    }
    Ok(arguments)
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
