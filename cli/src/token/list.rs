//! `bowline token list`.

use bowline_core::control::{TokenSummary, TokensRequest};
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};

use crate::args::Dial;
use crate::exit::{self, Failure};
use crate::{date, list, operator, output, show};

pub(super) async fn list(
    runtime: &impl Runtime,
    dial: &Dial,
    as_json: bool,
) -> Result<u8, Failure> {
    let tokens = operator::list(runtime, dial, TokensRequest::default()).await?;
    if as_json {
        tokens.iter().map(object).try_for_each(output::line)?;
        return Ok(exit::DONE);
    }
    output::line(table(&tokens))?;
    if tokens.is_empty() {
        output::say("the hub keeps no join token; 'bowline token issue --for NAME' makes one");
    }
    Ok(exit::DONE)
}

/// One token, with every field; what is not known is null.
fn object(token: &TokenSummary) -> Value {
    let caps = token.caps.as_ref().map(|caps| show::texts(caps));
    json!({
        "jti": token.jti.to_string(),
        "state": token.state.to_string(),
        "for": token.subject,
        "role": token.role.to_string(),
        "capabilities": caps,
        "id": token.id.map(|id| id.to_string()),
        "uses": token.uses,
        "used": token.used,
        "used_by": show::texts(&token.used_by),
        "issuer": token.issuer.as_str(),
        "kid": token.kid.to_string(),
        "issued": token.issued,
        "ends": token.ends,
        "revoked": token.revoked,
    })
}

fn table(tokens: &[TokenSummary]) -> String {
    let mut table = list::table(["id", "state", "for", "role", "used", "by", "ends"]);
    let now = date::now();
    for token in tokens {
        table.add_row([
            token.jti.to_string(),
            token.state.to_string(),
            token.subject.clone(),
            token.role.to_string(),
            format!("{}/{}", token.used, token.uses),
            show::list(&show::texts(&token.used_by)),
            date::distance(now, token.ends),
        ]);
    }
    table.trim_fmt()
}
