//! `bowline token revoke`.

use bowline_core::control::{Flag, RevokeTokenRequest, TokenRevoked};
use bowline_core::id::Jti;
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
    let request = RevokeTokenRequest { jti, enrolled: Flag(enrolled) };
    let TokenRevoked { revoked, ended, .. } = operator::ask(runtime, dial, &request).await?;
    if as_json {
        output::line(json!({"jti": jti.to_string(), "revoked": revoked, "ended": ended}))?;
        return Ok(exit::DONE);
    }
    let peers = match (enrolled, revoked) {
        (false, _) => String::from("; machines that joined by it stay enrolled"),
        (true, 0) => String::from("; no machine that it enrolled was left to revoke"),
        (true, 1) => String::from("; the machine that it enrolled is revoked"),
        (true, n) => format!("; the {n} machines that it enrolled are revoked"),
    };
    let sessions = list::sessions(ended);
    output::say(format_args!("token {jti} admits nobody any more{peers}{sessions}"));
    Ok(exit::DONE)
}
