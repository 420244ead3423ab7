//! Our own memory, which holds keys: no core file is made of it, and no other process of the same
//! user may look into it.
//!
//! The guards are raised before anything is read, for every command, and `--allow-debug` lowers
//! them for a hub or a peer. What they set for this process does not reach its commands: the stage
//! gives them the limit that was in force before, and exec makes them traceable.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::exit::{self, Failure};
use crate::output;

/// The limit of core files that this process was started with.
static BEFORE: OnceLock<Rlimit> = OnceLock::new();

/// Raises both guards.
///
/// # Errors
/// The system refuses one of them.
pub(crate) fn raise() -> Result<(), Failure> {
    let before = *BEFORE.get_or_init(|| getrlimit(Resource::Core));
    // Only the soft limit: the other could not be raised again for commands.
    limit(Rlimit { current: Some(0), ..before })?;
    tracing_allowed(false)
}

/// Lowers both where `allow_debug` says so, and warns of it.
///
/// # Errors
/// The system refuses.
pub(crate) fn lower_if(allow_debug: bool) -> Result<(), Failure> {
    if !allow_debug {
        return Ok(());
    }
    output::say(
        "warning: core files and debuggers are allowed (--allow-debug): who runs as this user, or \
         reads a core file, gets every key that is in memory",
    );
    BEFORE.get().map_or(Ok(()), |before| limit(*before))?;
    tracing_allowed(true)
}

/// The soft limit of core files that commands are to have, where it is known.
pub(crate) fn core() -> Option<Option<u64>> {
    BEFORE.get().map(|before| before.current)
}

/// What is in force in this process, for a person.
pub(crate) fn in_force() -> &'static str {
    match (getrlimit(Resource::Core).current == Some(0), is_traceable()) {
        (true, Some(false)) => "no core files, and no tracing by other processes of this user",
        (true, None) => "no core files; this system has no guard against tracing",
        (true, Some(true)) => "no core files, but other processes of this user may trace it",
        (false, _) => "core files may be made of it",
    }
}

fn limit(core: Rlimit) -> Result<(), Failure> {
    setrlimit(Resource::Core, core)
        .map_err(|error| Failure::new(exit::FAILURES, format!("cannot limit core files: {error}")))
}

#[cfg(all(target_os = "linux", not(bowline_portable)))]
fn tracing_allowed(allowed: bool) -> Result<(), Failure> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let wanted = match allowed {
        true => DumpableBehavior::Dumpable,
        false => DumpableBehavior::NotDumpable,
    };
    set_dumpable_behavior(wanted).map_err(|error| {
        Failure::new(exit::FAILURES, format!("cannot keep debuggers away: {error}"))
    })
}

#[cfg(all(target_os = "linux", not(bowline_portable)))]
fn is_traceable() -> Option<bool> {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    Some(dumpable_behavior() != Ok(DumpableBehavior::NotDumpable))
}

/// There is no such guard here; `doctor` says so.
#[cfg(not(all(target_os = "linux", not(bowline_portable))))]
fn tracing_allowed(_: bool) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(all(target_os = "linux", not(bowline_portable))))]
fn is_traceable() -> Option<bool> {
    None
}
