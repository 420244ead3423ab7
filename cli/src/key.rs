//! `bowline key`: the keys that join tokens are signed with.

use bowline_core::control::{
    ExportKeysRequest, Flag, KeySummary, KeysRequest, KeysRotated, RotateKeysRequest,
};
use bowline_shell::runtime::Runtime;
use serde_json::{Value, json};

use crate::args::{self, Dial, KeyAction};
use crate::exit::{self, Failure};
use crate::list::or_dash;
use crate::{date, list, operator, output};

pub(crate) async fn key(runtime: &impl Runtime, options: args::Key) -> Result<u8, Failure> {
    match options.action {
        KeyAction::List { json, dial } => list(runtime, &dial, json).await?,
        KeyAction::Rotate { now, json, dial } => rotate(runtime, &dial, now, json).await?,
        KeyAction::Export { json: _, dial } => {
            output::line(operator::ask(runtime, &dial, &ExportKeysRequest {}).await?)?;
        }
    }
    Ok(exit::DONE)
}

async fn list(runtime: &impl Runtime, dial: &Dial, as_json: bool) -> Result<(), Failure> {
    let keys = operator::ask(runtime, dial, &KeysRequest {}).await?;
    if as_json {
        return keys.iter().map(object).try_for_each(output::line);
    }
    let mut table = list::table(["key", "state", "algorithm", "made", "until"]);
    for key in keys {
        table.add_row([
            key.kid.to_string(),
            key.state.to_string(),
            key.algorithm,
            date::utc(key.created),
            or_dash(key.until.map(date::utc)),
        ]);
    }
    output::line(table.trim_fmt())
}

/// One key, with every field; what is not known is null.
fn object(key: &KeySummary) -> Value {
    json!({
        "kid": key.kid.to_string(),
        "state": key.state.to_string(),
        "algorithm": key.algorithm,
        "created": key.created,
        "until": key.until,
    })
}

async fn rotate(
    runtime: &impl Runtime,
    dial: &Dial,
    now: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let request = RotateKeysRequest { now: Flag(now) };
    let KeysRotated { kid, void, .. } = operator::ask(runtime, dial, &request).await?;
    if as_json {
        return output::line(json!({"kid": kid.to_string(), "void": void}));
    }
    output::line(kid)?;
    output::say(match (now, void) {
        (false, _) => "this key signs from here on; what the ones before it signed holds until it \
                       ends"
            .to_owned(),
        (true, 0) => "this key signs from here on; no open token was lost".to_owned(),
        (true, 1) => "this key signs from here on; 1 open token admits nobody any more".to_owned(),
        (true, n) => format!("this key signs from here on; {n} open tokens admit nobody any more"),
    });
    Ok(())
}
