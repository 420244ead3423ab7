//! `bowline secret`.

mod rotate;

use std::path::Path;

use bowline_shell::files::{DataDir, Role, SecretSources, Strength};
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::{self, SecretAction};
use crate::exit::{self, Failure};
use crate::{output, place};

pub(crate) async fn secret(runtime: &impl Runtime, options: args::Secret) -> Result<u8, Failure> {
    match options.action {
        SecretAction::Show { data, json } => show(data.as_deref(), json),
        SecretAction::Rotate(options) => rotate::rotate(runtime, &options).await,
    }
}

fn show(data: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let path = place::data(Role::Hub, data)?;
    let data = path.join("secret.key");
    if !data.exists() {
        return Err(Failure::usage(format!(
            "{} is not there: 'bowline hub' makes it at its first start; for a hub that keeps its \
             data elsewhere give --data DIR",
            data.display()
        )));
    }
    let data = DataDir::open(&path).map_err(Failure::usage)?.secret();
    let sources = SecretSources { data: Some(&data), ..SecretSources::default() };
    // Whoever set a weak secret on purpose may see it, too.
    let found = sources.find(&mut std::io::empty(), Strength::Weak).map_err(Failure::usage)?;
    let text = found.0.to_text();
    if as_json {
        output::line(json!({"secret": text.as_str(), "file": data}))?;
    } else {
        output::line(text.as_str())?;
    }
    Ok(exit::DONE)
}
