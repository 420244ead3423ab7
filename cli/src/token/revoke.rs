//! `bowline token revoke`.

use bowline_core::id::Jti;
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::Dial;
use crate::exit::{self, Failure};
use crate::{list, operator, output};

pub(super) async fn revoke(
    runtime: &impl Runtime,
    dial: &Dial,
    jti: Jti,
    enrolled: bool,
    as_json: bool,
) -> Result<u8, Failure> {
    let (mut arguments, text) = (ArgumentsBuf::new(), jti.to_string());
    arguments.named("jti", Scalar::Text(&text)).map_err(Failure::usage)?;
    if enrolled {
        arguments.named("enrolled", Scalar::Boolean(true)).map_err(Failure::usage)?;
    }
    let finished = operator::ask(runtime, dial, "revoke-token", arguments).await?;
    let value = finished.value();
    let count = |key: &str| value.as_ref().and_then(|value| list::number(value, key)).unwrap_or(0);
    let (revoked, ended) = (count("revoked"), count("ended"));
    if as_json {
        output::line(json!({"jti": text, "revoked": revoked, "ended": ended}))?;
        return Ok(exit::DONE);
    }
    let peers = match (enrolled, revoked) {
        (false, _) => String::from("; machines that joined by it stay enrolled"),
        (true, 0) => String::from("; no machine that it enrolled was left to revoke"),
        (true, 1) => String::from("; the machine that it enrolled is revoked"),
        (true, n) => format!("; the {n} machines that it enrolled are revoked"),
    };
    let sessions = list::sessions(ended);
    output::say(format_args!("token {text} admits nobody any more{peers}{sessions}"));
    Ok(exit::DONE)
}
