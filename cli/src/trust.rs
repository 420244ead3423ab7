//! `bowline trust`.

use bowline_shell::files::{DataDir, HubName, Role, TrustFile, TrustRecord};
use serde_json::{Value, json};

use crate::args::{self, TrustAction};
use crate::exit::{self, Failure};
use crate::{output, place};

pub(crate) fn trust(options: &args::Trust) -> Result<u8, Failure> {
    let path = place::data(Role::Peer, options.data.as_deref())?;
    let file = TrustFile::new(path.join("trust.toml"));
    match &options.action {
        TrustAction::List => {
            let known = file.list().map_err(Failure::usage)?;
            if known.is_empty() && !options.json {
                output::say(format_args!("no hub is remembered in {}", path.display()));
            }
            known.iter().try_for_each(|(hub, record)| print(hub, record, options.json))?;
        }
        TrustAction::Show { hub } => {
            let record = file.show(hub).map_err(Failure::usage)?.ok_or_else(|| unknown(hub))?;
            print(hub, &record, options.json)?;
        }
        TrustAction::Forget { hub } => {
            let record = file.forget(hub).map_err(Failure::usage)?.ok_or_else(|| unknown(hub))?;
            if options.json {
                output::line(object(hub, &record))?;
            }
            output::say(format_args!("{hub} is forgotten; the next contact is a first contact"));
        }
        TrustAction::Pin { hub, trusted } => {
            DataDir::create(&path).map_err(Failure::usage)?;
            file.pin(hub, *trusted).map_err(Failure::usage)?;
            if options.json {
                let record = file.show(hub).map_err(Failure::usage)?.unwrap_or_default();
                output::line(object(hub, &record))?;
            }
            output::say(format_args!("{hub} is trusted by exactly that"));
        }
    }
    Ok(exit::DONE)
}

fn unknown(hub: &HubName) -> Failure {
    let message = format!("nothing is remembered of {hub}; 'bowline trust list' shows what is");
    Failure::new(exit::ABSENT, message)
}

fn print(hub: &HubName, record: &TrustRecord, json: bool) -> Result<(), Failure> {
    if json {
        return output::line(object(hub, record));
    }
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    output::line(hub)?;
    let identity = record.identity.map(|id| id.to_string());
    output::line(format_args!("  identity   {}", or_none(identity)))?;
    let pin = record.pin.map(|pin| pin.to_string());
    output::line(format_args!("  last pin   {}", or_none(pin)))?;
    output::line(format_args!("  generation {}", record.generation))?;
    let shows = match &record.hello {
        Some(hello) => format!("the hub's own Hello of start {}", hello.generation()),
        None => "-".to_owned(),
    };
    output::line(format_args!("  can show   {shows}"))?;
    record.pinned.iter().try_for_each(|pin| output::line(format_args!("  pinned     {pin}")))
}

fn object(hub: &HubName, record: &TrustRecord) -> Value {
    json!({
        "hub": hub.to_string(),
        "identity": record.identity.map(|id| id.to_string()),
        "pin": record.pin.map(|pin| pin.to_string()),
        "generation": record.generation,
        "can_show": record.hello.as_ref().map(|hello| hello.generation()),
        "first_seen": record.first_seen,
        "pinned": record.pinned.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
