//! `bowline secret`.

mod rotate;

use std::path::Path;

use bowline_shell::files::{DataDir, Role, SecretSources, Strength, is_there};
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::{self, SecretAction};
use crate::exit::{self, Failure};
use crate::out::Out;
use crate::{output, place, show};

pub(crate) async fn secret(runtime: &impl Runtime, options: args::Secret) -> Result<u8, Failure> {
    match options.action {
        SecretAction::Show { data, out, json } => {
            show(data.as_deref(), &Out::new(out.as_ref())?, json)
        }
        SecretAction::Rotate(options) => rotate::rotate(runtime, &options).await,
    }
}

fn show(data: Option<&Path>, out: &Out<'_>, as_json: bool) -> Result<u8, Failure> {
    let path = place::data(Role::Hub, data)?;
    let data = path.join("secret.key");
    if !is_there(&data).map_err(Failure::usage)? {
        return Err(Failure::usage(format!(
            "{} is not there: 'bowline hub' makes it at its first start; for a hub that keeps its \
             data elsewhere give --data DIR",
            show::path(data)
        )));
    }
    let data = DataDir::open(&path).map_err(Failure::usage)?.secret();
    let sources = SecretSources { data: Some(&data), ..SecretSources::default() };
    // Whoever set a weak secret on purpose may see it, too.
    let found = sources.find(&mut std::io::empty(), Strength::Weak).map_err(Failure::usage)?;
    let text = found.0.to_text();
    let is_kept = out.take(&text)?;
    if as_json {
        let secret = (!is_kept).then_some(text.as_str());
        output::line(json!({"secret": secret, "file": data, "out": out.file()}))?;
    } else if !is_kept {
        output::line(text.as_str())?;
    }
    Ok(exit::DONE)
}
