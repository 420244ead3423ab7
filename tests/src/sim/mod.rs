//! A simulated world over the core alone: one hub and its peers, a virtual clock, a network that
//! delays, splits, stalls, swallows and cuts, and processes that die at any moment and start again
//! from what they kept.
//!
//! Everything follows from a seed: the world, and the script of what is done to it. After each
//! step, and at each moment in between, what was seen is held against a reference model. A seed
//! that fails gives a script, made as short as it goes, that fails in the same way by itself.
//!
//! Links of most worlds run without TLS, whose key shares nobody can repeat; everything above it is
//! the same. In every fourth world the hub takes join tokens, for which there has to be TLS.

mod came;
pub mod captive;
pub mod dice;
pub mod durable;
pub mod hub;
pub mod impostor;
pub mod joins;
pub mod line;
pub mod model;
pub mod network;
pub mod peer;
pub mod program;
mod restored;
pub mod script;
mod settle;
pub mod taken;
pub mod wish;
pub mod world;

use std::fmt;

pub use model::Violation;
pub use script::Script;
pub use world::World;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Moments at which something happened.
    pub moments: u64,
    /// Calls that were made.
    pub calls: usize,
    /// Calls that ran.
    pub ran: usize,
    /// Calls that ended with an exit code.
    pub exited: usize,
    /// Sessions that began by a join token, and those that got new credentials.
    pub joined: usize,
    /// See [`Tally::joined`].
    pub renewed: usize,
    /// Times that a Hello of a later start, or a certificate, showed that a ledger was put back.
    pub shown: [usize; 2],
    /// Times that this was accepted.
    pub accepted: usize,
}

/// A script that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What happened.
    pub violation: Violation,
    /// What leads to it.
    pub script: Script,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n--- script: save it, and run it again with --script FILE\n",
            self.violation
        )?;
        write!(f, "{}", self.script)
    }
}

/// Runs a script from the beginning of its world to its end.
///
/// # Errors
/// Something happened that must not.
pub fn run(script: &Script) -> Result<Tally, Violation> {
    let mut world = World::new(script.seed);
    script.steps.iter().try_for_each(|step| world.step(*step))?;
    world.settle()?;
    let (calls, ran, exited) = world.model().counts();
    let (joined, renewed) = world.model().joins();
    let (shown, accepted) = world.model().line.counts();
    let moments = world.moments;
    Ok(Tally { moments, calls, ran, exited, joined, renewed, shown, accepted })
}

/// Runs the script of a seed; where it fails, the shortest that fails by the same rule.
///
/// # Errors
/// Something happened that must not.
pub fn run_seed(seed: u64, length: usize) -> Result<Tally, Box<Failure>> {
    let script = Script::of(seed, length);
    run(&script).map_err(|violation| {
        let same = |fewer: &Script| run(fewer).is_err_and(|v| v.rule() == violation.rule());
        let script = script.shrink(same);
        let violation = run(&script).err().unwrap_or(violation);
        Box::new(Failure { violation, script })
    })
}
