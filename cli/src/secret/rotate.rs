//! `bowline secret rotate`: by the hub that runs, or in its place where none does.

use std::time::Duration;

use bowline_core::control::{GRACE, Grace, RotateSecretRequest};
use bowline_shell::files::{DataDir, DirLock, FileError, is_there};
use bowline_shell::hub::rotate_secret;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args::SecretRotate;
use crate::exit::{self, Failure};
use crate::{date, operator, output, show};

pub(super) async fn rotate(runtime: &impl Runtime, options: &SecretRotate) -> Result<u8, Failure> {
    let grace = options.grace.map(grace).transpose()?;
    let rotated = match stopped(options)? {
        Some((data, lock)) => offline(&data, &lock, grace)?,
        None => running(runtime, options, grace).await?,
    };
    if options.json {
        output::line(json!({
            "file": rotated.file,
            "old_until": rotated.old_until,
            "ended": rotated.ended,
        }))?;
        return Ok(exit::DONE);
    }
    output::line(&rotated.file)?;
    output::say(rotated.sentence(date::now()));
    Ok(exit::DONE)
}

/// What was done.
struct Rotated {
    file: String,
    /// When the old secret ends, seconds since 1970; none where it has.
    old_until: Option<u64>,
    /// The sessions that ended; none where no hub runs.
    ended: Option<u64>,
}

impl Rotated {
    fn sentence(&self, now: u64) -> String {
        let old = match self.old_until {
            Some(until) => format!("the old secret admits until {}", date::seen_from(now, until)),
            None => "the old secret admits nobody any more".to_owned(),
        };
        let ended = match self.ended {
            None => "; no hub runs here".to_owned(),
            Some(0) => String::new(),
            Some(1) => "; 1 session was ended".to_owned(),
            Some(n) => format!("; {n} sessions were ended"),
        };
        format!("{old}{ended}. Give the file to each peer, by a way that you trust")
    }
}

fn grace(grace: Duration) -> Result<u64, Failure> {
    let seconds = grace.as_secs();
    if grace.subsec_nanos() != 0 || !GRACE.contains(&seconds) {
        return Err(Failure::usage("--grace: expected whole seconds, from 1s to 7d"));
    }
    Ok(seconds)
}

/// The data directory of this machine's hub, locked, where that hub does not run.
fn stopped(options: &SecretRotate) -> Result<Option<(DataDir, DirLock)>, Failure> {
    let Some(data) = operator::machine(&options.dial)? else { return Ok(None) };
    match DirLock::take(&data) {
        Ok(lock) => Ok(Some((data, lock))),
        Err(FileError::Locked { .. }) => Ok(None),
        Err(error) => Err(Failure::usage(error)),
    }
}

fn offline(data: &DataDir, lock: &DirLock, grace: Option<u64>) -> Result<Rotated, Failure> {
    if !is_there(&data.secret()).map_err(Failure::usage)? {
        return Err(Failure::usage(format!(
            "{} is not there: 'bowline hub' makes it at its first start; where the hub's secret is \
             elsewhere, start the hub and rotate it then",
            show::path(data.secret())
        )));
    }
    let rotation = rotate_secret(data, lock, grace, date::now())
        .map_err(|error| Failure::new(exit::FAILURES, error))?;
    let file = rotation.file.display().to_string();
    Ok(Rotated { file, old_until: rotation.old_until, ended: None })
}

async fn running(
    runtime: &impl Runtime,
    options: &SecretRotate,
    grace: Option<u64>,
) -> Result<Rotated, Failure> {
    let request = RotateSecretRequest { grace_s: grace.map(Grace) };
    let rotated = operator::ask(runtime, &options.dial, &request).await?;
    let ended = Some(rotated.ended);
    Ok(Rotated { file: rotated.file, old_until: rotated.old_until, ended })
}
