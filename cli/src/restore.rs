//! `bowline restore`.

use bowline_shell::files::Role;
use bowline_shell::hub::{Marked, RestoredDir, StartError, mark_restored, new_identity};
use serde_json::json;

use crate::args;
use crate::exit::{self, Failure};
use crate::{output, place, show};

pub(crate) fn restore(options: &args::Restore) -> Result<u8, Failure> {
    let data = place::data(Role::Hub, options.data.as_deref())?;
    let fail = |error: StartError| Failure::usage(error);
    match options.new_identity {
        false => tell_marked(&mark_restored(&data).map_err(fail)?, options.json)?,
        true => tell_anew(&new_identity(&data).map_err(fail)?, options.json)?,
    }
    Ok(exit::DONE)
}

fn tell_marked(marked: &Marked, json: bool) -> Result<(), Failure> {
    if json {
        return output::line(json!({
            "event": "restored",
            "already": marked.already,
            "sign": marked.restored.sign.to_string(),
            "at": marked.restored.at,
        }));
    }
    let so = match marked.already {
        false => "the hub counts as restored from a backup",
        true => "the hub counted as restored from a backup already",
    };
    output::line(format_args!("{so}: it takes no join token and no refresh token"))?;
    output::line("next: 'bowline hub --accept-restored', once; it revokes every token made before")
}

fn tell_anew(anew: &RestoredDir, json: bool) -> Result<(), Failure> {
    if json {
        let removed: Vec<_> = anew.removed.iter().map(|path| path.display().to_string()).collect();
        return output::line(json!({
            "event": "new-identity",
            "hub": anew.hub.to_string(),
            "removed": removed,
        }));
    }
    output::line(format_args!("hub       {}", anew.hub))?;
    for path in &anew.removed {
        output::line(format_args!("removed   {}", show::path(path)))?;
    }
    output::line(
        "ids stay with their keys, and the revoked stay revoked; tokens, enrolments and the keys that \
         sign are gone",
    )?;
    output::line(
        "next: 'bowline hub', which makes the other keys; then new tokens, or the new secret. A secret or \
         a certificate that lies elsewhere (--secret-file, --cert, --key) is yours to replace",
    )
}
