//! `bowline doctor`: one check after the other, what is wrong, and how to put it right.
//!
//! `peer` and `hub` gather facts, `verdict`, `exposure` and `find` make findings of them without
//! touching anything, `report` tells them. Nothing on the disk is changed.

mod certificate;
mod check;
mod dial;
mod exposure;
mod find;
mod hub;
mod own;
mod peer;
mod report;
mod status;
mod verdict;

use bowline_shell::files::{Role, volume};
use bowline_shell::runtime::Runtime;

use crate::args::{self, Side};
use crate::exit::Failure;
use crate::guard;
use crate::place;

use check::Check;
use report::{Finding, Report};

pub(crate) async fn doctor(runtime: &impl Runtime, options: args::Doctor) -> Result<u8, Failure> {
    let mut report = Report::new(options.json);
    match side(&options)? {
        Side::Peer => peer::examine(runtime, &options, &mut report).await?,
        Side::Hub => hub::examine(runtime, &options, &mut report).await?,
    }
    report.add(Finding::ok(Check::Process, guard::in_force()))?;
    report.end()
}

/// Which side to look at: as with `ls` and `run`, this machine's hub where there is one and nothing
/// names another.
fn side(options: &args::Doctor) -> Result<Side, Failure> {
    if let Some(role) = options.role {
        return Ok(role);
    }
    let dial = &options.dial;
    if dial.flags.settings().hub.is_some() || dial.config.is_some() {
        return Ok(Side::Peer);
    }
    Ok(match volume::holds_a_hub(&place::data(Role::Hub, dial.data.as_deref())?) {
        Ok(true) | Err(_) => Side::Hub,
        Ok(false) => Side::Peer,
    })
}
