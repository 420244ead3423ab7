//! Worlds, a seed each. A seed that fails prints a script that fails by itself:
//! `cargo run -p bowline-tests --example simulate -- --script FILE` runs it again.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use bowline_tests::sim;

/// How many, and how long.
const SEEDS: u64 = 120;
const STEPS: usize = 150;

#[test]
fn nothing_happens_in_any_world_that_must_not() {
    let next = AtomicU64::new(1);
    let tried = [const { AtomicUsize::new(0) }; 3];
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > SEEDS {
                        return;
                    }
                    let tally = match sim::run_seed(seed, STEPS) {
                        Ok(tally) => tally,
                        Err(failure) => panic!("seed {seed}: {failure}"),
                    };
                    let [hellos, certificates] = tally.shown;
                    for (tried, more) in tried.iter().zip([hellos, certificates, tally.accepted]) {
                        tried.fetch_add(more, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    // Ledgers that were put back were shown by Hellos and by certificates, and accepted.
    let tried = tried.map(AtomicUsize::into_inner);
    assert!(tried.iter().all(|&times| times > 0), "{tried:?}");
}

#[test]
fn a_script_gives_the_same_each_time() {
    let script = sim::Script::of(3, STEPS);
    assert_eq!(sim::run(&script), sim::run(&script));
}

#[test]
fn a_hub_that_was_taken_over_costs_its_peer_no_more_than_its_bounds() {
    let (mut dials, mut calls) = (0, 0);
    for seed in 1..=12 {
        match sim::captive::run(seed, 25) {
            Ok(seen) => (dials, calls) = (dials + seen.0, calls + seen.1),
            Err(violation) => panic!("seed {seed}: {violation}"),
        }
    }
    // It was truly tried.
    assert!(dials >= 300 && calls > 1_000, "{dials} dials, {calls} calls");
}
