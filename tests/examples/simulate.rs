//! Simulates worlds, a seed each, for as long as one likes; or one script again.
//!
//! ```text
//! cargo run --release -p bowline-tests --example simulate -- [FIRST [COUNT [STEPS]]]
//! cargo run --release -p bowline-tests --example simulate -- --whole [FIRST [COUNT [STEPS]]]
//! cargo run --release -p bowline-tests --example simulate -- --script FILE
//! ```
//!
//! With `--whole`, a script that fails is not made shorter: that takes as long as some hundred
//! worlds.

use std::process::ExitCode;

use bowline_tests::sim::{self, Script, Tally};

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, file] = arguments.as_slice()
        && flag == "--script"
    {
        return again(file);
    }
    let whole = arguments.first().is_some_and(|first| first == "--whole");
    arguments.drain(..usize::from(whole));
    let numbers: Option<Vec<u64>> = arguments.iter().map(|text| text.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.len() <= 3) else {
        eprintln!("usage: simulate [--whole] [FIRST [COUNT [STEPS]]] | --script FILE");
        return ExitCode::from(2);
    };
    let number = |at: usize, otherwise| numbers.get(at).copied().unwrap_or(otherwise);
    let (first, count, steps) = (number(0, 1), number(1, 1_000), number(2, 150));
    let mut all = Tally::default();
    for seed in first..first.saturating_add(count) {
        let steps = usize::try_from(steps).unwrap_or(usize::MAX);
        let run = match whole {
            true => sim::run(&Script::of(seed, steps)).map_err(|violation| violation.to_string()),
            false => sim::run_seed(seed, steps).map_err(|failure| failure.to_string()),
        };
        match run {
            Ok(tally) => {
                all.moments += tally.moments;
                all.calls += tally.calls;
                all.ran += tally.ran;
                all.exited += tally.exited;
                all.joined += tally.joined;
                all.renewed += tally.renewed;
                all.shown = [0, 1].map(|sign| all.shown[sign] + tally.shown[sign]);
                all.accepted += tally.accepted;
            }
            Err(failure) => {
                eprintln!("seed {seed} fails: {failure}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{count} seeds of {steps} steps from {first}: {all:?}");
    ExitCode::SUCCESS
}

fn again(file: &str) -> ExitCode {
    let script = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let script = script.and_then(|text| text.parse::<Script>().map_err(|bad| bad.0));
    match script.map(|script| sim::run(&script)) {
        Ok(Ok(tally)) => {
            println!("{tally:?}");
            ExitCode::SUCCESS
        }
        Ok(Err(violation)) => {
            eprintln!("{violation}");
            ExitCode::FAILURE
        }
        Err(reason) => {
            eprintln!("{file}: {reason}");
            ExitCode::from(2)
        }
    }
}
